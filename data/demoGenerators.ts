import type { DemoGenerators } from '../src/corpus/sources.ts';
import { mathematics } from './mathematics.ts';
import { program } from './program.ts';
import { prose } from './prose.ts';

/** By the names that configs use: `{ demo: prose }`. All three write synthetic text. */
export const demoGenerators = { prose, mathematics, program } as const satisfies DemoGenerators;
