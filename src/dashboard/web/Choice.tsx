import { useId } from 'preact/hooks';

interface Props<Value extends string> {
  label: string;
  options: readonly (readonly [Value, string])[];
  value: Value;
  onChange: (value: Value) => void;
  /** Stands in a line of its own. */
  isAlone?: boolean;
}

/** One of a few, all in sight. */
export function Choice<Value extends string>(props: Props<Value>) {
  const { label, options, value, onChange, isAlone = false } = props;
  const name = useId();
  return (
    <fieldset class={isAlone ? 'choice is-alone' : 'choice'}>
      <legend>{label}</legend>
      <div>
        {options.map(([each, words]) => (
          <label key={each}>
            <input type="radio" name={name} checked={each === value} onChange={() => onChange(each)} />
            <span>{words}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** One of many, or all. */
export function Pick(props: {
  label: string;
  all?: string;
  options: readonly (readonly [string, string])[];
  value: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.all !== undefined && <option value="">{props.all}</option>}
        {props.options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Check(props: {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  isOff?: boolean;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.isOn}
        disabled={props.isOff ?? false}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}
