import { formatCount } from './format.ts';

interface Preparation {
  corpus: string;
  phase: 'reading' | 'writing';
  documents: number;
  bytes: number;
  expectedBytes: number | null;
}

const LINE_INTERVAL_MS = 2000;

/** Plain lines about corpora being prepared: one when a corpus begins, and one every two seconds while it lasts. */
export function preparationLines(
  say: (line: string) => void,
  nowMs: () => number = () => performance.now(),
): (progress: Preparation) => void {
  let last: { corpus: string; atMs: number } | undefined;
  return ({ corpus, phase, documents, bytes, expectedBytes }) => {
    if (last?.corpus === corpus && nowMs() - last.atMs < LINE_INTERVAL_MS) return;
    last = { corpus, atMs: nowMs() };
    const share = expectedBytes ? ` of about ${formatCount(expectedBytes)}` : '';
    say(
      `preparing ${corpus}: ${phase}, ${formatCount(documents)} documents, ${formatCount(bytes)}${share} bytes`,
    );
  };
}
