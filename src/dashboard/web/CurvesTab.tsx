import { useMemo } from 'preact/hooks';
import { short } from '../../common/numbers.ts';
import { paths } from '../api/paths.ts';
import type { Curves as CurvesAnswer, SweepDetail } from '../api/sweeps.ts';
import { Curves } from '../charts/Curves.tsx';
import { chosenCurves, type Unit } from '../charts/curvesData.ts';
import { Legend } from '../charts/Legend.tsx';
import { ratioColours, sizeColours } from '../charts/palette.ts';
import type { LegendEntry } from '../charts/svgText.ts';
import { theme } from '../charts/theme.ts';
import { withQuery } from './api.ts';
import { Check, Choice, Pick } from './Choice.tsx';
import { query, setQuery } from './router.ts';
import { views } from './routes.ts';
import { Empty, ProblemNote, Skeleton } from './States.tsx';
import { curves, holdCurves, rows } from './store.ts';
import { UnitChoice } from './UnitChoice.tsx';
import { useQuery } from './useQuery.ts';

const put = (changes: Record<string, string | null>) => setQuery(changes, { replace: true });

/** Loss against tokens of the runs of one domain, as they are measured. */
export function CurvesTab({ sweep, domain }: { sweep: SweepDetail; domain: string }) {
  const chosen = query.value;
  const size = chosen.get('size') ?? '';
  const ratio = chosen.get('ratio') ?? '';
  const seed = chosen.get('seed') ?? '';
  const base = chosen.get('base') === '1';
  const unit: Unit = chosen.get('unit') === 'bits' ? 'bits' : 'nats';
  const by = chosen.get('by') === 'size' ? 'size' : 'ratio';
  const isLogX = chosen.get('x') === 'log';
  const isLogY = chosen.get('y') === 'log';
  const selected = chosen.get('run');
  const url = withQuery(paths.curves(sweep.sweep), {
    ...{ domain, modelSize: size, domainRatio: ratio, seed, base, limit: 300 },
  });
  const asked = useQuery<CurvesAnswer>(url, { onData: (data) => holdCurves(data.curves) });
  const held = curves.value;
  const shown = useMemo(
    () =>
      chosenCurves(held.values(), {
        domain,
        modelSizes: size ? [Number(size)] : null,
        ratios: ratio ? [Number(ratio)] : null,
        seeds: seed ? [Number(seed)] : null,
        base,
      }),
    [held, domain, size, ratio, seed, base],
  );
  // Base models have seen no domain text and have no domain loss to draw.
  const ofDomain = useMemo(() => shown.filter(({ kind }) => kind === 'cpt'), [shown]);
  const paper = theme.value;
  const byValue = useMemo(
    () => (by === 'size' ? sizeColours(sweep.modelSizes, paper) : ratioColours(sweep.ratios, paper)),
    [by, paper, sweep.modelSizes.join(), sweep.ratios.join()],
  );
  const colours = useMemo(
    () =>
      new Map(
        shown.map((curve) => [
          curve.run,
          (curve.kind === 'base' && by === 'ratio'
            ? paper.faint
            : byValue.get(by === 'size' ? curve.modelSize : curve.domainRatio)) ?? paper.faint,
        ]),
      ),
    [shown, byValue, by, paper],
  );
  const legend: LegendEntry[] = [...byValue]
    .filter(([value]) =>
      shown.some((curve) => (by === 'size' ? curve.modelSize : curve.domainRatio) === value),
    )
    .map(([value, colour]) => ({
      label: by === 'size' ? short(value) : `ratio ${value}`,
      colour,
      mark: 'line' as const,
    }));
  if (base) legend.push({ label: 'base models', colour: paper.faint, mark: 'dashed' });
  const inHand = rows.value.find(({ run }) => run === selected);
  const common = {
    ...{ name: `${sweep.sweep} ${domain}`, curves: shown, unit, isLogX, isLogY, colours, selected, legend },
    onSelect: (run: string) => put({ run: run === selected ? null : run }),
  };
  return (
    <>
      <h2 class="unseen">Loss curves of {domain}</h2>
      <div class="controls">
        <Pick
          label="Model size"
          all="all sizes"
          options={sweep.modelSizes.map((each) => [String(each), short(each)])}
          value={size}
          onChange={(value) => put({ size: value })}
        />
        <Pick
          label="Domain ratio"
          all="all ratios"
          options={sweep.ratios.map((each) => [String(each), String(each)])}
          value={ratio}
          onChange={(value) => put({ ratio: value })}
        />
        {sweep.seeds.length > 1 && (
          <Pick
            label="Seed"
            all="all seeds"
            options={sweep.seeds.map((each) => [String(each), String(each)])}
            value={seed}
            onChange={(value) => put({ seed: value })}
          />
        )}
        <Choice
          label="Colour by"
          options={[
            ['ratio', 'ratio'],
            ['size', 'size'],
          ]}
          value={by}
          onChange={(value) => put({ by: value === 'ratio' ? null : value })}
        />
        <UnitChoice unit={unit} />
        <div class="checks">
          <Check label="log tokens" isOn={isLogX} onChange={(isOn) => put({ x: isOn ? 'log' : null })} />
          <Check label="log loss" isOn={isLogY} onChange={(isOn) => put({ y: isOn ? 'log' : null })} />
          <Check label="base models" isOn={base} onChange={(isOn) => put({ base: isOn ? '1' : null })} />
        </div>
      </div>
      {asked.problem && <ProblemNote problem={asked.problem} again={asked.again} />}
      {asked.isLoading && <Skeleton lines={2} tall />}
      {!asked.isLoading && shown.length === 0 && !asked.problem && (
        <Empty title="No observations yet.">
          <p>
            {size || ratio || seed
              ? 'No run of this choice has been measured yet.'
              : 'Curves appear with the first measurement of the first CPT run; base models are trained before.'}
          </p>
        </Empty>
      )}
      {shown.length > 0 && (
        <div class="card">
          <div class="legend-line">
            <Legend entries={legend} />
            {inHand && (
              <p class="in-hand">
                Selected: <strong>{inHand.label}</strong>{' '}
                <a href={`${views.run(inHand.run)}?sweep=${encodeURIComponent(sweep.sweep)}`}>open run</a>{' '}
                <button type="button" class="mini" onClick={() => put({ run: null })}>
                  Clear
                </button>
              </p>
            )}
          </div>
          <div class="two-figures">
            <Curves {...common} title="General loss" loss="general" />
            <Curves {...common} curves={ofDomain} title={`Domain loss: ${domain}`} loss="domain" />
          </div>
          {(asked.data?.omitted ?? 0) > 0 && (
            <p class="note">
              {asked.data!.omitted} more curves match; these are spread evenly over all of them. Choose a size
              or ratio to see every one.
            </p>
          )}
        </div>
      )}
    </>
  );
}
