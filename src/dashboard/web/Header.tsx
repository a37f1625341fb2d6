import { theme } from '../charts/theme.ts';
import { ConnectionPill } from './ConnectionState.tsx';
import { route } from './router.ts';
import { views } from './routes.ts';
import { queue } from './store.ts';
import { chooseTheme, themeChoice } from './themeChoice.ts';

export function Header() {
  const view = route.value.view;
  const working =
    queue.value?.state === 'connected' ? queue.value.workers.filter(({ gone }) => !gone).length : 0;
  const links = [
    { href: views.sweeps, name: 'Sweeps', isHere: view === 'sweeps' || view === 'sweep' || view === 'run' },
    { href: views.queue, name: 'Queue', isHere: view === 'queue', count: working },
    { href: views.compare(), name: 'Compare', isHere: view === 'compare' },
  ];
  return (
    <header class="top">
      <a class="brand" href={views.sweeps} aria-label="Mixture law: all sweeps">
        <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M4 8c6 10 13 14 24 15" class="brand-general" />
          <path d="M4 24c10-1 18-6 24-17" class="brand-domain" />
          <circle cx="15" cy="19.4" r="3.6" class="brand-point" />
        </svg>
        <span>Mixture law</span>
      </a>
      <nav aria-label="Views">
        {links.map(({ href, name, isHere, count }) => (
          <a key={href} class="tab-link" href={href} aria-current={isHere ? 'page' : undefined}>
            {name}
            {count ? (
              <span class="count">
                {count}
                <span class="unseen"> workers</span>
              </span>
            ) : null}
          </a>
        ))}
      </nav>
      <ConnectionPill />
      <ThemeButton />
    </header>
  );
}

function ThemeButton() {
  const isDark = theme.value.name === 'dark';
  return (
    <button
      type="button"
      class="icon-button"
      onClick={() => chooseTheme(isDark ? 'light' : 'dark')}
      title={`${isDark ? 'Light' : 'Dark'} colours${themeChoice.value ? '' : ' (now as your system has them)'}`}
      aria-label={`Change to ${isDark ? 'light' : 'dark'} colours`}
    >
      <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
        <circle cx="9" cy="9" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
        <path d="M9 2a7 7 0 0 1 0 14z" fill="currentColor" />
      </svg>
    </button>
  );
}
