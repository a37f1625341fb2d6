import { useEffect, useId, useState } from 'preact/hooks';
import { positionOf, SLIDER_STEPS, type SliderScale, valueAt } from './sliderScale.ts';

interface Props {
  label: string;
  value: number;
  scale: SliderScale;
  /** As it is shown beside the slider. */
  format: (value: number) => string;
  /** What a person typed; null when it makes no sense. */
  parse: (text: string) => number | null;
  unit?: string;
  hint?: string | null;
  isHintWarning?: boolean;
  isOff?: boolean;
  onInput: (value: number) => void;
}

/** A logarithmic slider with a field beside it; both say and take the same value. */
export function Slider(props: Props) {
  const {
    label,
    value,
    scale,
    format,
    parse,
    unit,
    hint,
    isHintWarning = false,
    isOff = false,
    onInput,
  } = props;
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  // A new value from elsewhere replaces what was typed.
  useEffect(() => setTyped(null), [value]);
  const isWrong = typed !== null && parse(typed) === null;
  const take = () => {
    const parsed = typed === null ? null : parse(typed);
    if (parsed !== null) onInput(parsed);
    if (parsed !== null || typed?.trim() === '') setTyped(null);
  };
  return (
    <div class="slider">
      <label for={`${id}-range`}>{label}</label>
      <input
        id={`${id}-range`}
        type="range"
        min={0}
        max={SLIDER_STEPS}
        step={1}
        value={positionOf(value, scale)}
        disabled={isOff}
        aria-valuetext={`${format(value)}${unit ? ` ${unit}` : ''}`}
        onInput={(event) => {
          setTyped(null);
          onInput(valueAt(Number(event.currentTarget.value), scale));
        }}
      />
      <span class={`typed ${isWrong ? 'is-wrong' : ''}`}>
        <input
          type="text"
          inputMode="decimal"
          aria-label={`${label}, typed`}
          aria-invalid={isWrong}
          value={typed ?? format(value)}
          disabled={isOff}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onBlur={take}
          onKeyDown={(event) => {
            if (event.key === 'Enter') take();
            if (event.key === 'Escape') setTyped(null);
          }}
        />
        {unit && <span class="faint">{unit}</span>}
      </span>
      {isWrong && <p class="hint is-warning">Not a number: 55500, 55.5k, 1.8B …</p>}
      {!isWrong && hint && <p class={`hint ${isHintWarning ? 'is-warning' : ''}`}>{hint}</p>}
    </div>
  );
}
