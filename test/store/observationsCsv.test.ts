import { describe, expect, it } from 'vitest';
import { observationsCsv } from '../../src/store/observationsCsv.ts';
import type { SweepObservation } from '../../src/store/types.ts';
import { observation, plan } from './fixture.ts';

const [cpt, , , base] = plan();
const row = (from: typeof cpt, tokens: number): SweepObservation => ({
  ...observation(from!.run.run, tokens, from!.run.kind === 'cpt'),
  ...from!.label,
});

describe('observations.csv', () => {
  it('has the documented columns, empty domain cells in base runs, and every digit', () => {
    expect(observationsCsv('math', [row(base, 0), row(cpt, 2)])).toBe(
      'sweep,run,seed,domain,model_size,total_parameters,tokens,domain_ratio,general_loss,domain_loss,' +
        'general_standard_error,domain_standard_error,general_bits_per_byte,domain_bits_per_byte\n' +
        'math,base,1,,1000,1500,0,0,3.141592653589793,,0.1,,0.3333333333333333,\n' +
        'math,cpt-0,1,math,1000,1500,2,0,1.0471975511965976,0.30000000000000004,0.1,5e-324,0.3333333333333333,1.7976931348623157e+308\n',
    );
  });

  it('quotes what would break a line', () => {
    const odd = { ...row(cpt, 0), domain: 'say "math",\nplease' };
    expect(observationsCsv('a,b', [odd]).split('\n').slice(1).join('\n')).toMatch(
      /^"a,b",cpt-0,1,"say ""math"",\nplease",1000,/,
    );
  });

  it('is a header for an empty sweep', () => {
    expect(observationsCsv('math', []).split('\n')).toHaveLength(2);
  });
});
