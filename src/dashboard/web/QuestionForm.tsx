import { percent, short } from '../../common/numbers.ts';
import { Check, Choice } from './Choice.tsx';
import { FormPick } from './LawTab.tsx';
import type { MeasuredRange, Question } from './question.ts';
import { Slider } from './Slider.tsx';
import { beyond, beyondWords } from './sliderScale.ts';
import { countFrom } from './words.ts';

interface Props {
  question: Question;
  range: MeasuredRange;
  domain: string;
  form: string;
  ownForm: string;
  onChange: (changes: Partial<Question>) => void;
}

/** A percentage that a person typed: 3, 3 %, 0.5%; null when it is none. */
function percentFrom(text: string): number | null {
  const value = Number(text.replace(/[%\s\u00a0]/g, ''));
  return text.trim() !== '' && Number.isFinite(value) && value >= 0 && value <= 100 ? value / 100 : null;
}

/** The target and the limit, to be moved. */
export function QuestionForm({ question, range, domain, form, ownForm, onChange }: Props) {
  const { modelSize, tokens, tolerance, toleranceNats, domainTokens } = question;
  const { modelSizes, leastTokens, mostTokens } = range;
  const least = Math.min(...modelSizes);
  const most = Math.max(...modelSizes);
  const sizeBeyond = beyondWords(modelSize, least, most);
  const tokensBeyond = beyondWords(tokens, leastTokens, mostTokens);
  const inNats = toleranceNats !== null;
  return (
    <form class="sliders" onSubmit={(event) => event.preventDefault()}>
      <Slider
        label="Target model size"
        value={modelSize}
        scale={beyond(least, most)}
        format={short}
        parse={countFrom}
        hint={sizeBeyond ?? `measured: ${modelSizes.map(short).join(', ')}`}
        isHintWarning={sizeBeyond !== null}
        onInput={(value) => onChange({ modelSize: value })}
      />
      <Slider
        label="Tokens of continual pre-training"
        value={tokens}
        scale={beyond(leastTokens, mostTokens)}
        format={short}
        parse={countFrom}
        hint={tokensBeyond ?? `measured up to ${short(mostTokens)}`}
        isHintWarning={tokensBeyond !== null}
        onInput={(value) => onChange({ tokens: value })}
      />
      <div>
        <Choice
          label="The general loss may rise by"
          options={[
            ['percent', 'percent'],
            ['nats', 'nats'],
          ]}
          value={inNats ? 'nats' : 'percent'}
          onChange={(value) => onChange({ toleranceNats: value === 'nats' ? 0.05 : null })}
        />
        {inNats ? (
          <Slider
            label="Tolerance"
            value={toleranceNats}
            scale={{ low: 0.001, high: 2 }}
            format={(value) => String(Number(value.toPrecision(3)))}
            parse={countFrom}
            unit="nats"
            onInput={(value) => onChange({ toleranceNats: value })}
          />
        ) : (
          <Slider
            label="Tolerance"
            value={tolerance}
            scale={{ low: 0.001, high: 0.5 }}
            format={(value) => percent(value, 3)}
            parse={percentFrom}
            hint="over the base model’s"
            onInput={(value) => onChange({ tolerance: value })}
          />
        )}
      </div>
      <div>
        <Check
          label={`There is only so much ${domain} text`}
          isOn={domainTokens !== null}
          onChange={(isOn) => onChange({ domainTokens: isOn ? Math.round(tokens / 4) : null })}
        />
        {domainTokens !== null && (
          <Slider
            label={`Tokens of ${domain} text`}
            value={domainTokens}
            scale={{ low: leastTokens / 10, high: mostTokens * 1000 }}
            format={short}
            parse={countFrom}
            onInput={(value) => onChange({ domainTokens: value })}
          />
        )}
      </div>
      <FormPick form={form} own={ownForm} />
    </form>
  );
}
