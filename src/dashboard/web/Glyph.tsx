import type { RunStatus } from '../api/sweeps.ts';

/** A run’s state as a shape: colour alone tells not everyone. */
export function Glyph({ status }: { status: RunStatus }) {
  return (
    <svg class={`glyph is-${status}`} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      {SHAPES[status]}
    </svg>
  );
}

const LINE = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 1.8,
  'stroke-linecap': 'round',
} as const;

const SHAPES = {
  planned: <circle cx="7" cy="7" r="4.6" {...LINE} stroke-dasharray="1.5 3" />,
  running: (
    <>
      <circle cx="7" cy="7" r="4.8" {...LINE} />
      <path d="M7 2.2a4.8 4.8 0 0 1 0 9.6z" fill="currentColor" />
    </>
  ),
  done: <path d="M2.6 7.6l3 3L11.4 4" {...LINE} stroke-width={2.2} />,
  diverged: <path d="M1.5 10.5l3-5 2.5 4 2-7 1.2 4.5L12.5 2" {...LINE} />,
  failed: <path d="M3 3l8 8M11 3l-8 8" {...LINE} stroke-width={2.2} />,
} satisfies Record<RunStatus, unknown>;

export function StatusMark({ status }: { status: RunStatus }) {
  return (
    <span class={`status is-${status}`}>
      <Glyph status={status} /> {status}
    </span>
  );
}
