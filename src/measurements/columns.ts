import { closest, distance } from 'fastest-levenshtein';
import { UserError } from '../common/errors.ts';

/** What a column can mean. Counts in parameters and tokens, losses in nats per token. */
export const ROLES = [
  'model_size',
  'tokens',
  'domain_ratio',
  'general_loss',
  'domain_loss',
  'loss',
  'run',
  'seed',
  'domain',
  'general_standard_error',
  'domain_standard_error',
  'base_general_loss',
  'mean_model_size',
  'unique_tokens',
  'weight',
  'learning_rate',
] as const;
export type Role = (typeof ROLES)[number];

export type ColumnMap = Partial<Record<Role, string>>;

/** Names that people give such columns, lower case, apart from the role's own. */
const SYNONYMS: Record<Role, readonly string[]> = {
  model_size: [
    'n',
    'params',
    'parameters',
    'n_params',
    'num_params',
    'model_params',
    'model_parameters',
    'params_active_precise',
    'non_embedding_parameters',
  ],
  tokens: ['d', 'train_tokens', 'training_tokens', 'cpt_tokens', 'n_tokens', 'num_tokens', 'tokens_seen'],
  domain_ratio: ['r', 'r_d', 'ratio', 'domain_share', 'mixture_ratio', 'domain_fraction'],
  general_loss: ['l_g', 'loss_general', 'general_val_loss', 'general_validation_loss'],
  domain_loss: ['l_d', 'loss_domain', 'domain_val_loss', 'domain_validation_loss'],
  loss: ['val_loss', 'final_loss', 'validation_loss', 'eval_loss'],
  run: ['run_id', 'run_name', 'name', 'experiment'],
  seed: ['random_seed'],
  domain: ['domain_name', 'corpus'],
  general_standard_error: ['general_se', 'general_loss_standard_error'],
  domain_standard_error: ['domain_se', 'domain_loss_standard_error'],
  base_general_loss: ['base_loss', 'initial_general_loss'],
  mean_model_size: ['average_parameters', 'mean_parameters'],
  unique_tokens: ['distinct_tokens', 'u'],
  weight: [],
  learning_rate: [],
};

/** `model_size=N,tokens=D` → roles and columns. Throws a UserError on anything else. */
export function parseMap(text: string): ColumnMap {
  const map: ColumnMap = {};
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const role = part.slice(0, equals).trim();
    const column = part.slice(equals + 1).trim();
    if (equals < 1 || column === '') {
      throw new UserError(
        `--map: "${part}" is not role=column`,
        'E.g. --map model_size=N,tokens=D,loss=val_loss',
      );
    }
    if (!ROLES.includes(role as Role)) {
      throw new UserError(
        `--map: there is no role ${role}; did you mean ${closest(role, [...ROLES])}?`,
        `Roles: ${ROLES.join(', ')}.`,
      );
    }
    if (map[role as Role] !== undefined) throw new UserError(`--map: ${role} is given twice`);
    map[role as Role] = column;
  }
  return map;
}

export interface RecognisedColumns {
  map: ColumnMap;
  /** One line a role whose column has another name: what it was read from. */
  notes: string[];
}

/**
 * Which column plays which role: what the map says, then columns that bear the role's name, then well-known synonyms.
 * Throws a UserError for mapped columns that are not there, for one column in two roles and for two candidates of one role.
 */
export function recogniseColumns(
  path: string,
  columns: readonly string[],
  given: ColumnMap,
): RecognisedColumns {
  const map = checkedMap(path, columns, given);
  const taken = new Set<string>(Object.values(map));
  for (const role of ROLES) {
    if (map[role] !== undefined) continue;
    const own = columns.find((column) => column === role && !taken.has(column));
    const others = columns.filter(
      (column) => !taken.has(column) && [role, ...SYNONYMS[role]].includes(column.toLowerCase()),
    );
    const found = own ?? others[0];
    if (found === undefined) continue;
    if (own === undefined && others.length > 1) {
      throw new UserError(
        `${path}: both ${others.slice(0, 2).join(' and ')} could be ${role}`,
        `Say which: --map ${role}=${others[0]}`,
      );
    }
    map[role] = found;
    taken.add(found);
  }
  const notes = ROLES.flatMap((role) =>
    map[role] !== undefined && map[role] !== role ? [`${role} is read from the column ${map[role]}`] : [],
  );
  return { map, notes };
}

function checkedMap(path: string, columns: readonly string[], given: ColumnMap): ColumnMap {
  const roleOf = new Map<string, string>();
  for (const [role, column] of Object.entries(given)) {
    requireColumn(path, columns, column, role);
    const other = roleOf.get(column);
    if (other !== undefined) {
      throw new UserError(
        `${path}: the column ${column} cannot be both ${other} and ${role}`,
        'Give each role a column of its own in --map.',
      );
    }
    roleOf.set(column, role);
  }
  return { ...given };
}

/** Throws a UserError with a near name and all names when a column that was asked for is not there. */
export function requireColumn(
  path: string,
  columns: readonly string[],
  column: string,
  purpose: string,
): void {
  if (columns.includes(column)) return;
  const near = nearestName(column, columns);
  throw new UserError(
    `${path} has no column ${column} (for ${purpose})${near === null ? '' : `; did you mean ${near}?`}`,
    `Its columns: ${columns.join(', ')}.`,
  );
}

/** The name that was probably meant, capitals aside; null when none is near: of short names any other would be. */
export function nearestName(name: string, names: readonly string[]): string | null {
  const away = (other: string) => distance(name.toLowerCase(), other.toLowerCase());
  const [near] = [...names].sort((a, b) => away(a) - away(b));
  return near !== undefined && away(near) <= Math.min(3, Math.floor(name.length / 2)) ? near : null;
}
