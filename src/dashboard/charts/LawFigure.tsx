import { useCallback } from 'preact/hooks';
import { percent, short } from '../../common/numbers.ts';
import type { LawView } from '../api/laws.ts';
import { type LossName, lossView, POINT_COLUMNS, pointRow, sizesOf } from './lawData.ts';
import { identityPanel, type PanelInputs, ratioPanel, residualPanel } from './lawPanels.ts';
import { PlotFigure } from './PlotFigure.tsx';
import { sizeColours, type Theme } from './palette.ts';
import type { LegendEntry } from './svgText.ts';

export interface LawFigureProps {
  law: LawView;
  kind: 'curves' | 'residuals-ratio' | 'residuals-tokens' | 'identity';
  modelSize: number | null;
  selected?: string | null;
  isDimmed?: boolean;
}

const LOSSES: readonly LossName[] = ['general', 'domain'];

const TITLES: Record<LawFigureProps['kind'], string> = {
  curves: 'Loss against domain ratio',
  'residuals-ratio': 'Residuals against domain ratio',
  'residuals-tokens': 'Residuals against tokens',
  identity: 'Predicted against measured',
};

/** Both laws of a domain beside each other, in one of the ways to look at them. */
export function LawFigure({ law, kind, modelSize, selected = null, isDimmed = false }: LawFigureProps) {
  const panels = useCallback(
    (theme: Theme) =>
      LOSSES.map((loss) => ({
        title: loss === 'general' ? 'General loss' : `Domain loss: ${law.domain}`,
        options: panelOf(kind, {
          ...{ view: lossView(law, loss), domain: law.domain, modelSize, selected, theme },
          colours: sizeColours(sizesOf(law), theme),
        }),
      })),
    [law, kind, modelSize, selected],
  );
  const legend = (theme: Theme): LegendEntry[] => [
    ...[...sizeColours(sizesOf(law), theme)]
      .filter(([size]) => modelSize === null || size === modelSize)
      .map(([size, colour]) => ({ label: short(size), colour, mark: 'dot' as const })),
    ...(kind === 'curves'
      ? [
          { label: `law ${law.form}`, colour: theme.faint, mark: 'line' as const },
          { label: `${percent(law.level)} band`, colour: theme.faint, mark: 'band' as const },
        ]
      : []),
    { label: 'outside the band', colour: theme.accent, mark: 'cross' },
  ];
  const { general, ofDomain } = law;
  return (
    <PlotFigure
      title={TITLES[kind]}
      name={`${law.sweep} ${law.domain} ${law.form}`}
      description={`${TITLES[kind]}, for the general loss and the ${law.domain} loss: ${general.pointsInAll} and ${ofDomain.pointsInAll} measured rows, of which ${general.outside} and ${ofDomain.outside} lie outside the band. The table below has the numbers.`}
      panels={panels}
      legend={legend}
      isDimmed={isDimmed}
      table={() => ({
        header: POINT_COLUMNS,
        rows: LOSSES.flatMap((loss) =>
          lossView(law, loss)
            .points.filter((point) => kind !== 'curves' || point.isLast)
            .map((point) => pointRow(loss, point)),
        ),
      })}
      note={kind === 'curves' ? bandNote(law) : undefined}
    />
  );
}

function panelOf(kind: LawFigureProps['kind'], inputs: PanelInputs) {
  if (kind === 'curves') return ratioPanel(inputs);
  if (kind === 'identity') return identityPanel(inputs);
  return residualPanel({ ...inputs, against: kind === 'residuals-ratio' ? 'domainRatio' : 'tokens' });
}

function bandNote(law: LawView): string {
  const told = (name: string, { outside, pointsInAll, expectedOutside }: LawView['general']) =>
    `${name}: ${outside} of ${pointsInAll} rows outside the band, about ${Math.round(expectedOutside)} expected.`;
  return `Points: measured at the end of each run. ${told('General', law.general)} ${told('Domain', law.ofDomain)}`;
}
