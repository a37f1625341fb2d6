import type { Random } from '../src/common/random.ts';
import { between, chance, pick } from './choice.ts';

/** Arithmetic that is right: the small pieces that the sections of a mathematics document are made of. */

export function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}

/** A whole number whose number of digits is uniform: small ones are common, as in textbooks. */
export function magnitude(random: Random, maxDigits: number): number {
  const digits = between(random, 1, maxDigits);
  return between(random, digits === 1 ? 2 : 10 ** (digits - 1), 10 ** digits - 1);
}

/** Not zero, −limit…limit. */
export function coefficient(random: Random, limit: number): number {
  return between(random, 1, limit) * (chance(random, 0.4) ? -1 : 1);
}

/** A polynomial, its coefficients from the constant term up, as `3 x^2 - x + 7`. */
export function polynomial(coefficients: readonly number[], variable: string): string {
  let text = '';
  for (let power = coefficients.length - 1; power >= 0; power--) {
    const value = coefficients[power]!;
    if (value === 0) continue;
    const sign = text === '' ? (value < 0 ? '-' : '') : value < 0 ? ' - ' : ' + ';
    const size = Math.abs(value);
    const letter = power === 0 ? '' : power === 1 ? variable : `${variable}^${power}`;
    text += sign + (letter === '' ? size : size === 1 ? letter : `${size} ${letter}`);
  }
  return text || '0';
}

export function derivative(coefficients: readonly number[]): number[] {
  return coefficients.slice(1).map((value, i) => value * (i + 1));
}

export function product(a: readonly number[], b: readonly number[]): number[] {
  const result = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((left, i) => {
    b.forEach((right, j) => {
      result[i + j]! += left * right;
    });
  });
  return result;
}

export function valueAt(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, value) => sum * x + value, 0);
}

export const signed = (value: number): string => (value < 0 ? `(${value})` : String(value));

/** A nested expression of whole numbers and each step of working it out, innermost brackets first. */
export function workedExpression(random: Random, depth: number): string[] {
  type Node = number | { left: Node; right: Node; sign: '+' | '-' | '*' };
  const make = (level: number): Node =>
    level === 0 || (level < depth && chance(random, 0.3))
      ? between(random, 1, 12)
      : { left: make(level - 1), right: make(level - 1), sign: pick(random, ['+', '-', '*'] as const) };
  const show = (node: Node, outer: boolean): string => {
    if (typeof node === 'number') return outer ? String(node) : signed(node);
    const text = `${show(node.left, false)} ${node.sign} ${show(node.right, false)}`;
    return outer ? text : `(${text})`;
  };
  const work = (node: Node): Node => {
    if (typeof node === 'number') return node;
    const { left, right, sign } = node;
    if (typeof left === 'number' && typeof right === 'number') {
      return sign === '+' ? left + right : sign === '-' ? left - right : left * right;
    }
    return { left: work(left), right: work(right), sign };
  };
  const steps: string[] = [];
  for (let node = make(depth); ; node = work(node)) {
    steps.push(show(node, true));
    if (typeof node === 'number') return steps;
  }
}
