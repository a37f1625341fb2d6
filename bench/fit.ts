/**
 * `npm run bench:fit`: speed of the law fitter on 270 observations, beside SciPy's L-BFGS-B on the same objective and
 * starts where python3 has SciPy.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeRandom } from '../src/common/random.ts';
import { textTable } from '../src/common/textTable.ts';
import { fitPair } from '../src/laws/fitting/bootstrap.ts';
import { DEFAULT_FIT, fitLaw, optimise, QUICK_FIT } from '../src/laws/fitting/fit.ts';
import { makeProblem } from '../src/laws/fitting/objective.ts';
import { prepare } from '../src/laws/fitting/prepare.ts';
import { evenPoint } from '../src/laws/fitting/search.ts';
import { lawValues, toVector } from '../src/laws/forms/form.ts';
import { l3 } from '../src/laws/forms/l3.ts';
import { lawForms } from '../src/laws/forms/registry.ts';
import type { LawObservation } from '../src/laws/types.ts';
import { lawPredictor, nearestRun, smoothInterpolation } from '../src/laws/validation/predictors.ts';
import { validate } from '../src/laws/validation/validate.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    'scipy-starts': { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
if (values.help) {
  say('npm run bench:fit -- [--rounds 3] [--scipy-starts 30]');
  process.exit(0);
}
const rounds = Number(values.rounds);
const scipyStarts = Number(values['scipy-starts']);
if (!(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(scipyStarts) && scipyStarts > 0)) {
  process.stderr.write('bench:fit: --rounds and --scipy-starts are positive whole numbers\n');
  process.exit(2);
}

const median = (numbers: number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const seconds = (work: () => void): number => {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1000;
};

/** Three sizes × nine ratios × ten token counts of a known law, with luck per run and noise per row. */
function rowsOf(seed: number): LawObservation[] {
  const truth = {
    E: 1.1,
    A: 0.004,
    B: 0.02,
    C: 0.25,
    alpha: 0.45,
    beta: 0.4,
    gamma: 0.5,
    eta: 1.3,
    epsilon: 0.1,
  };
  const random = makeRandom('bench fit', seed);
  const points = [6e-6, 2e-5, 5.5e-5].flatMap((n) =>
    [0, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1].flatMap((ratio) =>
      Array.from({ length: 10 }, (_, k) => ({ n, d: 6e-5 * (k + 1), ratio, run: `${n} ${ratio}` })),
    ),
  );
  const luck = new Map<string, number>();
  const losses = lawValues(l3, toVector(l3, truth), points);
  return points.map((point, i) => {
    if (!luck.has(point.run)) luck.set(point.run, 0.002 * random.normal());
    return { ...point, loss: losses[i]! * Math.exp(luck.get(point.run)! + 7e-4 * random.normal()) };
  });
}

const rows = rowsOf(1);
say(
  `${rows.length} observations, ${rounds} rounds, medians; ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}\n`,
);
fitLaw(l3, rows, { starts: 16 }); // the compiler's warm-up

const results: [string, string][] = [];
const timed = (what: string, work: () => void, note = () => '') => {
  const median_ = median(Array.from({ length: rounds }, () => seconds(work)));
  results.push([what, `${median_.toFixed(2)} s${note()}`]);
  process.stderr.write(`${what}: ${median_.toFixed(2)} s\n`);
  return median_;
};
let objective = 0;
timed(
  'L3, 500 starts',
  () => {
    objective = fitLaw(l3, rows, { starts: 500 }).objective.value;
  },
  () => `, objective ${objective.toExponential(6)}`,
);
timed('L3 with 1,000 fits to resampled runs (general and domain law, 500 each)', () => {
  fitPair(l3, { general: rows, domain: rows }, { resamples: 500, level: 0.9, seed: 1 });
});
const forms = Object.values(lawForms).filter((form) => form.inputs.length === 0);
timed(`${forms.length} forms and 2 baselines, whole validation table`, () => {
  validate([...forms.map((form) => lawPredictor(form, QUICK_FIT)), nearestRun, smoothInterpolation], rows, {
    delta: 1e-3,
  });
});

// The same starts in the same units for both: shape from the sequence, linear parameters solved.
const problem = () => makeProblem(l3, prepare(l3, rows), { kind: 'log-huber', delta: 1e-3 });
const data = prepare(l3, rows);
const starts = Array.from({ length: scipyStarts }, (_, k) => {
  const unit = evenPoint(k, l3.parameters.length - l3.linear);
  const shape = l3.parameters
    .slice(l3.linear)
    .map(({ start }, i) => start!.low * (start!.high / start!.low) ** unit[i]!);
  return problem().solveLinear([0, 0, 0, 0, ...shape]);
});
const hasScipy = spawnSync('python3', ['-c', 'import scipy, numpy'], { timeout: 60_000 }).status === 0;
if (!hasScipy) {
  results.push(['SciPy', 'not measured: python3 here has no SciPy']);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'bench-fit-'));
  try {
    const input = join(folder, 'problem.json');
    const output = join(folder, 'result.json');
    const at = {
      n: [...data.at.n],
      d: [...data.at.d],
      ratio: [...data.at.ratio],
      logLoss: [...data.logLoss],
    };
    const bounds = l3.parameters.map(({ lower, upper }) => [lower, Number.isFinite(upper) ? upper : null]);
    writeFileSync(input, JSON.stringify({ ...at, starts, bounds, delta: 1e-3 }));
    const ours: number[] = [];
    const scipy: { numerical: number[]; analytic: number[] } = { numerical: [], analytic: [] };
    let best = { ours: 0, numerical: 0, analytic: 0 };
    const script = fileURLToPath(new URL('./fitWithScipy.py', import.meta.url));
    for (let round = 0; round < rounds; round++) {
      ours.push(
        seconds(() => {
          best = { ...best, ours: optimise(problem(), { ...DEFAULT_FIT, starts: scipyStarts })[0]!.value };
        }),
      );
      for (const gradient of ['numerical', 'analytic'] as const) {
        execFileSync('python3', [script, input, output, gradient], {
          timeout: 600_000,
          env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
        });
        const result = JSON.parse(readFileSync(output, 'utf8')) as { seconds: number; objective: number };
        scipy[gradient].push(result.seconds);
        best = { ...best, [gradient]: result.objective };
      }
      process.stderr.write(`round ${round + 1} beside SciPy done\n`);
    }
    const mine = median(ours);
    results.push([
      `this fitter, ${scipyStarts} starts`,
      `${mine.toFixed(3)} s, objective ${best.ours.toExponential(6)}`,
    ]);
    for (const gradient of ['numerical', 'analytic'] as const) {
      const theirs = median(scipy[gradient]);
      const ratio = median(scipy[gradient].map((each, i) => each / ours[i]!));
      results.push([
        `SciPy L-BFGS-B, ${gradient} gradient, ${scipyStarts} starts`,
        `${theirs.toFixed(2)} s, objective ${best[gradient].toExponential(6)}: ${ratio.toFixed(0)} times as long`,
      ]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
say(textTable(['what', 'median'], results));
