import * as Plot from '@observablehq/plot';
import { percent } from '../../common/numbers.ts';
import type { Protocol } from '../../laws/validation/folds.ts';
import { type FormRow, formRows } from '../fitChoice.ts';
import { protocolName, protocolsOf } from '../fitTables.ts';
import type { FittedLoss } from '../fitTypes.ts';
import {
  axis,
  clamp,
  composeFigure,
  FIGURE_WIDTH,
  gridMarks,
  type LegendEntry,
  type Panel,
} from './drawing.ts';
import { logTicks } from './lossAgainstTokens.ts';
import { ACCENT, FAINT_INK, GRID, INK } from './palette.ts';
import type { Figure } from './types.ts';

/** Okabe & Ito's, without the vermillion of the recommendation. */
const PROTOCOL_COLOURS: Readonly<Record<Protocol, string>> = {
  'model-size': '#0072b2',
  tokens: '#e69f00',
  ratio: '#009e73',
  forward: '#cc79a7',
  'largest-size': '#56b4e9',
};
const ROW_HEIGHT = 26;
/** Errors outside these are drawn at the edge: 0.001 % and 1,000 %. */
const LIMITS = [1e-5, 10] as const;
const LONGEST_LABEL = 34;

export interface FormErrorDot {
  /** Row from the top, 0 the lowest held-out error. */
  row: number;
  protocol: Protocol;
  kind: 'interpolation' | 'extrapolation';
  /** Mean relative error. */
  error: number;
}

export interface FormErrorsData {
  rows: FormRow[];
  protocols: Protocol[];
  dots: FormErrorDot[];
  /** Lowest mean held-out error of a baseline; null without baselines. */
  bestBaseline: number | null;
}

/** What the figure shows; errors that are not finite are left out. */
export function formErrorsData(fitted: FittedLoss): FormErrorsData {
  const rows = formRows(fitted).filter(({ validation }) => validation);
  const protocols = protocolsOf(fitted);
  const dots = rows.flatMap(({ validation }, row) =>
    protocols.flatMap((protocol) =>
      (['interpolation', 'extrapolation'] as const).flatMap((kind): FormErrorDot[] => {
        const error = validation!.heldOut[protocol]?.[kind]?.meanRelativeError;
        return error !== undefined && Number.isFinite(error) ? [{ row, protocol, kind, error }] : [];
      }),
    ),
  );
  const baselines = rows
    .filter(({ kind, error }) => kind === 'baseline' && Number.isFinite(error))
    .map(({ error }) => error);
  return { rows, protocols, dots, bestBaseline: baselines.length ? Math.min(...baselines) : null };
}

