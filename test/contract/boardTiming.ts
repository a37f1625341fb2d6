/** Short enough for tests, long enough not to run out on a busy machine. */
export const FAST = { lockDurationMs: 1500, stalledIntervalMs: 400, backoffMs: 40 };
