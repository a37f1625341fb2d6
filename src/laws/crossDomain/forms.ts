import type { LawForm, ParameterInfo } from '../forms/form.ts';
import { amount, exponent } from '../forms/parameters.ts';
import { sumOfTerms, type Term } from '../forms/sumOfTerms.ts';
import { constant, ratioFloor, sharedTokenPower, sizePower } from '../forms/terms.ts';
import type { LawParameters } from '../types.ts';

/** Which early measurements stand for a domain (arXiv 2406.01375 section 3.2, App. H). */
export type KKind = 'K1' | 'K2' | 'K3' | 'K4';
export const K_KINDS: readonly KKind[] = ['K1', 'K2', 'K3', 'K4'];

const weightOf = (name: string): ParameterInfo => ({
  name,
  unit: 'per nat per token',
  lower: -100,
  upper: 100,
  start: { low: -2, high: 4, steps: 'linear' },
});

interface Definition {
  formula: string;
  weights: ParameterInfo[];
  /** Before it is made positive; and its slopes by the weights. */
  raw(
    k: readonly [number, number, number],
    weights: readonly number[],
  ): { value: number; byWeight: number[] };
}

const LEAST_K3 = 1e-3;

/** The scale of K and that of F are one: the first weight is fixed at 1 (K → cK, F → c^mu·F changes nothing). */
const DEFINITIONS: Readonly<Record<KKind, Definition>> = {
  K1: { formula: '1/k1', weights: [], raw: ([k1]) => ({ value: 1 / k1, byWeight: [] }) },
  K2: { formula: 'k2', weights: [], raw: ([, k2]) => ({ value: k2, byWeight: [] }) },
  K3: {
    formula: '1/k1 + w2*k2',
    weights: [weightOf('w2')],
    raw: ([k1, k2], [w2]) => ({ value: 1 / k1 + w2! * k2, byWeight: [k2] }),
  },
  K4: {
    formula: '1/k1 + w2*k2 + w3/k3',
    weights: [weightOf('w2'), weightOf('w3')],
    raw: ([k1, k2, k3], [w2, w3]) => {
      // A fall that does not slow down has k3 = 0, where the paper's 1/k3 has no value.
      const inverse = Math.abs(k3) < LEAST_K3 ? Math.sign(k3 || 1) / LEAST_K3 : 1 / k3;
      return { value: 1 / k1 + w2! * k2 + w3! * inverse, byWeight: [k2, inverse] };
    },
  },
};

/**
 * K never falls below `least`, and bends towards it over `softness`: K = least + softness·log(1 + e^((raw − least)/softness)), which
 * is raw itself well above. Without it an unseen domain whose k2 lies outside the fitted ones can make raw K negative, or
 * so small that F/K^mu has no bound. In units of K: 1/k1 is about 0.2 to 0.5 for losses of a few nats.
 */
export const K_BEND = { least: 0.05, softness: 0.05 };

/** The positive K from its raw value, and its slope. */
export function positiveK(raw: number): { value: number; slope: number } {
  const x = (raw - K_BEND.least) / K_BEND.softness;
  return {
    value: x > 30 ? raw : K_BEND.least + K_BEND.softness * Math.log1p(Math.exp(x)),
    slope: 1 / (1 + Math.exp(-x)),
  };
}

/** K of a domain by its probe, with the parameters of a fitted law of that kind. */
export function kOf(
  kind: KKind,
  parameters: LawParameters,
  probe: { k1: number; k2: number; k3: number },
): number {
  const { raw, weights } = DEFINITIONS[kind];
  const values = weights.map(({ name }) => parameters[name]!);
  return positiveK(raw([probe.k1, probe.k2, probe.k3], values).value).value;
}

/** F/K^mu, K made of the early measurements that rows carry. */
function floorByDomain(kind: KKind): Term {
  const { raw, weights } = DEFINITIONS[kind];
  return {
    coefficient: amount('F'),
    shape: [exponent('mu'), ...weights],
    evaluate: ([mu, ...values], at, out) => {
      const [k1, k2, k3] = [at.inputs.k1!, at.inputs.k2!, at.inputs.k3!];
      for (let i = 0; i < at.count; i++) {
        const { value: before, byWeight } = raw([k1[i]!, k2[i]!, k3[i]!], values);
        const k = positiveK(before);
        const log = Math.log(k.value);
        const value = Math.exp(-mu! * log);
        out.value[i] = value;
        if (!out.byShape) continue;
        out.byShape[0]![i] = -log * value;
        const byRaw = ((-mu! * value) / k.value) * k.slope;
        for (let j = 0; j < byWeight.length; j++) out.byShape[1 + j]![i] = byRaw * byWeight[j]!;
      }
      out.byRatio?.fill(0, 0, at.count);
    },
  };
}

/**
 * The cross-domain D-CPT law E + A/N^alpha + B·r^eta/D^beta + C/(r + epsilon)^gamma + F/K^mu (arXiv 2406.01375 Eq 7), with K as
 * Eq 9 names it and kept positive. Domains differ in their floor only: all other parameters are shared.
 */
export const crossDomainForms: Readonly<Record<KKind, LawForm>> = Object.fromEntries(
  K_KINDS.map((kind) => [
    kind,
    sumOfTerms({
      name: `cross-domain-${kind}`,
      formula: `E + A/N^alpha + B*r^eta/D^beta + C/(r + epsilon)^gamma + F/K^mu, K = ${DEFINITIONS[kind].formula}`,
      source: 'arXiv 2406.01375 Eq 7 and 9',
      terms: [constant(), sizePower(), sharedTokenPower(), ratioFloor(), floorByDomain(kind)],
      inputs: [
        { name: 'k1', unit: 'other', meaning: 'loss after the first probe, nats per token' },
        { name: 'k2', unit: 'other', meaning: 'fall of the loss until the second probe, nats per token' },
        {
          name: 'k3',
          unit: 'other',
          meaning: 'how far that fall slows down until twice its tokens, nats per token',
        },
      ],
      needs: { sizes: 3, tokens: 3, ratios: 4 },
      limits: {
        ratio0: 'finite; no dependence on D',
        ratio1: 'Chinchilla with floor E + C/(1 + epsilon)^gamma + F/K^mu',
      },
    }),
  ]),
) as Record<KKind, LawForm>;
