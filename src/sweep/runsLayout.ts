import { join } from 'node:path';

/** Where a runs folder keeps what. */
export function runsLayout(runsFolder: string) {
  return {
    store: join(runsFolder, 'results.sqlite'),
    artifacts: join(runsFolder, 'artifacts'),
    work: join(runsFolder, 'work'),
    sweep: (name: string) => join(runsFolder, name),
    config: (name: string) => join(runsFolder, name, 'config.yaml'),
  };
}
