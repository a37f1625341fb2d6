import { makeRandom, type Random } from '../src/common/random.ts';
import { between, type Choice, chance, pick, zipfChoice } from './choice.ts';
import { capital, definite, demoLanguage, type Language, nounForm } from './language.ts';

/*
 * An invented medicine: its conditions, drugs and measures exist nowhere. Like the language it is the same whatever the
 * seed of a corpus, so that what belongs together can be learned from many documents.
 */

export interface Measure {
  name: string;
  unit: string;
  /** Normal range, in tenths of the unit. */
  low: number;
  high: number;
}

export interface Drug {
  name: string;
  /** Milligrams a kilogram, a dose. */
  perKilogram: number;
  timesADay: number;
  sideEffect: string;
}

export interface Condition {
  name: string;
  /** The first is nearly always there. */
  symptoms: readonly string[];
  fever: boolean;
  measure: Measure;
  /** Whether the measure lies above its range, or below. */
  raised: boolean;
  /** Given first, and when the first may not be given. */
  drugs: readonly [Drug, Drug];
  days: number;
}

/** A part of medicine: its conditions share symptoms, measures and drugs. */
export interface Ward {
  condition: Choice<Condition>;
  /** All symptoms of its conditions. */
  symptoms: readonly string[];
  measures: readonly Measure[];
}

const CLINIC_VERSION = 1;
const WARDS = 40;
const CONDITIONS_A_WARD = 12;

const COMPLAINTS = [
  'pain in',
  'swelling of',
  'itching of',
  'numbness of',
  'weakness of',
  'stiffness of',
  'burning in',
];
const CONDITION_ENDINGS = ['itis', 'osis', 'emia', 'algia', 'oma'];
const DRUG_ENDINGS = ['ine', 'ol', 'ate', 'imab', 'azole', 'illin'];
const UNITS = ['mmol/L', 'g/L', 'U/L', 'mg/dL', 'nmol/L'];

let wards: readonly Ward[] | undefined;

/** Made on first use. */
export function demoClinic(): readonly Ward[] {
  wards ??= makeClinic(makeRandom('demo clinic', CLINIC_VERSION), demoLanguage());
  return wards;
}

function makeClinic(random: Random, language: Language): readonly Ward[] {
  const taken = new Set<string>();
  // Names are built on words of the language, so that it teaches their beginnings.
  const named = (endings: readonly string[]): string => {
    for (;;) {
      const name = language.noun(random).stem.replace(/[aeiou]+$/, '') + pick(random, endings);
      if (name.length < 6 || name.length > 14 || taken.has(name)) continue;
      taken.add(name);
      return name;
    }
  };
  return Array.from({ length: WARDS }, () => {
    const parts = Array.from({ length: 12 }, () => {
      const noun = language.nouns[60 + random.integer(1800)]!;
      return `${definite({ gender: noun.gender, plural: false })} ${nounForm(noun, false)}`;
    });
    const symptoms = Array.from({ length: 26 }, () => `${pick(random, COMPLAINTS)} ${pick(random, parts)}`);
    const measures = Array.from({ length: 5 }, (): Measure => {
      const low = between(random, 10, 300);
      return {
        name: named(['in', 'ase', 'one']),
        unit: pick(random, UNITS),
        low,
        high: low + between(random, 10, 200),
      };
    });
    const drugs = Array.from(
      { length: 10 },
      (): Drug => ({
        name: capital(named(DRUG_ENDINGS)),
        perKilogram: pick(random, [1, 2, 3, 4, 5, 8, 10, 15]),
        timesADay: pick(random, [1, 2, 2, 3, 3, 4]),
        sideEffect: pick(random, symptoms),
      }),
    );
    const conditions = Array.from({ length: CONDITIONS_A_WARD }, (): Condition => {
      const own = Array.from(random.shuffle([...new Set(symptoms)]).slice(0, 4));
      const [first, second] = random.shuffle([...drugs]);
      return {
        name: named(CONDITION_ENDINGS),
        symptoms: own,
        fever: chance(random, 0.4),
        measure: pick(random, measures),
        raised: chance(random, 0.7),
        drugs: [first!, second!],
        days: pick(random, [3, 5, 7, 10, 14, 21]),
      };
    });
    return { condition: zipfChoice(conditions, 0.8), symptoms: [...new Set(symptoms)], measures };
  });
}
