import { z } from 'zod';

/** What a page must know before it shows anything. */
export const sessionSchema = z.object({
  version: z.string(),
  /** Whether this browser may change anything; if not, `how` says what to do. */
  mayChange: z.boolean(),
  how: z.string().nullable(),
  /** The runs folder as it was given. */
  runsFolder: z.string(),
  bullBoard: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;
