import type { DemoGenerators } from '../src/corpus/sources.ts';
import { chemistry } from './chemistry.ts';
import { mathematics } from './mathematics.ts';
import { medical } from './medical.ts';
import { music } from './music.ts';
import { program } from './program.ts';
import { prose } from './prose.ts';
import { statutes } from './statutes.ts';

/** By the names that configs use: `{ demo: prose }`. All write synthetic text. */
export const demoGenerators = {
  prose,
  mathematics,
  program,
  statutes,
  music,
  chemistry,
  medical,
} as const satisfies DemoGenerators;
