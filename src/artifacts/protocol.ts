import { z } from 'zod';
import { RECORD_KINDS } from './types.ts';

/*
 * Artifacts over HTTP, all with `Authorization: Bearer <token>`:
 *
 *   GET    /v1/home                                  {"id"}
 *   HEAD   /v1/artifacts/<hash>                      200 or 404
 *   GET    /v1/artifacts/<hash>                      bytes; `Range: bytes=<from>-` goes on, 416 when that is past the end
 *   DELETE /v1/artifacts/<hash>
 *   GET    /v1/uploads/<hash>                        {"bytes", "whole"}: how much of it has arrived; whether it stands there, verified
 *   PATCH  /v1/uploads/<hash>?offset=<n>&total=<n>   appends, 409 when that is not where it goes on or another is at it;
 *                                                    the last byte makes it an artifact: 201, or 422 when its hash differs
 *   GET    /v1/records/<kind>?key=&after=            {"names": ["<key>.<hash>", …]}, ascending, at most 1000
 *   GET    /v1/records/<kind>/<key>.<hash>           bytes
 *   PUT    /v1/records/<kind>/<key>.<hash>
 *   DELETE /v1/records/<kind>/<key>.<hash>
 */

export const homeSchema = z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/) });
export const uploadSchema = z.strictObject({ bytes: z.int().nonnegative(), whole: z.boolean() });
export const namesSchema = z.strictObject({ names: z.array(z.string().max(200)).max(10_000) });
export const kindSchema = z.enum(RECORD_KINDS);

export const PAGE_NAMES = 1000;
export const MOST_RECORD_BYTES = 64e6;
export const LEAST_TOKEN_CHARACTERS = 16;

/** Printable ASCII, no blank at either end: what a header carries unchanged. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.includes('\n');
}
