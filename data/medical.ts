import { makeRandom, type Random } from '../src/common/random.ts';
import type { DemoGenerator } from '../src/corpus/sources.ts';
import { between, type Choice, chance, documentLength, pick, zipfChoice } from './choice.ts';
import { type Condition, type Drug, demoClinic, type Measure, type Ward } from './clinic.ts';
import { capital, demoLanguage } from './language.ts';
import { deed, happening, thing } from './phrases.ts';
import { sentence, startWriter, title, type Writer } from './sentences.ts';

/**
 * Questions and answers in an invented clinic: findings fit the condition, drugs the condition and the allergies, doses
 * the weight. No drug, condition or measure in it exists.
 */
export const medical: DemoGenerator = {
  version: 1,
  defaultBytes: 6_000_000,
  *generate(seed) {
    const random = makeRandom('demo medical', seed);
    for (;;) yield consultations(random);
  },
};

/** One visit to the clinic, with what has been said in it. */
interface Visit {
  writer: Writer;
  random: Random;
  ward: Ward;
  condition: Condition;
  /** Of the condition's symptoms, those that the patient has. */
  present: string[];
  /** What has been said of them so far. */
  told: string[];
  age: number;
  weight: number;
  day: number;
  temperature: number;
  allergy: Drug | null;
  lines: string[];
}

let frequentWard: Choice<Ward> | undefined;

function consultations(random: Random): string {
  const language = demoLanguage();
  frequentWard ??= zipfChoice(demoClinic(), 0.5);
  const ward = frequentWard(random);
  const topic = pick(random, language.topics);
  const writer = startWriter(random, language, [topic, pick(random, language.topics)]);
  writer.tense = 'present';
  const characters = documentLength(random, 1600, 500, 5600);
  const parts = [title(writer)];
  for (let length = 0, number = 1; length < characters; number++) {
    const part = `Case ${number}\n${visit(writer, ward)}`;
    parts.push(part);
    length += part.length + 2;
  }
  return `${parts.join('\n\n')}\n`;
}

function visit(writer: Writer, ward: Ward): string {
  const { random } = writer;
  const condition = ward.condition(random);
  const present = condition.symptoms.filter((_, i) => chance(random, i === 0 ? 0.95 : 0.6));
  if (present.length === 0) present.push(condition.symptoms[0]!);
  const current: Visit = {
    writer,
    random,
    ward,
    condition,
    present,
    told: [],
    age: between(random, 20, 91),
    weight: between(random, 44, 118),
    day: between(random, 1, 12),
    // Tenths of a degree.
    temperature: condition.fever ? between(random, 381, 402) : between(random, 362, 373),
    allergy: chance(random, 0.25) ? pick(random, condition.drugs) : null,
    lines: [],
  };
  complain(current);
  interview(current);
  examine(current);
  const drug = prescribe(current);
  for (const question of random.shuffle([...QUESTIONS]).slice(0, between(random, 0, 3)))
    question(current, drug);
  if (chance(random, 0.3)) comeBack(current, drug);
  return current.lines.join('\n');
}

const patient = ({ lines }: Visit, ...words: string[]): number => lines.push(`Patient: ${words.join(' ')}`);
const doctor = ({ lines }: Visit, ...words: string[]): number => lines.push(`Doctor: ${words.join(' ')}`);
const days = (count: number): string => (count === 1 ? '1 day' : `${count} days`);

function complain(current: Visit): void {
  const { writer, random, present, told, age, weight, day } = current;
  told.push(present[0]!);
  const about = Array.from({ length: between(random, 1, 3) }, () => sentence(writer));
  patient(
    current,
    pick(random, [
      `For ${days(day)} I have had ${present[0]}.`,
      `I have ${present[0]}, ${day === 1 ? 'since yesterday' : `for ${days(day)} now`}.`,
      `It began ${days(day)} ago with ${present[0]}.`,
    ]),
    ...about,
    pick(random, [`I am ${age} and weigh ${weight} kg.`, `${weight} kg, ${age} years.`]),
  );
}

function interview(current: Visit): void {
  const { writer, random, ward, present, told, allergy, condition } = current;
  const asked = new Set([present[0]!]);
  for (let i = between(random, 1, 3); i > 0; i--) {
    const symptom = pick(random, chance(random, 0.75) ? condition.symptoms : ward.symptoms);
    if (asked.has(symptom)) continue;
    asked.add(symptom);
    doctor(current, pick(random, ['Do you have', 'And', 'Is there any']), `${symptom}?`);
    if (present.includes(symptom)) {
      told.push(symptom);
      patient(
        current,
        pick(random, ['Yes, when', 'Yes, mostly when', 'A little, when']),
        `${happening(writer)}.`,
      );
    } else
      patient(
        current,
        pick(random, ['No.', 'Not at all.', `No. ${sentence(writer)}`, `No, only ${thing(writer)}.`]),
      );
  }
  if (allergy || chance(random, 0.3)) {
    doctor(current, pick(random, ['Any allergies?', 'Is there a drug that you cannot take?']));
    patient(current, allergy ? `${allergy.name} gave me ${allergy.sideEffect}.` : 'No.');
  }
}

