import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { paths } from '../api/paths.ts';
import type { Session } from '../api/session.ts';
import type { SweepSummary } from '../api/sweeps.ts';
import { said } from './actions.ts';
import { ConnectionBanner } from './ConnectionState.tsx';
import { Guarded } from './Guarded.tsx';
import { Header } from './Header.tsx';
import { lazily } from './lazily.tsx';
import { liveConnection } from './live.ts';
import { QueuePage } from './QueuePage.tsx';
import { RunPage } from './RunPage.tsx';
import { query, route } from './router.ts';
import { type Route, tabOf, titleOf, views } from './routes.ts';
import { Empty, ProblemNote } from './States.tsx';
import { SweepPage } from './SweepPage.tsx';
import { SweepsPage } from './SweepsPage.tsx';
import { runOnPage, session, sweeps } from './store.ts';
import { useQuery } from './useQuery.ts';

const ComparePage = lazily(async () => (await import('./ComparePage.tsx')).ComparePage);

export function App() {
  const here = route.value;
  const asked = useQuery<Session>(paths.session, {
    onData: (data) => {
      session.value = data;
    },
  });
  useQuery<SweepSummary[]>(paths.sweeps, {
    onData: (data) => {
      sweeps.value = data;
    },
  });
  const run = here.view === 'run' ? here.run : null;
  const shown = runOnPage.value?.run === run ? runOnPage.value : null;
  // A run’s page follows a sweep that it belongs to, so that its curve grows.
  const sweep =
    here.view === 'sweep' ? here.sweep : run ? (query.value.get('sweep') ?? shown?.sweep ?? null) : null;
  useEffect(() => {
    liveConnection().follow(sweep, run);
  }, [sweep, run]);
  useEffect(() => {
    said.value = null;
  }, [here]);
  const title = titleOf(here, tabOf(query.value), shown?.label ?? null);
  useEffect(() => {
    document.title = title;
  }, [title]);
  const isLockedOut = asked.problem?.status === 401 || asked.problem?.status === 403;
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Header />
      <ConnectionBanner />
      <main id="content" tabIndex={-1}>
        {isLockedOut && asked.problem ? (
          <ProblemNote problem={asked.problem} again={asked.again} />
        ) : (
          <View here={here} />
        )}
      </main>
      <Said />
      <Footer />
    </>
  );
}

function View({ here }: { here: Route }): VNode {
  switch (here.view) {
    case 'sweeps':
      return <SweepsPage />;
    case 'sweep':
      return <SweepPage key={here.sweep} sweep={here.sweep} />;
    case 'run':
      return <RunPage key={here.run} run={here.run} />;
    case 'queue':
      return <QueuePage />;
    case 'compare':
      return (
        <Guarded what="The comparison">
          <ComparePage />
        </Guarded>
      );
    case 'none':
      return (
        <>
          <h1>Nothing here</h1>
          <Empty title={`There is no page at ${here.path}.`}>
            <p>
              All that there is begins at <a href={views.sweeps}>the sweeps</a>.
            </p>
          </Empty>
        </>
      );
  }
}

/** What was done last; spoken to those who listen. */
function Said() {
  const now = said.value;
  return (
    <div
      class={`said ${now ? 'is-shown' : ''} ${now?.isBad ? 'is-bad' : ''}`}
      role="status"
      aria-live="polite"
    >
      {now && (
        <>
          <span>{now.text}</span>
          <button
            type="button"
            class="mini"
            onClick={() => {
              said.value = null;
            }}
          >
            Close
          </button>
        </>
      )}
    </div>
  );
}

function Footer() {
  const known = session.value;
  if (!known) return null;
  return (
    <footer>
      <span>Mixture law {known.version}</span>
      <span>
        Runs folder <code>{known.runsFolder}</code>
      </span>
      {!known.mayChange && known.how && <span>Looking only. {known.how}</span>}
    </footer>
  );
}
