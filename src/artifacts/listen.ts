import { UserError } from '../common/errors.ts';
import { parseListen } from '../common/listenAddress.ts';
import { secretFrom } from '../common/secrets.ts';
import type { FolderHome } from './folderHome.ts';
import { type ArtifactServer, serveArtifacts } from './server.ts';
import type { ArtifactHome } from './types.ts';

const DEFAULT_LISTEN = '127.0.0.1:7420';

/** Serves a folder home as ARTIFACTS_LISTEN and ARTIFACTS_TOKEN say. Throws a UserError when it cannot be served. */
export async function listen(
  home: ArtifactHome,
  variables: Readonly<Record<string, string | undefined>>,
  log: (line: string) => void,
): Promise<ArtifactServer> {
  if (!('folder' in home)) {
    throw new UserError(
      `${home.description} needs no server: workers reach it themselves`,
      'unset ARTIFACTS_LISTEN, and give the workers the same ARTIFACTS_URL',
    );
  }
  const token = secretFrom(variables, 'ARTIFACTS_TOKEN');
  if (!token) {
    throw new UserError(
      'artifacts over HTTP need a token',
      'set ARTIFACTS_TOKEN or ARTIFACTS_TOKEN_FILE here and at the workers, e.g. to the output of: openssl rand -hex 32',
    );
  }
  const { host, port } = parseListen(
    variables.ARTIFACTS_LISTEN || DEFAULT_LISTEN,
    'ARTIFACTS_LISTEN',
    DEFAULT_LISTEN,
  );
  return serveArtifacts({ home: home as FolderHome, host, port, token, log });
}
