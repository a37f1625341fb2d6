import type { Interval, LawFit } from '../types.ts';
import { checkLevel, checkPositive } from './checks.ts';
import { layOut, surfaceOf } from './lossSurface.ts';
import { intervalOf, type PairOfLaws, replicatedPairs, unusable } from './replicates.ts';
import type { AnswerWords } from './types.ts';
import { cannotTell, percent } from './words.ts';

const QUESTION = 'what a mixture trades';

export interface ParetoPoint {
  domainRatio: number;
  generalLoss: number;
  domainLoss: number;
  generalInterval: Interval | null;
  domainInterval: Interval | null;
  /** Share of the resampled pairs of laws by which this ratio is on the front; null without them. */
  onFront: number | null;
}

export interface ParetoFront extends AnswerWords {
  /** Ratios of which no other is better in both losses, ascending. */
  points: ParetoPoint[];
  /**
   * Where the front bends most: the point farthest below the line between its ends, both losses in units of the front's own extent. A
   * hint, not an answer, as it depends on those units. null where the front does not bend towards lower losses.
   */
  knee: number | null;
  kneeInterval: Interval | null;
}

interface Losses {
  general: Float64Array;
  domain: Float64Array;
}

/** A front that lies nearer to its chord than this share of its extent has no knee. */
const STRAIGHT = 0.01;

/**
 * General against domain loss over all mixtures at a target (billions): the ratios of which no other is better in one loss and no worse
 * in the other. `steps` + 1 ratios are looked at. Not identified when resampled
 * fits leave open whether a loss changes along it at all.
 */
export function paretoFront(
  general: LawFit,
  domain: LawFit,
  target: { n: number; d: number },
  level: number,
  steps = 100,
): ParetoFront {
  checkLevel(level);
  checkPositive({ n: target.n, d: target.d }, 'Give N and D of the target in billions.');
  const cannotFit = unusable('general', general) ?? unusable('domain', domain);
  if (cannotFit)
    return { points: [], knee: null, kneeInterval: null, warnings: [], ...cannotTell(QUESTION, cannotFit) };

  const ratios = Array.from({ length: steps + 1 }, (_, k) => k / steps);
  const generalPoints = layOut(ratios.map((r) => ({ ...target, ratio: 1 - r })));
  const domainPoints = layOut(ratios.map((r) => ({ ...target, ratio: r })));
  const lossesBy = (laws: PairOfLaws): Losses => ({
    general: surfaceOf(laws.general).over(generalPoints),
    domain: surfaceOf(laws.domain).over(domainPoints),
  });
  const losses = lossesBy({ general, domain });
  const replicated = replicatedPairs(general, domain).map((pair) => {
    const own = lossesBy(pair);
    return { ...own, front: new Set(nonDominated(own)) };
  });
  const front = nonDominated(losses);
  const points = front.map(
    (i): ParetoPoint => ({
      domainRatio: ratios[i]!,
      generalLoss: losses.general[i]!,
      domainLoss: losses.domain[i]!,
      generalInterval: intervalOf(
        replicated.map((own) => own.general[i]!),
        level,
      ),
      domainInterval: intervalOf(
        replicated.map((own) => own.domain[i]!),
        level,
      ),
      onFront:
        replicated.length === 0
          ? null
          : replicated.filter((own) => own.front.has(i)).length / replicated.length,
    }),
  );
  const kneeBy = (own: Losses, on: readonly number[]) => {
    const at = kneeOf(own, on);
    return at === null ? null : ratios[at]!;
  };
  const knee = kneeBy(losses, front);
  const numbers = {
    points,
    knee,
    kneeInterval:
      knee === null
        ? null
        : intervalOf(
            replicated.map((own) => kneeBy(own, [...own.front])),
            level,
          ),
    warnings: [
      ...(replicated.length === 0 ? ['no resampled fits, so no intervals'] : []),
      ...(replicated.length === 0 && general.replicates.length + domain.replicates.length > 0
        ? ['only one of the two laws was resampled']
        : []),
      ...unsureEnds(points),
    ],
  };
  const trouble =
    points.length === 0
      ? 'the laws predict no loss at any ratio'
      : (unsureTrade('general', front, replicated, level) ?? unsureTrade('domain', front, replicated, level));
  if (trouble) return { ...numbers, ...cannotTell(QUESTION, trouble) };
  return { ...numbers, status: 'recommended', ...inWords(points, knee, ratios.length) };
}

