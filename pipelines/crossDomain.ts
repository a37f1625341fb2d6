/** `npm run cross-domain -- six-domains --target new`: laws over domains, held out; and a new domain foretold from its first steps. */
import { Option } from 'commander';
import { crossDomainReport } from '../src/analysis/crossDomain.ts';
import type { DomainData } from '../src/analysis/domainData.ts';
import { foretellDomain } from '../src/analysis/foretell.ts';
import { readSource } from '../src/analysis/source.ts';
import { parseTarget } from '../src/cli/counts.ts';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { oneOf, share } from '../src/cli/numbers.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { UserError } from '../src/common/errors.ts';
import { textTable } from '../src/common/textTable.ts';
import { K_KINDS, type KKind } from '../src/laws/crossDomain/forms.ts';
import { crossDomainSentence, crossDomainTables } from '../src/report/crossDomainTables.ts';

interface Flags {
  target?: string;
  domain?: string;
  at?: string;
  tolerance: number;
  k?: KKind;
  k1Share?: number;
  k2Share?: number;
  probeRatio?: number;
}

await runCommand(async () => {
  const command = parseCommandLine(
    {
      name: 'cross-domain',
      summary:
        'Fits the cross-domain D-CPT law to several domains, holds domains out, and foretells a new one from its first steps.',
      argument: {
        name: '<sweep-or-file...>',
        description: 'sweeps in the runs folder, or tables of measurements with a domain column',
      },
      options: ['json', 'runs'],
      more: [
        new Option(
          '--target <sweep-or-file>',
          'the new domain: a sweep or table that has at least its first steps',
        ),
        new Option('--domain <name>', 'which domain of the target; it is left out of the fits'),
        new Option('--at <target>', 'model_size=…,tokens=… (the largest measured when left out)'),
        new Option('--tolerance <share>', 'how far general loss may rise above the base model’s')
          .default(0.03)
          .argParser(share),
        new Option(
          '--k <kind>',
          'K1, K2, K3 or K4; the one that foretells held-out domains best when left out',
        ).argParser(oneOf(K_KINDS)),
        new Option('--k1-share <share>', 'k1 is read after this share of a run’s tokens (0.005)').argParser(
          share,
        ),
        new Option('--k2-share <share>', 'k2 after this share, k3 after twice as much (0.025)').argParser(
          share,
        ),
        new Option('--probe-ratio <share>', 'probe at the measured ratio nearest to this (0.67)').argParser(
          share,
        ),
      ],
      examples: [
        ['six-domains', 'every hold-out of two domains, K1 to K4, against the nearest domain’s law'],
        [
          'six-domains --target six-domains --domain music',
          'music foretold from its first steps and the other five domains',
        ],
        ['code math law --target probe.csv --json', 'a new domain measured elsewhere'],
      ],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const flags = command.more as unknown as Flags;
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const reading = { runsFolder: command.options.runs, skipBadRows: false };
  const sources = await Promise.all(command.all.map((source) => readSource(source, reading)));
  const probe = {
    ...(flags.k1Share === undefined ? {} : { k1Share: flags.k1Share }),
    ...(flags.k2Share === undefined ? {} : { k2Share: flags.k2Share }),
    ...(flags.probeRatio === undefined ? {} : { domainRatio: flags.probeRatio }),
  };
  const at = flags.at === undefined ? { modelSize: null, tokens: null } : parseTarget(flags.at);
  if ((at.modelSize === null) !== (at.tokens === null)) {
    throw new UserError('--at needs both model_size and tokens here', 'E.g. --at model_size=1.8B,tokens=10B');
  }
  const target = at.modelSize === null ? null : { n: at.modelSize / 1e9, d: at.tokens! / 1e9 };
  const known = distinctNames(command.all, sources);

  if (flags.target === undefined) {
    if (flags.domain !== undefined)
      throw new UserError('--domain needs a --target', 'E.g. --target six-domains --domain music');
    const report = crossDomainReport(known, { target, tolerance: flags.tolerance, probe, onStep: say });
    const content = { ...report, laws: { ...report.laws } };
    if (command.options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    else {
      const tables = crossDomainTables(content).map(
        ({ title, columns, rows, footnote }) =>
          `${title}\n${textTable(columns, rows)}${footnote ? `\n${footnote}` : ''}`,
      );
      process.stdout.write(`${crossDomainSentence(content)}\n\n${tables.join('\n\n')}\n`);
    }
    return EXIT_CODES.done;
  }

  const targets = await readSource(flags.target, {
    ...reading,
    ...(flags.domain === undefined ? {} : { domain: flags.domain }),
  });
  if (targets.length !== 1) {
    throw new UserError(
      `${flags.target} has ${targets.length} domains: ${targets.map(({ domain }) => domain).join(', ')}`,
      'Say which one: --domain NAME',
    );
  }
  const isTarget = ({ domain }: DomainData) =>
    command.all.includes(flags.target!) && domain.endsWith(targets[0]!.domain);
  const foretold = foretellDomain(
    known.filter((data) => !isTarget(data)),
    targets[0]!,
    {
      target,
      tolerance: flags.tolerance,
      kind: flags.k ?? null,
      probe,
      onStep: say,
    },
  );
  if (command.options.json) {
    process.stdout.write(`${JSON.stringify(foretold, null, 2)}\n`);
    return EXIT_CODES.done;
  }
  const { domain, kind, kindReason, question, domainRatio, measured, losses, fittedTo } = foretold;
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const lines = [
    question === null
      ? `${domain}: no base loss is known, so no ratio can be named.`
      : domainRatio === null
        ? `${domain}: infeasible, no ratio keeps general loss below ${question.generalLossLimit.toFixed(4)}.`
        : `Mix ${domainRatio.toFixed(2)} ${domain}, foretold from ${Math.round(foretold.probe.cost * 1e9).toLocaleString('en-US')} probe tokens and the laws of ${fittedTo.join(', ')}.`,
    `K: ${kind} (${kindReason}). A forecast has no interval of its own: hold-outs say how far to trust it.`,
    ...(measured
      ? [
          `Against ${measured.rows} later measurements that nothing was fitted to: general loss off by ${percent(measured.general.meanRelativeError)} (R² ${measured.general.r2.toFixed(3)}), ${domain} loss by ${percent(measured.ofDomain.meanRelativeError)} (R² ${measured.ofDomain.r2.toFixed(3)}).`,
        ]
      : []),
    '',
    textTable(
      [
        { header: 'ratio', align: 'right' },
        { header: 'general loss', align: 'right' },
        { header: `${domain} loss`, align: 'right' },
      ],
      losses.map((row) => [
        row.domainRatio.toFixed(1),
        row.generalLoss.toFixed(4),
        row.domainLoss.toFixed(4),
      ]),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT_CODES.done;
});

/** Domains of several sources; where two share a name, each bears its source's. */
function distinctNames(names: readonly string[], sources: readonly DomainData[][]): DomainData[] {
  const all = sources.flatMap((domains, i) => domains.map((data) => ({ data, source: names[i]! })));
  const times = (domain: string) => all.filter(({ data }) => data.domain === domain).length;
  return all.map(({ data, source }) =>
    times(data.domain) > 1 ? { ...data, domain: `${source}/${data.domain}` } : data,
  );
}
