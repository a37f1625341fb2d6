import { useMemo } from 'preact/hooks';
import { fixed, short } from '../../common/numbers.ts';
import type { RunRow, RunStatus, SweepDetail } from '../api/sweeps.ts';
import { gridsOf, shareOf } from '../charts/gridModel.ts';
import { RunGridFigure } from '../charts/RunGridFigure.tsx';
import { Choice } from './Choice.tsx';
import { Glyph, StatusMark } from './Glyph.tsx';
import { navigate, query, setQuery } from './router.ts';
import { views } from './routes.ts';
import { rows } from './store.ts';
import { ThroughputFigure } from './ThroughputFigure.tsx';
import { progressWords } from './words.ts';

const STATUSES: readonly RunStatus[] = ['planned', 'running', 'done', 'diverged', 'failed'];

/** The sweep’s runs as grids that fill, and the run in hand. */
export function GridTab({ sweep }: { sweep: SweepDetail }) {
  const known = rows.value;
  const domains = sweep.domains;
  const grids = useMemo(() => gridsOf(known, domains), [known, domains.join(' ')]);
  const selected = query.value.get('run');
  const loss = query.value.get('loss') === 'general' || domains.length === 0 ? 'general' : 'domain';
  const inHand = known.find(({ run }) => run === selected) ?? null;
  return (
    <>
      <h2 class="unseen">Grid of runs</h2>
      <div class="controls">
        <Choice
          label="Loss in the cells"
          options={[
            ['domain', 'domain'],
            ['general', 'general'],
          ]}
          value={loss}
          onChange={(value) => setQuery({ loss: value === 'domain' ? null : value }, { replace: true })}
        />
        <ul class="status-key" aria-label="States of runs">
          {STATUSES.map((status) => (
            <li key={status} class={sweep.runs[status] === 0 ? 'faint' : ''}>
              <StatusMark status={status} /> <b>{sweep.runs[status]}</b>
            </li>
          ))}
        </ul>
      </div>
      <div class="grid-and-run">
        <div class="grids">
          {grids.map((grid) => (
            <div class="card" key={grid.domain ?? ''}>
              <RunGridFigure
                grid={grid}
                loss={loss}
                selected={selected}
                name={sweep.sweep}
                glyph={(status) => <Glyph status={status} />}
                onSelect={(run) => setQuery({ run }, { replace: true })}
                onOpen={(run) => navigate(views.run(run))}
              />
            </div>
          ))}
        </div>
        <RunInHand row={inHand} sweep={sweep.sweep} />
      </div>
      <ThroughputFigure name={sweep.sweep} />
    </>
  );
}

function RunInHand({ row, sweep }: { row: RunRow | null; sweep: string }) {
  if (!row) {
    return (
      <aside class="card run-in-hand" aria-label="Selected run">
        <p class="faint">Choose a cell to see its run here. Arrow keys move, Enter opens it.</p>
      </aside>
    );
  }
  return (
    <aside class="card run-in-hand" aria-label="Selected run">
      <h2>{row.label}</h2>
      <StatusMark status={row.status} />
      <dl class="facts is-column">
        <div>
          <dt>Model size</dt>
          <dd>{short(row.modelSize)}</dd>
        </div>
        {row.kind === 'cpt' && (
          <div>
            <dt>Domain ratio</dt>
            <dd>
              {row.domainRatio} {row.domain}
            </dd>
          </div>
        )}
        <div>
          <dt>Seed</dt>
          <dd>{row.seed}</dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd>
            {short(row.tokens)} of {short(row.totalTokens)} ({progressWords(shareOf(row))})
          </dd>
        </div>
        <div>
          <dt>General loss</dt>
          <dd>{row.generalLoss === null ? 'not measured yet' : `${fixed(row.generalLoss, 4)} nats`}</dd>
        </div>
        {row.kind === 'cpt' && (
          <div>
            <dt>Domain loss</dt>
            <dd>{row.domainLoss === null ? 'not measured yet' : `${fixed(row.domainLoss, 4)} nats`}</dd>
          </div>
        )}
      </dl>
      {row.reason && <p class="note is-bad">{row.reason}</p>}
      <div class="buttons">
        <a class="button is-main" href={`${views.run(row.run)}?sweep=${encodeURIComponent(sweep)}`}>
          Open run
        </a>
        <a
          class="button"
          href={views.sweep(sweep, 'curves', {
            ...(row.domain ? { domain: row.domain } : { base: '1' }),
            run: row.run,
          })}
        >
          Show its curve
        </a>
      </div>
    </aside>
  );
}