/** Figure: every form's error on held-out rows; null when nothing was held out. */
export function formErrors(fitted: FittedLoss, lossName: string): Omit<Figure, 'name'> | null {
  const data = formErrorsData(fitted);
  if (data.dots.length === 0) return null;
  const { rows, protocols, bestBaseline } = data;
  const recommended = fitted.recommendation?.form ?? null;
  const domain = errorRange([...data.dots.map(({ error }) => error), ...rows.map(({ error }) => error)]);
  const labels = rows.map((row) =>
    shortened(
      `${row.name}${row.kind === 'baseline' ? ' (baseline)' : ''}${row.validation!.uncovered > 0 ? ' *' : ''}`,
    ),
  );
  const labelWidth = Math.max(...labels.map((label) => label.length)) * 6.8 + 16;
  const inner = (FIGURE_WIDTH - labelWidth) / 3;
  const height = rows.length * ROW_HEIGHT + 56;
  const panel = (at: number, title: string, marks: Plot.Markish[]): Panel => ({
    title,
    x: at === 0 ? 0 : labelWidth + at * inner,
    y: 0,
    width: at === 0 ? labelWidth + inner : inner,
    height,
    plot: {
      marginLeft: at === 0 ? labelWidth : 10,
      marginRight: 24,
      marginTop: 6,
      marginBottom: 44,
      x: axis('mean relative error', {
        type: 'log',
        domain,
        ticks: logTicks(domain, inner / 52),
        tickFormat: (error: number) => percent(error),
      }),
      y: axis('', {
        domain: [rows.length - 0.4, -0.6],
        ticks: at === 0 ? rows.map((_, row) => row) : [],
        tickFormat: (row: number) => labels[row]!,
        tickSize: 0,
      }),
      marks: [
        Plot.ruleY(
          rows.map((_, row) => row),
          { stroke: GRID },
        ),
        ...gridMarks('x', { ticks: logTicks(domain, inner / 52) }),
        ...marks,
      ],
    },
  });
  const dotsOf = (kind: FormErrorDot['kind']): Plot.Markish[] => [
    Plot.dot(
      data.dots.filter((dot) => dot.kind === kind),
      {
        x: (dot: FormErrorDot) => clamp(dot.error, domain),
        // Protocols stand a little apart so that none hides another.
        y: (dot: FormErrorDot) =>
          dot.row + (protocols.indexOf(dot.protocol) - (protocols.length - 1) / 2) * 0.13,
        r: 3.4,
        fill: (dot: FormErrorDot) => PROTOCOL_COLOURS[dot.protocol],
        fillOpacity: 0.9,
      },
    ),
  ];
  const title = `${lossName}: error on held-out rows by form`;
  const means = rows.flatMap(({ name, kind, error }, row) =>
    Number.isFinite(error) ? [{ row, kind, error, chosen: kind === 'law' && name === recommended }] : [],
  );
  const legend: LegendEntry[] = [
    ...protocols.map((protocol) => ({
      label: protocolName(protocol),
      colour: PROTOCOL_COLOURS[protocol],
      mark: 'dot' as const,
    })),
    ...(recommended === null ? [] : [{ label: 'to rely on', colour: ACCENT, mark: 'dot' as const }]),
    ...(bestBaseline === null
      ? []
      : [
          { label: 'baseline', colour: INK, mark: 'ring' as const },
          { label: 'best baseline', colour: FAINT_INK, mark: 'dashed' as const },
        ]),
  ];
  const best = means[0];
  return {
    title,
    caption: `Mean relative error of held-out losses, the lowest mean over protocols first; left the mean over protocols, then each protocol, with held-out points inside and outside the range of what was fitted. A form right of the dashed line is beaten by a baseline that knows no law. Logarithmic axis; errors beyond its ends stand at its edge.${
      rows.some(({ validation }) => validation!.uncovered > 0)
        ? ' * has no value on some rows, which are not held against it: not to be compared with the others.'
        : ''
    }`,
    description: `${title}: ${rows.length} forms and baselines${
      best ? `; lowest is ${labels[best.row]} with ${percent(best.error)}` : ''
    }${recommended === null ? '' : `; recommended is ${recommended}`}${
      bestBaseline === null ? '' : `; the best baseline errs by ${percent(bestBaseline)}`
    }.`,
    svg: composeFigure(
      [
        panel(0, 'Mean over protocols', [
          ...(bestBaseline === null
            ? []
            : [Plot.ruleX([clamp(bestBaseline, domain)], { stroke: FAINT_INK, strokeDasharray: '4 3' })]),
          Plot.dot(means, {
            x: (mean) => clamp(mean.error, domain),
            y: 'row',
            r: (mean) => (mean.chosen ? 5.5 : 4),
            fill: (mean) => (mean.kind === 'baseline' ? '#ffffff' : mean.chosen ? ACCENT : INK),
            stroke: (mean) => (mean.chosen ? ACCENT : INK),
            strokeWidth: 1.5,
          }),
          ...meanLabels(means, domain),
        ]),
        panel(1, 'Interpolation', dotsOf('interpolation')),
        panel(2, 'Extrapolation', dotsOf('extrapolation')),
      ],
      legend,
      title,
    ),
  };
}

/** The number beside each mean, on the side that has room. */
function meanLabels(
  means: readonly { row: number; error: number }[],
  domain: [number, number],
): Plot.Markish[] {
  const middle = Math.sqrt(domain[0] * domain[1]);
  return (['right', 'left'] as const).map((side) =>
    Plot.text(
      means.filter(({ error }) => error <= middle === (side === 'right')),
      {
        x: (mean) => clamp(mean.error, domain),
        y: 'row',
        text: (mean) => percent(mean.error, 3),
        dx: side === 'right' ? 10 : -10,
        textAnchor: side === 'right' ? 'start' : 'end',
        fontSize: 11,
        fill: INK,
        stroke: '#ffffff',
        strokeWidth: 3,
      },
    ),
  );
}

function errorRange(errors: readonly number[]): [number, number] {
  const finite = errors.filter(Number.isFinite).map((error) => clamp(error, LIMITS));
  return [Math.min(...finite) / 1.35, Math.max(...finite) * 1.35];
}

const shortened = (label: string): string =>
  [...label].length > LONGEST_LABEL ? `${[...label].slice(0, LONGEST_LABEL - 1).join('')}…` : label;
