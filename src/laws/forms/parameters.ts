import type { ParameterInfo } from './form.ts';

/** An exponent of N or D, or of a ratio. Fitted ones lie well inside these bounds. */
export const exponent = (name: string, upper = 3): ParameterInfo => ({
  name,
  unit: '1',
  lower: 0.01,
  upper,
  start: { low: 0.05, high: Math.min(3, upper), steps: 'log' },
});

/** Zero or more: a loss that cannot be negative. */
export const amount = (name: string, unit = 'nats per token'): ParameterInfo => ({
  name,
  unit,
  lower: 0,
  upper: Number.POSITIVE_INFINITY,
});

/** A linear parameter of either sign. */
export const signed = (name: string, unit = 'nats per token'): ParameterInfo => ({
  name,
  unit,
  lower: Number.NEGATIVE_INFINITY,
  upper: Number.POSITIVE_INFINITY,
});

/** A positive parameter that is not linear. */
export const positive = (name: string, unit: string, low: number, high: number): ParameterInfo => ({
  name,
  unit,
  lower: 1e-9,
  upper: 1e9,
  start: { low, high, steps: 'log' },
});
