import { computed, signal } from '@preact/signals';
import { type Route, routeOf } from './routes.ts';

/** Where the page is: all that a view shows follows from it. */
const place = signal({ path: location.pathname, search: location.search });

export const route = computed<Route>(() => routeOf(place.value.path));
export const query = computed(() => new URLSearchParams(place.value.search));

const read = () => {
  place.value = { path: location.pathname, search: location.search };
};

/** Goes to an address of this page. */
export function navigate(url: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  const wasPath = place.value.path;
  read();
  if (place.value.path !== wasPath) {
    window.scrollTo(0, 0);
    document.getElementById('content')?.focus({ preventScroll: true });
  }
}

/** Changes parts of the query and leaves the rest; null removes. `replace`: without a step in the history. */
export function setQuery(
  changes: Record<string, string | number | null>,
  options: { replace?: boolean } = {},
): void {
  const next = new URLSearchParams(place.value.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, String(value));
  }
  const text = next.toString();
  const url = `${place.value.path}${text ? `?${text}` : ''}`;
  if (url !== `${place.value.path}${place.value.search}`) navigate(url, options);
}

/** Follows back, forward and every link to a view of this page. */
export function startRouter(): void {
  window.addEventListener('popstate', read);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null;
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    if (routeOf(link.pathname).view === 'none') return;
    event.preventDefault();
    navigate(`${link.pathname}${link.search}`);
  });
}