function inWords(
  points: readonly ParetoPoint[],
  knee: number | null,
  looked: number,
): Pick<AnswerWords, 'sentence' | 'reason'> {
  const [first, last] = [points[0]!, points.at(-1)!];
  const at = ({ domainRatio, generalLoss, domainLoss }: ParetoPoint) =>
    `${domainRatio.toFixed(2)} (general loss ${generalLoss.toFixed(4)}, domain loss ${domainLoss.toFixed(4)})`;
  if (points.length === 1) {
    return {
      sentence: `Ratio ${at(first)} is best in both losses: nothing is traded.`,
      reason: 'one ratio is best in both losses',
    };
  }
  return {
    sentence:
      `Domain loss is bought with general loss from ratio ${at(first)} to ${at(last)}` +
      (knee === null
        ? '.'
        : `; the exchange gets dearer most quickly near ${knee.toFixed(2)}, which is a hint only.`),
    reason: `no other mixture is better in both losses than these ${points.length} of the ${looked} looked at`,
  };
}

/** Indices whose losses no other index beats in one and equals in the other, ascending. Equal points are all kept. */
function nonDominated({ general, domain }: Losses): number[] {
  const known = Array.from(general, (_, i) => i).filter(
    (i) => Number.isFinite(general[i]!) && Number.isFinite(domain[i]!),
  );
  known.sort((a, b) => general[a]! - general[b]! || domain[a]! - domain[b]!);
  const front: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const i of known) {
    const last = front.at(-1);
    const isEqual = last !== undefined && general[i] === general[last] && domain[i] === domain[last];
    if (domain[i]! < least || isEqual) front.push(i);
    least = Math.min(least, domain[i]!);
  }
  return front.sort((a, b) => a - b);
}

function kneeOf({ general, domain }: Losses, front: readonly number[]): number | null {
  if (front.length < 3) return null;
  const byGeneral = [...front].sort((a, b) => general[a]! - general[b]!);
  const [first, last] = [byGeneral[0]!, byGeneral.at(-1)!];
  const width = general[last]! - general[first]!;
  const height = domain[first]! - domain[last]!;
  if (!(width > 0 && height > 0)) return null;
  // In units of the front's extent its ends are (0, 1) and (1, 0): what a point lacks to the line x + y = 1.
  const below = (i: number) =>
    1 - (general[i]! - general[first]!) / width - (domain[i]! - domain[last]!) / height;
  const knee = byGeneral.reduce((a, b) => (below(b) > below(a) ? b : a));
  return below(knee) / Math.SQRT2 > STRAIGHT ? knee : null;
}

/** Whether resampled fits leave open that a loss changes from one end of the front to the other. */
function unsureTrade(
  of: 'general' | 'domain',
  front: readonly number[],
  replicated: readonly Losses[],
  level: number,
): string | null {
  const [first, last] = [front[0], front.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const changes = intervalOf(
    replicated.map((own) => own[of][last]! - own[of][first]!),
    level,
  );
  return changes && changes.low <= 0 && changes.high >= 0
    ? `by the fits to resampled runs the ${of} loss may change by anything from ${changes.low.toFixed(4)} to ${changes.high.toFixed(4)} nats along it`
    : null;
}

function unsureEnds(points: readonly ParetoPoint[]): string[] {
  const unsure = points.filter(({ onFront }) => onFront !== null && onFront < 0.7);
  if (unsure.length === 0) return [];
  const least = Math.min(...unsure.map(({ onFront }) => onFront!));
  return [
    `ratios ${unsure[0]!.domainRatio.toFixed(2)} to ${unsure.at(-1)!.domainRatio.toFixed(2)} are on the front by as few as ${percent(least)} of the resampled fits`,
  ];
}
