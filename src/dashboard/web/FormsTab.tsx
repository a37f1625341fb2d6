import { fixed, percent } from '../../common/numbers.ts';
import type { FormsView } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import type { SweepDetail } from '../api/sweeps.ts';
import { withQuery } from './api.ts';
import { Check } from './Choice.tsx';
import { type Column, DataTable } from './DataTable.tsx';
import { fitStatus } from './fitWords.ts';
import { query, setQuery } from './router.ts';
import { views } from './routes.ts';
import { Answered, Empty, Freshness } from './States.tsx';
import { lawChanges } from './store.ts';
import { useQuery } from './useQuery.ts';

type FormRow = FormsView['losses'][number]['forms'][number];

/** The forms of the law side by side. */
export function FormsTab({ sweep, domain }: { sweep: SweepDetail; domain: string }) {
  const validate = query.value.get('validate') === '1';
  const asked = useQuery<FormsView>(
    withQuery(paths.forms(sweep.sweep), { domain, ...(validate ? { validate: true } : {}) }),
    { version: lawChanges.value },
  );
  if (asked.problem?.status === 409 && asked.data === null) {
    return (
      <Empty title="No forms to compare yet.">
        <p>{asked.problem.message}</p>
        {asked.problem.nextStep && <p>{asked.problem.nextStep}</p>}
      </Empty>
    );
  }
  return (
    <>
      <h2 class="unseen">Forms of the law of {domain}</h2>
      <div class="controls">
        <Check
          label="with errors on held-out rows (takes up to minutes)"
          isOn={validate}
          onChange={(isOn) => setQuery({ validate: isOn ? 1 : null }, { replace: true })}
        />
      </div>
      <Answered query={asked}>
        {(forms) => (
          <div class="stack">
            <Freshness {...forms} />
            {forms.losses.map((each) => (
              <FormsOfLoss key={each.loss} {...{ sweep, domain }} of={each} />
            ))}
          </div>
        )}
      </Answered>
    </>
  );
}

function FormsOfLoss(props: { sweep: SweepDetail; domain: string; of: FormsView['losses'][number] }) {
  const { sweep, domain, of } = props;
  const protocols = [...new Set(of.forms.flatMap(({ heldOut }) => heldOut.map(({ protocol }) => protocol)))];
  const heldOut = (row: FormRow, protocol: string) => row.heldOut.find((each) => each.protocol === protocol);
  const columns: Column<FormRow>[] = [
    {
      name: 'form',
      isHead: true,
      value: (row) => row.form,
      cell: (row) => (
        <>
          <a href={views.sweep(sweep.sweep, 'law', { domain, form: row.form })}>{row.form}</a>{' '}
          {row.isRecommended && <span class="tag is-good">✓ recommended</span>}
        </>
      ),
    },
    { name: 'parameters', value: (row) => row.parameters, isNumber: true },
    { name: 'fit', value: (row) => row.status, cell: (row) => fitStatus(row.status) },
    { name: 'R²', value: (row) => row.r2, cell: (row) => fixed(row.r2, 4), isNumber: true },
    {
      name: 'mean relative error',
      value: (row) => row.meanRelativeError,
      cell: (row) => percent(row.meanRelativeError),
      isNumber: true,
    },
    ...protocols.flatMap((protocol): Column<FormRow>[] => [
      {
        name: `${protocol}: inside`,
        value: (row) => heldOut(row, protocol)?.inside ?? null,
        cell: (row) => percent(heldOut(row, protocol)?.inside ?? null),
        isNumber: true,
      },
      {
        name: `${protocol}: beyond`,
        value: (row) => heldOut(row, protocol)?.beyond ?? null,
        cell: (row) => percent(heldOut(row, protocol)?.beyond ?? null),
        isNumber: true,
      },
    ]),
  ];
  const title = of.loss === 'general' ? 'General loss' : `Domain loss: ${domain}`;
  return (
    <section class="card cards-on-phone" aria-label={`Forms: ${title}`}>
      <DataTable
        caption={title}
        heading={3}
        fileWords={`${sweep.sweep} ${domain} forms ${of.loss}`}
        columns={columns}
        rows={of.forms}
        keyOf={(row) => row.form}
      />
      {of.recommendation && <p>{of.recommendation}</p>}
      {of.skipped.length > 0 && (
        <details class="as-table">
          <summary>{of.skipped.length} forms were not fitted</summary>
          <ul>
            {of.skipped.map(({ form, reason }) => (
              <li key={form}>
                <strong>{form}</strong>: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
