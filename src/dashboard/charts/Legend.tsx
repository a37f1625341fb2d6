import type { LegendEntry } from './svgText.ts';

/** What the colours and marks of a figure stand for. */
export function Legend({ entries }: { entries: readonly LegendEntry[] }) {
  if (entries.length === 0) return null;
  return (
    <ul class="legend">
      {entries.map((entry) => (
        <li key={`${entry.label} ${entry.mark}`}>
          <svg width="18" height="12" viewBox="0 0 18 12" aria-hidden="true">
            <Mark {...entry} />
          </svg>
          {entry.label}
        </li>
      ))}
    </ul>
  );
}

function Mark({ mark, colour }: LegendEntry) {
  if (mark === 'dot') return <circle cx="9" cy="6" r="4" fill={colour} />;
  if (mark === 'ring') return <circle cx="9" cy="6" r="4" fill="none" stroke={colour} stroke-width="1.6" />;
  if (mark === 'cross') return <path d="M5,2l8,8m0,-8l-8,8" stroke={colour} stroke-width="1.8" />;
  if (mark === 'band') return <rect x="1" y="1" width="16" height="10" fill={colour} fill-opacity="0.25" />;
  return (
    <line
      x1="1"
      x2="17"
      y1="6"
      y2="6"
      stroke={colour}
      stroke-width="2"
      stroke-dasharray={mark === 'dashed' ? '4 3' : undefined}
    />
  );
}
