import type { ComponentChildren } from 'preact';
import { duration } from '../../common/numbers.ts';
import type { Computing } from '../api/laws.ts';
import type { RequestError } from './api.ts';
import { CopyButton } from './CopyButton.tsx';
import type { Query } from './useQuery.ts';

/** Nothing is there yet, and what to do about it. */
export function Empty(props: { title: string; children?: ComponentChildren; command?: string }) {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
      {props.children}
      {props.command && <Command text={props.command} />}
    </div>
  );
}

/** A command of the terminal, to be copied. */
export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <code tabIndex={0}>{text}</code>
      <CopyButton text={text} />
    </div>
  );
}

export function ProblemNote({ problem, again }: { problem: RequestError; again?: () => void }) {
  return (
    <div class="note is-bad" role="alert">
      <p>
        <strong>{sentence(problem.message)}</strong>
      </p>
      {problem.nextStep && <p>{problem.nextStep}</p>}
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Begins with a capital and ends with a full stop. */
export function sentence(words: string): string {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?:]$/.test(text) ? text : `${text}.`;
}

export function Skeleton({ lines = 4, tall = false }: { lines?: number; tall?: boolean }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} class={tall ? 'bone tall' : 'bone'} />
      ))}
    </div>
  );
}

export function ComputingNote({ computing }: { computing: Computing | null }) {
  return (
    <div class={`computing ${computing ? '' : 'is-idle'}`} role="status">
      {computing && (
        <>
          <span class="spinner" aria-hidden="true" />
          <span>
            Computing {computing.what}
            {computing.elapsedMs >= 1500
              ? `, for ${duration(Math.round(computing.elapsedMs / 1000))} now`
              : ''}
            …
          </span>
        </>
      )}
    </div>
  );
}

/** When a result is from, and whether a newer one is on its way. */
export function Freshness(props: { computedAt: string; seconds: number; isStale: boolean }) {
  return (
    <p class="freshness">
      {props.isStale && <span class="tag is-warning">New measurements have come: being computed anew</span>}
      <span class="faint">
        Computed{' '}
        <time dateTime={props.computedAt}>{new Date(props.computedAt).toLocaleTimeString('en-GB')}</time> in{' '}
        {duration(props.seconds)}
      </span>
    </p>
  );
}

/** The states of a question around its answer. The last answer stays, dimmed, while a newer one is on its way. */
export function Answered<Result>(props: {
  query: Query<Result>;
  children: (data: Result, isOld: boolean) => ComponentChildren;
  skeletonLines?: number;
}) {
  const { data, problem, computing, isOld, isLoading, again } = props.query;
  return (
    <>
      {(computing || data !== null) && <ComputingNote computing={computing} />}
      {problem && <ProblemNote problem={problem} again={again} />}
      {isLoading && <Skeleton lines={props.skeletonLines ?? 3} tall />}
      {data !== null && (
        <div class={isOld ? 'answered dimmed' : 'answered'} aria-busy={isOld}>
          {props.children(data, isOld)}
        </div>
      )}
    </>
  );
}
