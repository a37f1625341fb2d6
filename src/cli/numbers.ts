import { InvalidArgumentError } from 'commander';

/** Readers of flags' values, for commander: each throws what a user can act on. */

export function positiveNumber(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It must be a positive number.');
  return value;
}

export function wholeNumber(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!(Number.isSafeInteger(value) && value >= 0)) {
    throw new InvalidArgumentError('It must be a whole number, zero or more.');
  }
  return value;
}

/** One of the words, or a whole number from `least` to `most`. */
export function wordOrWhole<Word extends string>(
  words: readonly Word[],
  least: number,
  most: number,
): (text: string) => Word | number {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    const value = Number(text);
    if (!(Number.isInteger(value) && value >= least && value <= most && text.trim() !== '')) {
      throw new InvalidArgumentError(
        `It must be ${words.join(', ')}, or a whole number from ${least} to ${most}.`,
      );
    }
    return value;
  };
}

/** `50GB`, `512 MB`, `1e9`: decimal units. */
export function byteCount(text: string): number {
  const match = /^([0-9][0-9_.]*(?:e\d+)?)\s*(k|m|g|t)?b?$/i.exec(text.trim());
  const power = match?.[2] ? 'kmgt'.indexOf(match[2].toLowerCase()) + 1 : 0;
  const value = match ? Number(match[1]!.replaceAll('_', '')) * 1000 ** power : Number.NaN;
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError('It must be a size, e.g. 50GB or 512MB.');
  }
  return value;
}

export function share(text: string): number {
  const value = text.trim().endsWith('%') ? Number(text.trim().slice(0, -1)) / 100 : Number(text);
  if (!(value > 0 && value < 1)) {
    throw new InvalidArgumentError('It must lie between 0 and 1, e.g. 0.9, or be a percentage, e.g. 3%.');
  }
  return value;
}

export function oneOf<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    if (!choices.includes(text as Choice)) {
      throw new InvalidArgumentError(`It must be one of: ${choices.join(', ')}.`);
    }
    return text as Choice;
  };
}