/** Temperature and pulse rise together; a measure lies outside its range on the condition's side. */
function examine(current: Visit): void {
  const { random, ward, condition, temperature } = current;
  const pulse = 72 + Math.round((temperature - 368) * 0.9) + between(random, -6, 6);
  const systolic = between(random, 98, 158);
  const pressure = `${systolic}/${Math.round(systolic * 0.62) + between(random, -6, 6)}`;
  const others = random.shuffle([...ward.measures]).filter((measure) => measure !== condition.measure);
  const findings = [
    finding(random, condition),
    ...others.slice(0, between(random, 0, 2)).map((measure) => normal(random, measure)),
  ];
  current.lines.push(
    `Findings: temperature ${tenths(temperature)} C, pulse ${pulse}, pressure ${pressure}, ${random.shuffle(findings).join(', ')}`,
  );
}

const normal = (random: Random, measure: Measure): string => {
  const value = tenths(between(random, measure.low, measure.high));
  return `${measure.name} ${value} ${measure.unit} (${range(measure)}, normal)`;
};

function finding(random: Random, { measure, raised }: Condition): string {
  const value = tenths(outside(random, measure, raised));
  return `${measure.name} ${value} ${measure.unit} (${range(measure)}, ${raised ? 'high' : 'low'})`;
}

function outside(random: Random, { low, high }: Measure, raised: boolean): number {
  return raised
    ? high + between(random, 1, 2 * (high - low))
    : low - between(random, 1, Math.ceil(0.7 * low));
}

const range = ({ low, high }: Measure): string => `${tenths(low)}-${tenths(high)}`;
const tenths = (value: number): string => (value / 10).toFixed(1);

function prescribe(current: Visit): Drug {
  const { random, condition, told, allergy, weight, temperature } = current;
  const drug = condition.drugs[allergy === condition.drugs[0] ? 1 : 0];
  const signs = [...told.slice(0, 3), ...(temperature > 375 ? ['fever'] : [])];
  const seen = `${condition.raised ? 'high' : 'low'} ${condition.measure.name}`;
  doctor(
    current,
    pick(random, [
      `${capital(listed([...signs, seen]))}: this is ${condition.name}.`,
      `This is ${condition.name}, because of ${listed([seen, ...signs])}.`,
    ]),
    ...(allergy === condition.drugs[0] ? [`Not ${allergy.name}, which you cannot take.`] : []),
    pick(random, ['Take', 'I give you', 'You need']),
    `${drug.name} ${doseText(drug, weight)} for ${days(condition.days)}.`,
  );
  return drug;
}

function doseText({ perKilogram, timesADay }: Drug, weight: number): string {
  const dose = perKilogram * weight;
  const often = timesADay === 1 ? 'once a day' : `${timesADay} times a day, ${dose * timesADay} mg a day`;
  return `${dose} mg (${perKilogram} mg/kg) ${often}`;
}

function listed(items: readonly string[]): string {
  return items.length === 1 ? items[0]! : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** A question of the patient about what was prescribed. */
type Question = (current: Visit, drug: Drug) => void;

const sideEffects: Question = (current, drug) => {
  patient(current, `What can ${drug.name} do to me?`);
  doctor(current, `It may bring ${drug.sideEffect}, mostly when ${happening(current.writer)}.`);
};

const missedDose: Question = (current, drug) => {
  const { random, writer, weight } = current;
  patient(current, `And if I forget a dose${chance(random, 0.6) ? ` when ${happening(writer)}` : ''}?`);
  doctor(current, `Go on with ${drug.perKilogram * weight} mg of ${drug.name} at the next time.`);
};

const child: Question = (current, drug) => {
  const { random, condition } = current;
  const weight = between(random, 8, 40);
  patient(current, `My child has ${condition.name} too and weighs ${weight} kg.`);
  doctor(current, `Then ${drug.name} ${doseText(drug, weight)}.`);
};

const explanation: Question = (current) => {
  const { random, writer, condition } = current;
  patient(current, `${pick(random, ['What is', 'Where does one get'])} ${condition.name}?`);
  doctor(current, sentence(writer), `Often it comes with ${pick(random, condition.symptoms)}.`);
};

const mayI: Question = (current, drug) => {
  const { random, writer } = current;
  patient(current, `May I ${deed(writer)} with ${drug.name}?`);
  doctor(current, chance(random, 0.5) ? `Yes. ${sentence(writer)}` : `No, not while ${happening(writer)}.`);
};

const QUESTIONS = [sideEffects, missedDose, child, explanation, mayI] as const;

/** The end of the treatment: better, or the same side of the range as before. */
function comeBack(current: Visit, drug: Drug): void {
  const { random, writer, condition, told } = current;
  const { measure, raised } = condition;
  const better = chance(random, 0.7);
  current.lines.push(`After ${days(condition.days)}`);
  patient(
    current,
    better ? `No more ${told[0]!.replace(/^a /, '')}.` : `I still have ${told[0]}.`,
    ...(chance(random, 0.7) ? [sentence(writer)] : []),
  );
  const value = better ? between(random, measure.low, measure.high) : outside(random, measure, raised);
  const word = better ? 'normal' : raised ? 'high' : 'low';
  doctor(
    current,
    `The ${measure.name} is ${tenths(value)} ${measure.unit}, ${word}.`,
    better ? `Stop ${drug.name}.` : `${drug.name} for ${days(condition.days)} more.`,
  );
}
