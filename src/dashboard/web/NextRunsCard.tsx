import { useState } from 'preact/hooks';
import { fixed, short } from '../../common/numbers.ts';
import type { NextRuns } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import type { SweepDetail } from '../api/sweeps.ts';
import { change, isBusy } from './actions.ts';
import { withQuery } from './api.ts';
import { Pick } from './Choice.tsx';
import { DataTable } from './DataTable.tsx';
import { query, setQuery } from './router.ts';
import { Answered, Command, Freshness } from './States.tsx';
import { lawChanges, session } from './store.ts';
import { useQuery } from './useQuery.ts';
import { flopsWords } from './words.ts';

/** The runs that would tell most, to be chosen and queued. */
export function NextRunsCard({ sweep, domain }: { sweep: SweepDetail; domain: string }) {
  const count = query.value.get('next');
  const asked = useQuery<NextRuns>(
    count === null ? null : withQuery(paths.next(sweep.sweep), { domain, runs: Number(count) || 5 }),
    { version: lawChanges.value },
  );
  return (
    <section class="card next-runs" aria-label="The next best runs">
      <div class="figure-head">
        <h3>The next best runs</h3>
        {count === null ? (
          <button type="button" class="is-main" onClick={() => setQuery({ next: 5 }, { replace: true })}>
            Suggest runs
          </button>
        ) : (
          <Pick
            label="How many"
            options={['1', '3', '5', '8', '12', '20'].map((each) => [each, each])}
            value={count}
            onChange={(value) => setQuery({ next: value }, { replace: true })}
          />
        )}
      </div>
      {count === null ? (
        <p class="faint">
          Which further runs would narrow this answer most. It takes some seconds to find out.
        </p>
      ) : (
        <Answered query={asked}>
          {(next) => <Suggested key={next.computedAt} next={next} sweep={sweep} />}
        </Answered>
      )}
    </section>
  );
}

const QUANTITIES = {
  'domain-ratio': { of: 'the recommended ratio', format: (value: number | null) => fixed(value, 3) },
  'general-loss': { of: 'the general loss at the target', format: (value: number | null) => fixed(value, 4) },
} as const;

function Suggested({ next, sweep }: { next: NextRuns; sweep: SweepDetail }) {
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const [isQueued, setQueued] = useState(false);
  const { of, format } = QUANTITIES[next.quantity];
  const chosen = next.runs.filter((_, at) => !left.has(at));
  const may = session.value?.mayChange ?? false;
  const isRunning = sweep.state === 'running' || sweep.state === 'paused';
  const whyNot = !may
    ? (session.value?.how ?? 'Changes need the token.')
    : isRunning
      ? 'The sweep is still running. Further runs can be queued when it has ended.'
      : null;
  const queueThem = async () => {
    const runs = chosen.map(({ modelSize, domainRatio, tokens }) => ({ modelSize, domainRatio, tokens }));
    if (await change(paths.next(sweep.sweep), { domain: next.domain, runs })) setQueued(true);
  };
  return (
    <>
      <p class="sentence">
        These {next.runs.length} runs would narrow {of} from ±{format(next.halfWidthBefore)} to ±
        {format(next.halfWidthAfter)}.
        {next.verified &&
          ` On ${next.verified.simulations} simulated sweeps: ±${format(next.verified.now)} now, ±${format(next.verified.withPlan)} with them, ±${format(next.verified.withRandomRuns)} with as many random runs.`}
      </p>
      <Freshness {...next} />
      {next.warnings.length > 0 && (
        <ul class="warnings">
          {next.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <DataTable
        caption="Suggested runs"
        fileWords={`${next.sweep} ${next.domain} next runs`}
        columns={[
          {
            name: 'queue',
            value: (row) => !left.has(row.at),
            cell: (row) => (
              <label class="check">
                <input
                  type="checkbox"
                  checked={!left.has(row.at)}
                  onChange={() => {
                    const changed = new Set(left);
                    if (!changed.delete(row.at)) changed.add(row.at);
                    setLeft(changed);
                  }}
                />
                <span class="unseen">
                  Queue run {row.at + 1}: {short(row.modelSize)}, ratio {row.domainRatio}
                </span>
              </label>
            ),
          },
          {
            name: 'model size',
            value: (row) => row.modelSize,
            cell: (row) => short(row.modelSize),
            isNumber: true,
          },
          { name: 'domain ratio', value: (row) => row.domainRatio, isNumber: true },
          { name: 'tokens', value: (row) => row.tokens, cell: (row) => short(row.tokens), isNumber: true },
          { name: 'cost', value: (row) => row.flops, cell: (row) => flopsWords(row.flops), isNumber: true },
          {
            name: '± with it and those before',
            value: (row) => row.halfWidthAfter,
            cell: (row) => `±${format(row.halfWidthAfter)}`,
            isNumber: true,
          },
        ]}
        rows={next.runs.map((run, at) => ({ ...run, at }))}
        keyOf={(row) => String(row.at)}
      />
      <div class="buttons">
        <button
          type="button"
          class="is-main"
          disabled={whyNot !== null || chosen.length === 0 || isBusy.value || isQueued}
          onClick={queueThem}
        >
          {isQueued ? 'Queued' : `Queue ${chosen.length} ${chosen.length === 1 ? 'run' : 'runs'}`}
        </button>
        {whyNot && <span class="faint">{whyNot}</span>}
      </div>
      <p class="faint">The same in a terminal</p>
      <Command text={next.command} />
    </>
  );
}
