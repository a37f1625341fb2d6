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
  /** One line a role: what it was read from. */
  notes: string[];
}

/**
 * Which column plays which role: what the map says, then columns that bear the role's name, then well-known synonyms.
 * Throws a UserError for mapped columns that are not there and for two candidates of one role.
 */
export function recogniseColumns(
  path: string,
  columns: readonly string[],
  given: ColumnMap,
): RecognisedColumns {
  for (const [role, column] of Object.entries(given)) {
    if (columns.includes(column)) continue;
    const near = closest(column, [...columns]);
    const hint = distance(column, near) <= 3 ? `; did you mean ${near}?` : '';
    throw new UserError(
      `${path} has no column ${column} (for ${role})${hint}`,
      `Its columns: ${columns.join(', ')}.`,
    );
  }
  const taken = new Set<string>(Object.values(given));
  const map: ColumnMap = { ...given };
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
