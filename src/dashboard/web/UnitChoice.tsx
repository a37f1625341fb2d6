import type { Unit } from '../charts/curvesData.ts';
import { Choice } from './Choice.tsx';
import { setQuery } from './router.ts';

/** The unit of losses, in the address as `unit`. */
export function UnitChoice({ unit }: { unit: Unit }) {
  return (
    <Choice
      label="Loss in"
      options={[
        ['nats', 'nats per token'],
        ['bits', 'bits per byte'],
      ]}
      value={unit}
      onChange={(value) => setQuery({ unit: value === 'nats' ? null : value }, { replace: true })}
    />
  );
}
