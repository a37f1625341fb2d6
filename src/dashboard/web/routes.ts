/** The tabs of a sweep, in their order. */
export const TABS = ['grid', 'curves', 'law', 'question', 'runs', 'versions', 'forms', 'config'] as const;
export type Tab = (typeof TABS)[number];

export const TAB_NAMES: Record<Tab, string> = {
  grid: 'Grid',
  curves: 'Loss curves',
  law: 'Law',
  question: 'Question',
  runs: 'Runs',
  versions: 'Versions',
  forms: 'Forms',
  config: 'Config',
};

export type Route =
  | { view: 'sweeps' }
  | { view: 'sweep'; sweep: string }
  | { view: 'run'; run: string }
  | { view: 'queue' }
  | { view: 'compare' }
  | { view: 'none'; path: string };

/** Which view a path names. */
export function routeOf(path: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second] = parts;
  if (parts.length === 0) return { view: 'sweeps' };
  if (parts.length === 1 && (first === 'queue' || first === 'compare')) return { view: first };
  if (parts.length === 2 && second !== undefined) {
    const name = decoded(second);
    if (name !== null && first === 'sweeps') return { view: 'sweep', sweep: name };
    if (name !== null && first === 'runs') return { view: 'run', run: name };
  }
  return { view: 'none', path };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

export const tabOf = (query: URLSearchParams): Tab => {
  const tab = query.get('tab') as Tab;
  return TABS.includes(tab) ? tab : 'grid';
};

/** Addresses of views. */
export const views = {
  sweeps: '/',
  sweep: (sweep: string, tab?: Tab, more: Record<string, string> = {}): string => {
    const search = new URLSearchParams(tab && tab !== 'grid' ? { tab, ...more } : more).toString();
    return `/sweeps/${encodeURIComponent(sweep)}${search ? `?${search}` : ''}`;
  },
  run: (run: string) => `/runs/${encodeURIComponent(run)}`,
  queue: '/queue',
  compare: (sweeps: readonly string[] = []) =>
    sweeps.length > 0 ? `/compare?sweeps=${sweeps.map(encodeURIComponent).join(',')}` : '/compare',
} as const;

/** The window’s title. */
export function titleOf(route: Route, tab: Tab, runLabel: string | null): string {
  const words = {
    sweeps: () => 'Sweeps',
    sweep: () => (route.view === 'sweep' ? `${TAB_NAMES[tab]} · ${route.sweep}` : ''),
    run: () => (route.view === 'run' ? `${runLabel ?? route.run.slice(0, 12)} · run` : ''),
    queue: () => 'Queue',
    compare: () => 'Compare',
    none: () => 'Nothing here',
  }[route.view]();
  return `${words} · Mixture law`;
}
