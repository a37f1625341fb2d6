import { z } from 'zod';
import { RECORD_KINDS } from './types.ts';

/*
 * Artifacts over HTTP, all with `Authorization: Bearer <token>`:
 *
 *   GET    /v1/home                                  {"id"}
 *   HEAD   /v1/artifacts/<hash>                      200 or 404
 *   GET    /v1/artifacts/<hash>                      bytes; `Range: bytes=<from>-` goes on
 *   DELETE /v1/artifacts/<hash>
 *   GET    /v1/uploads/<hash>                        {"bytes"}: how much of it has arrived
 *   PATCH  /v1/uploads/<hash>?offset=<n>&total=<n>   appends; the last byte makes it an artifact, or 422
 *   GET    /v1/records/<kind>?key=&after=&limit=     {"names": ["<key>.<hash>", …]}, ascending
 *   GET    /v1/records/<kind>/<key>.<hash>           bytes
 *   PUT    /v1/records/<kind>/<key>.<hash>
 *   DELETE /v1/records/<kind>/<key>.<hash>
 */

export const homeSchema = z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/) });
export const uploadSchema = z.strictObject({ bytes: z.int().nonnegative() });
export const namesSchema = z.strictObject({ names: z.array(z.string().max(200)).max(10_000) });
export const kindSchema = z.enum(RECORD_KINDS);

export const PAGE_NAMES = 1000;
export const LEAST_TOKEN_CHARACTERS = 16;
