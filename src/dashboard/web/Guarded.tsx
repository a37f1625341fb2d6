import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';

/** What cannot be drawn takes nothing else with it. */
export function Guarded({ what, children }: { what: string; children: ComponentChildren }) {
  const [error, again] = useErrorBoundary();
  if (!error) return <>{children}</>;
  return (
    <div class="note is-bad" role="alert">
      <p>
        <strong>{what} cannot be shown.</strong> {error instanceof Error ? error.message : String(error)}
      </p>
      <button type="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}
