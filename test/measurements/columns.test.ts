import { describe, expect, it } from 'vitest';
import { parseMap, ROLES, recogniseColumns } from '../../src/measurements/columns.ts';
import { saidBy } from './files.ts';

const recognise = (columns: string[], given = {}) => recogniseColumns('t.csv', columns, given);

describe('parseMap', () => {
  it('takes role=column pairs; columns may hold spaces and equals signs', () => {
    expect(parseMap(' model_size = N ,tokens=train tokens,loss=a=b')).toEqual({
      model_size: 'N',
      tokens: 'train tokens',
      loss: 'a=b',
    });
    for (const role of ROLES) expect(parseMap(`${role}=x`)).toEqual({ [role]: 'x' });
  });
  it.each([
    ['', /"" is not role=column/],
    ['tokens', /not role=column/],
    ['tokens=', /not role=column/],
    ['=N', /not role=column/],
    ['tokens=a,', /not role=column/],
    ['modelsize=N', /no role modelsize; did you mean model_size\?.*Roles: model_size, tokens/],
    ['__proto__=N', /no role __proto__/],
    ['tokens=a,tokens=b', /tokens is given twice/],
  ])('refuses %j', async (text, expected) => {
    expect(await saidBy(() => parseMap(text))).toMatch(expected);
  });
});

describe('recogniseColumns', () => {
  it('takes the names of roles as they are, beside synonyms', () => {
    const { map, notes } = recognise(['total_parameters', 'model_size', 'params', 'tokens', 'D']);
    expect(map).toEqual({ model_size: 'model_size', tokens: 'tokens' });
    expect(notes).toEqual([]);
  });
  it('takes well-known synonyms whatever their capitals, and says so', () => {
    const { map, notes } = recognise(['N', 'Train_Tokens', 'R', 'L_g', 'l_D', 'Run_Name', 'base_loss']);
    expect(map).toEqual({
      model_size: 'N',
      tokens: 'Train_Tokens',
      domain_ratio: 'R',
      general_loss: 'L_g',
      domain_loss: 'l_D',
      run: 'Run_Name',
      base_general_loss: 'base_loss',
    });
    expect(notes).toContain('tokens is read from the column Train_Tokens');
    expect(notes).toHaveLength(7);
  });
  it('does not take a column twice', () => {
    expect(recognise(['N', 'D', 'loss'], { run: 'N' }).map).toEqual({ run: 'N', tokens: 'D', loss: 'loss' });
  });
  it.each([
    [['N', 'params', 'D'], {}, /t\.csv: both N and params could be model_size \| .*--map model_size=N/],
    [['Tokens', 'd'], {}, /both Tokens and d could be tokens/],
    [['val_loss', 'final_loss'], {}, /both val_loss and final_loss could be loss/],
    [['N', 'seen'], { tokens: 'sen' }, /no column sen \(for tokens\); did you mean seen\? \| .*N, seen\./],
    [['N', 'TOKENS'], { tokens: 'tokens' }, /did you mean TOKENS\?/],
    [['N', 'D'], { loss: 'x' }, /no column x \(for loss\) \| Its columns: N, D\./],
    [['N', 'D'], { tokens: 'N', model_size: 'N' }, /the column N cannot be both tokens and model_size/],
    [['N'], { tokens: '__proto__' }, /no column __proto__/],
  ])('of %j with %j refuses', async (columns, given, expected) => {
    expect(await saidBy(() => recognise(columns, given))).toMatch(expected);
  });
  it('is settled by the map where two columns could be meant', () => {
    expect(recognise(['N', 'params'], { model_size: 'params' }).map).toEqual({ model_size: 'params' });
  });
});
