import { UserError } from '../common/errors.ts';
import { secretFrom } from '../common/secrets.ts';
import type { FolderHome } from './folderHome.ts';
import { type ArtifactServer, serveArtifacts } from './server.ts';
import type { ArtifactHome } from './types.ts';

const DEFAULT_LISTEN = '127.0.0.1:7420';

/** `host:port`, `[::1]:port`, or `:port` of every interface. Throws a UserError on anything else. */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new UserError(
      `ARTIFACTS_LISTEN ${text} is not host:port`,
      `e.g. ${DEFAULT_LISTEN}, or 0.0.0.0:7420 for every interface`,
    );
  }
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

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
  const { host, port } = parseListen(variables.ARTIFACTS_LISTEN || DEFAULT_LISTEN);
  return serveArtifacts({ home: home as FolderHome, host, port, token, log });
}
