import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { duration, fixed, percent, short } from '../../common/numbers.ts';
import { paths } from '../api/paths.ts';
import type { Curve, RunDetail } from '../api/sweeps.ts';
import { Curves } from '../charts/Curves.tsx';
import type { Unit } from '../charts/curvesData.ts';
import { shareOf } from '../charts/gridModel.ts';
import type { LegendEntry } from '../charts/svgText.ts';
import { theme } from '../charts/theme.ts';
import { act, isBusy } from './actions.ts';
import { Choice } from './Choice.tsx';
import { ConfirmDialog } from './ConfirmDialog.tsx';
import { StatusMark } from './Glyph.tsx';
import { LogView } from './LogView.tsx';
import { query, setQuery } from './router.ts';
import { views } from './routes.ts';
import { Empty, ProblemNote, Skeleton } from './States.tsx';
import { curves, holdCurves, rows, runOnPage, session } from './store.ts';
import { UnitChoice } from './UnitChoice.tsx';
import { useQuery } from './useQuery.ts';
import { progressWords } from './words.ts';

const NO_LEGEND: readonly LegendEntry[] = [];

/** One run: how far it is, its curve, its log, what it was made of. */
export function RunPage({ run }: { run: string }) {
  const asked = useQuery<RunDetail>(paths.run(run), {
    onData: (data) => {
      runOnPage.value = { run, label: data.label, sweep: data.sweeps[0] ?? null };
      holdCurves([data.curve]);
    },
  });
  const known = asked.data;
  if (!known) {
    return (
      <>
        <h1>Run {run.slice(0, 12)}</h1>
        {asked.problem ? (
          <ProblemNote problem={asked.problem} again={asked.again} />
        ) : (
          <Skeleton lines={4} tall />
        )}
      </>
    );
  }
  const live = rows.value.find((row) => row.run === run);
  const now = live ? { ...known, ...live } : known;
  return (
    <>
      <RunHead run={now} />
      <div class="stack">
        <div class="card">
          <RunCurves curve={curves.value.get(run) ?? known.curve} />
        </div>
        <section class="card spaced" aria-label="Log">
          <h2>Log</h2>
          <LogView run={run} />
        </section>
        <div class="columns">
          <MadeOf run={now} />
          <Environment run={now} />
        </div>
        <section class="card spaced" aria-label="Spec">
          <h2>Spec</h2>
          <p class="faint">
            All that decides its result; its id is the hash of this: <code class="id">{run}</code>
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre class="yaml" tabIndex={0}>
            {JSON.stringify(known.spec, null, 2)}
          </pre>
        </section>
      </div>
    </>
  );
}

function RunHead({ run }: { run: RunDetail }) {
  const [isAsking, setAsking] = useState(false);
  const may = session.value?.mayChange ?? false;
  const share = shareOf(run);
  return (
    <section class="sweep-head run-head" aria-label="The run as a whole">
      <nav aria-label="Where it belongs" class="faint">
        <a href={views.sweeps}>Sweeps</a>
        {run.sweeps.map((sweep) => (
          <span key={sweep}>
            {' / '}
            <a href={views.sweep(sweep, 'grid', { run: run.run })}>{sweep}</a>
          </span>
        ))}
      </nav>
      <div class="page-head">
        <div class="sweep-title">
          <h1>{run.label}</h1>
          <StatusMark status={run.status} />
        </div>
        {run.status === 'running' && (
          <button
            type="button"
            class="is-danger"
            disabled={!may || isBusy.value}
            title={may ? undefined : (session.value?.how ?? undefined)}
            onClick={() => setAsking(true)}
          >
            Cancel this run…
          </button>
        )}
      </div>
      <div class="progress-line">
        <div
          class={`progress ${run.status === 'done' ? 'is-complete' : ''}`}
          role="progressbar"
          aria-label="Progress of the run"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
        >
          <span class="done" style={{ width: `${share * 100}%` }} />
        </div>
        <span class="progress-number">{progressWords(share)}</span>
      </div>
      <p class="facts-line">
        <span>
          {short(run.tokens)} of {short(run.totalTokens)} tokens
        </span>
        <span>general loss {fixed(run.generalLoss, 4)}</span>
        {run.kind === 'cpt' && <span>domain loss {fixed(run.domainLoss, 4)}</span>}
      </p>
      {run.reason && <p class="note is-bad">{run.reason}</p>}
      {isAsking && (
        <ConfirmDialog
          title={`Cancel the run ${run.label}?`}
          confirm="Yes, cancel it"
          onConfirm={() => act({ action: 'cancel-run', run: run.run })}
          onClose={() => setAsking(false)}
        >
          <p>It stops at once and counts as failed. Retry starts it again from its last checkpoint.</p>
        </ConfirmDialog>
      )}
    </section>
  );
}

