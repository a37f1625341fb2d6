/** `npm run build`: builds the dashboard's page into dist/dashboard; `npm ci` does so by itself. */
import { join } from 'node:path';
import { Option } from 'commander';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { UserError } from '../src/common/errors.ts';

await runCommand(async () => {
  const command = parseCommandLine(
    {
      name: 'build',
      summary: 'Builds the page of the dashboard into dist/dashboard.',
      options: [],
      more: [new Option('--if-possible', 'without the build tools, say so and go on').default(false)],
      examples: [['', 'after a change of src/dashboard/web or charts']],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const vite = await import('vite').catch(() => null);
  if (!vite) {
    if (!command.more.ifPossible) {
      throw new UserError(
        'vite is not installed, so the page cannot be built',
        'npm ci (with development packages)',
      );
    }
    process.stderr.write('The dashboard’s page was not built: development packages are not installed.\n');
    return EXIT_CODES.done;
  }
  await vite.build({
    configFile: join(import.meta.dirname, '../src/dashboard/vite.config.ts'),
    logLevel: 'warn',
  });
  return EXIT_CODES.done;
});
