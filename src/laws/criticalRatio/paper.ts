/** alpha·x^s + beta as the paper writes it; x is R, or T in whatever unit `reference` has. */
export interface PaperPower {
  alpha: number;
  s: number;
  beta: number;
}

/** The same curve as a form of forms.ts has it: level + slope·((x/reference)^s − 1)/s. */
export interface PowerChange {
  level: number;
  slope: number;
  s: number;
}

/** The paper's coefficients from fitted ones; null at s = 0, a logarithm that the paper's formula cannot write. */
export function toPaper({ level, slope, s }: PowerChange, reference = 1): PaperPower | null {
  if (s === 0) return null;
  return { alpha: (slope / s) * reference ** -s, s, beta: level - slope / s };
}

/** Fitted coefficients from the paper's. */
export function fromPaper({ alpha, s, beta }: PaperPower, reference = 1): PowerChange {
  const atReference = alpha * reference ** s;
  return { level: atReference + beta, slope: atReference * s, s };
}