function RunCurves({ curve }: { curve: Curve }) {
  const chosen = query.value;
  const unit: Unit = chosen.get('unit') === 'bits' ? 'bits' : 'nats';
  const isLogX = chosen.get('x') === 'log';
  const paper = theme.value;
  if (curve.tokens.length === 0) {
    return (
      <Empty title="Nothing measured yet.">
        <p>The curve begins with the first evaluation.</p>
      </Empty>
    );
  }
  const common = {
    ...{ name: curve.label, unit, isLogX, isLogY: false, selected: null, legend: NO_LEGEND },
    ...{ curves: [curve], height: 280 },
    level: 2,
  } as const;
  return (
    <>
      <div class="controls">
        <UnitChoice unit={unit} />
        <Choice
          label="Tokens"
          options={[
            ['linear', 'linear'],
            ['log', 'log'],
          ]}
          value={isLogX ? 'log' : 'linear'}
          onChange={(value) => setQuery({ x: value === 'linear' ? null : value }, { replace: true })}
        />
      </div>
      <div class="two-figures">
        <Curves
          {...common}
          title="General loss"
          loss="general"
          colours={new Map([[curve.run, paper.pair[0]]])}
        />
        {curve.kind === 'cpt' && (
          <Curves
            {...common}
            title={`Domain loss: ${curve.domain}`}
            loss="domain"
            colours={new Map([[curve.run, paper.pair[1]]])}
          />
        )}
      </div>
    </>
  );
}

function MadeOf({ run }: { run: RunDetail }) {
  const { seconds, epochs } = run;
  const phases = seconds ? (['setup', 'training', 'evaluation', 'checkpoint'] as const) : [];
  const total = seconds ? phases.reduce((sum, phase) => sum + seconds[phase], 0) : 0;
  return (
    <section class="card spaced" aria-label="The run">
      <h2>The run</h2>
      <dl class="facts is-column">
        <Fact name="Kind">{run.kind === 'base' ? 'base model' : 'CPT run'}</Fact>
        <Fact name="Model size">
          {short(run.modelSize)} <span class="faint">({run.modelSize.toLocaleString('en-US')})</span>
        </Fact>
        {run.kind === 'cpt' && (
          <Fact name="Domain ratio">
            {run.domainRatio} {run.domain}
          </Fact>
        )}
        <Fact name="Seed">{run.seed}</Fact>
        {run.parent && (
          <Fact name="Begun from">
            <a href={views.run(run.parent)}>{run.parent.slice(0, 12)}</a>
          </Fact>
        )}
        <Fact name="Passes over text">
          general {fixed(epochs.general, 2)}, domain {fixed(epochs.domain, 2)}
        </Fact>
        {seconds ? (
          phases.map((phase) => (
            <Fact key={phase} name={`Time: ${phase}`}>
              {duration(seconds[phase])}{' '}
              <span class="faint">{total > 0 ? percent(seconds[phase] / total) : ''}</span>
            </Fact>
          ))
        ) : (
          <Fact name="Time">not told yet</Fact>
        )}
      </dl>
    </section>
  );
}

function Environment({ run }: { run: RunDetail }) {
  const entries = Object.entries(run.environment);
  return (
    <section class="card spaced" aria-label="Environment">
      <h2>Environment</h2>
      {entries.length === 0 ? (
        <p class="faint">Not told yet: a worker tells it when the run ends.</p>
      ) : (
        <dl class="facts is-column">
          {entries.map(([name, value]) => (
            <Fact key={name} name={name}>
              {value}
            </Fact>
          ))}
        </dl>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
