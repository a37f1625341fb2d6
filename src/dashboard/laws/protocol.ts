import type { AnswerQuery } from '../api/requests.ts';

/** What the server asks its child process. */
export type Question =
  | { kind: 'law'; query: { sweep: string; domain: string; form: string } }
  | { kind: 'answer'; query: { sweep: string } & AnswerQuery }
  | { kind: 'next'; query: { sweep: string; domain: string; runs: number } }
  | { kind: 'forms'; query: { sweep: string; domain: string; validate: boolean } }
  | { kind: 'compare'; query: { sweeps: string; tolerance: number; form: string } }
  | { kind: 'crossDomain'; query: { sweeps: string; tolerance: number } };

export type ToChild = Question;

export type FromChild =
  | { type: 'step'; what: string }
  | { type: 'result'; result: object }
  | { type: 'problem'; error: string; nextStep: string | null };
