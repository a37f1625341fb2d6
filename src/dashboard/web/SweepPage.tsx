import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { duration, short } from '../../common/numbers.ts';
import { paths } from '../api/paths.ts';
import type { SweepDetail } from '../api/sweeps.ts';
import { Choice } from './Choice.tsx';
import { ConfigTab } from './ConfigTab.tsx';
import { CurvesTab } from './CurvesTab.tsx';
import { FormsTab } from './FormsTab.tsx';
import { GridTab } from './GridTab.tsx';
import { Guarded } from './Guarded.tsx';
import { lazily } from './lazily.tsx';
import { Progress, StateTag } from './Progress.tsx';
import { RunsTab } from './RunsTab.tsx';
import { query, setQuery } from './router.ts';
import { TAB_NAMES, TABS, type Tab, tabOf, views } from './routes.ts';
import { Empty, ProblemNote, Skeleton } from './States.tsx';
import { SweepActions } from './SweepActions.tsx';
import { detail, holdDetail } from './store.ts';
import { useQuery } from './useQuery.ts';
import { VersionsTab } from './VersionsTab.tsx';
import { flopsWords, runsWords, timeLeft, trainersWords } from './words.ts';

const LawTab = lazily(async () => (await import('./LawTab.tsx')).LawTab);
const QuestionTab = lazily(async () => (await import('./QuestionTab.tsx')).QuestionTab);

/** Of which tabs the domain is a part; the others show all of them. */
const OF_DOMAIN: readonly Tab[] = ['curves', 'law', 'question', 'versions', 'forms'];

/** One sweep: its head, its tabs. */
export function SweepPage({ sweep }: { sweep: string }) {
  const asked = useQuery<SweepDetail>(paths.sweep(sweep), { onData: holdDetail });
  const known = detail.value?.sweep === sweep ? detail.value : null;
  const tab = tabOf(query.value);
  if (asked.problem && !known) {
    return (
      <>
        <h1>{sweep}</h1>
        <ProblemNote problem={asked.problem} again={asked.again} />
        <p>
          <a href={views.sweeps}>All sweeps</a>
        </p>
      </>
    );
  }
  if (!known) {
    return (
      <>
        <h1>{sweep}</h1>
        <Skeleton lines={5} tall />
      </>
    );
  }
  const domain = chosenDomain(known);
  return (
    <>
      <SweepHead sweep={known} />
      <Tabs sweep={sweep} tab={tab} />
      {OF_DOMAIN.includes(tab) && known.domains.length > 1 && (
        <Choice
          label="Domain"
          isAlone
          options={known.domains.map((each) => [each, each] as const)}
          value={domain ?? ''}
          onChange={(each) => setQuery({ domain: each, run: null, size: null, tokens: null })}
        />
      )}
      <div class="tab" key={tab}>
        <Guarded what={TAB_NAMES[tab]}>{tabView(tab, known, domain)}</Guarded>
      </div>
    </>
  );
}

function Tabs({ sweep, tab }: { sweep: string; tab: Tab }) {
  const nav = useRef<HTMLElement>(null);
  const domain = query.value.get('domain');
  // On a phone there are more tabs than fit: the one that is shown is among those that are seen.
  useLayoutEffect(() => {
    const here = nav.current?.querySelector<HTMLElement>('[aria-current]');
    if (nav.current && here)
      nav.current.scrollLeft = here.offsetLeft - (nav.current.clientWidth - here.offsetWidth) / 2;
  }, [tab]);
  return (
    <nav class="tabs" aria-label={`Views of ${sweep}`} ref={nav}>
      {TABS.map((each) => (
        <a
          key={each}
          class="tab-link"
          href={views.sweep(sweep, each, domain ? { domain } : {})}
          aria-current={each === tab ? 'page' : undefined}
        >
          {TAB_NAMES[each]}
        </a>
      ))}
    </nav>
  );
}

/** The domain of the address if the sweep has it, else its first. */
function chosenDomain({ domains }: SweepDetail): string | null {
  const asked = query.value.get('domain');
  return asked !== null && domains.includes(asked) ? asked : (domains[0] ?? null);
}

function tabView(tab: Tab, sweep: SweepDetail, domain: string | null): VNode {
  if (tab === 'grid') return <GridTab sweep={sweep} />;
  if (tab === 'runs') return <RunsTab sweep={sweep} />;
  if (tab === 'config') return <ConfigTab sweep={sweep} />;
  if (domain === null) {
    return (
      <Empty title="This sweep has no domain.">
        <p>Its config trains base models only, so there is no mixture to fit a law to.</p>
      </Empty>
    );
  }
  const key = `${sweep.sweep} ${domain}`;
  if (tab === 'curves') return <CurvesTab key={key} sweep={sweep} domain={domain} />;
  if (tab === 'law') return <LawTab key={key} sweep={sweep} domain={domain} />;
  if (tab === 'question') return <QuestionTab key={key} sweep={sweep} domain={domain} />;
  if (tab === 'versions') return <VersionsTab key={key} sweep={sweep} domain={domain} />;
  return <FormsTab key={key} sweep={sweep} domain={domain} />;
}

function SweepHead({ sweep }: { sweep: SweepDetail }) {
  const { cost, tokens, trainers, problems } = sweep;
  return (
    <section class="sweep-head" aria-label="The sweep as a whole">
      <div class="page-head">
        <div class="sweep-title">
          <h1>{sweep.sweep}</h1>
          <StateTag state={sweep.state} />
        </div>
        <SweepActions sweep={sweep} />
      </div>
      <Progress sweep={sweep} />
      <p class="facts-line">
        <span>{runsWords(sweep)}</span>
        <span>
          {short(tokens.trained)} of {short(tokens.planned)} tokens
        </span>
        <span>{timeLeft(sweep)}</span>
        {trainers > 0 && <span>{trainersWords(sweep)}</span>}
        <span>
          {cost.trainerSeconds > 0 ? `${duration(cost.trainerSeconds)} of trainers, ` : ''}
          {flopsWords(cost.flops)}
        </span>
        <span>{sweep.observations.toLocaleString('en-US')} observations</span>
      </p>
      {problems.map((problem) => (
        <p key={problem} class="note is-warning">
          {problem}
        </p>
      ))}
    </section>
  );
}
