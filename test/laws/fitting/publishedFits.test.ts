import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { chinchilla } from '../../../src/laws/forms/chinchilla.ts';

const file = join(process.env.LOSSDATA_DIR ?? '/nowhere', 'gemstones', 'slim_chinchilla.jsonl');

/** Needs public measurements (mcleish7/gemstone-scaling-laws, MIT) below LOSSDATA_DIR; skipped without them. */
describe.skipIf(!existsSync(file))('published fits: gemstones, 28 runs', () => {
  const rows = existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line, i) => {
          const { params_active_precise, tokens, final_loss } = JSON.parse(line);
          return { n: params_active_precise / 1e9, d: tokens / 1e9, ratio: 1, loss: final_loss, run: `${i}` };
        })
    : [];

  it('reaches the published objective and exponents at delta = 1e-3', () => {
    const fit = fitLaw(chinchilla, rows, { delta: 1e-3 });
    expect(fit.quality.huberSum).toBeLessThanOrEqual(1.204363e-4 * (1 + 1e-6));
    expect(fit.parameters.alpha).toBeCloseTo(0.21378, 3);
    expect(fit.parameters.beta).toBeCloseTo(0.52601, 3);
  });

  it('finds a lower objective than the published one at delta = 1e-4', () => {
    expect(fitLaw(chinchilla, rows, { delta: 1e-4 }).quality.huberSum).toBeLessThan(1.33978e-5);
  });
});
