// Loaded before a part of the fleet by bench/faults.ts: once the file CLOCK_STEP_FILE is there, the clock of this process
// is CLOCK_STEP_MS off, as if somebody had set it.
import { existsSync } from 'node:fs';

const RealDate = Date;
const stepMs = Number(process.env.CLOCK_STEP_MS);
let offsetMs = 0;
setInterval(() => {
  if (offsetMs === 0 && existsSync(process.env.CLOCK_STEP_FILE)) offsetMs = stepMs;
}, 100).unref();

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offsetMs);
    else super(...given);
  }
  static now() {
    return RealDate.now() + offsetMs;
  }
};
