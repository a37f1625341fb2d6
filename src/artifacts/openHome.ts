import { fileURLToPath } from 'node:url';
import { UserError } from '../common/errors.ts';
import { secretFrom } from '../common/secrets.ts';
import { openFolderHome } from './folderHome.ts';
import { openHttpHome } from './httpHome.ts';
import { ArtifactError, type ArtifactHome } from './types.ts';

const CONNECT_TIMEOUT_MS = 5000;

/** What a URL of an artifact home means. Throws a UserError, which never repeats credentials, on nonsense. */
export function parseHomeUrl(
  url: string,
):
  | { kind: 'folder'; folder: string }
  | { kind: 's3'; bucket: string; prefix: string }
  | { kind: 'http'; url: string; token: string | null } {
  const invalid = (why: string) =>
    new UserError(
      `ARTIFACTS_URL ${why}`,
      'write it as a folder, s3://bucket/prefix, or http://host:7420 of a coordinator',
    );
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) {
    if (url.trim() === '') throw invalid('is empty');
    // A folder of such a name would be made without a word, and nobody would find what is in it.
    if (/^(?:[\w.-]+|\[[\da-f:]+\]):\d+(?:\/|$)|^(?:s3|https?|file|ftp|redis):/i.test(url)) {
      throw invalid('has no // after its protocol');
    }
    return { kind: 'folder', folder: url };
  }
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw invalid('has a % that is not followed by two hex digits');
    }
  };
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw invalid('is not an address');
  }
  switch (parsed.protocol) {
    case 'file:':
      try {
        return { kind: 'folder', folder: fileURLToPath(parsed) };
      } catch {
        throw invalid('is not the address of a folder of this machine');
      }
    case 's3:': {
      if (parsed.username || parsed.password) throw invalid('must not hold credentials: set AWS_… for S3');
      const prefix = decoded(parsed.pathname).replace(/^\/+|\/+$/g, '');
      if (!parsed.hostname || prefix.split('/').includes('..')) throw invalid('names no bucket');
      return { kind: 's3', bucket: parsed.hostname, prefix };
    }
    case 'http:':
    case 'https:': {
      const token = decoded(parsed.password || parsed.username) || null;
      if (parsed.search || parsed.hash) throw invalid('must not have a ? or # part');
      parsed.username = '';
      parsed.password = '';
      return { kind: 'http', url: parsed.href.replace(/\/+$/, ''), token };
    }
    default:
      throw invalid(`begins with ${parsed.protocol}//, which is not known here`);
  }
}

/**
 * Opens the home that the URL names, a folder without one. Tokens and keys come from the environment: ARTIFACTS_TOKEN or
 * ARTIFACTS_TOKEN_FILE for HTTP; S3_ENDPOINT, AWS_REGION and the SDK's own for S3. Throws a UserError when it cannot be
 * reached within 5 seconds, or refuses.
 */
export async function openArtifactHome(options: {
  url?: string | undefined;
  defaultFolder: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** How long it may take to reach it. */
  connectTimeoutMs?: number;
}): Promise<ArtifactHome> {
  const { environment, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const place = options.url
    ? parseHomeUrl(options.url)
    : ({ kind: 'folder', folder: options.defaultFolder } as const);
  try {
    switch (place.kind) {
      case 'folder':
        return openFolderHome(place.folder);
      case 's3': {
        // Half a second of loading that nobody else should wait for.
        const { openS3Home } = await import('./s3Home.ts');
        return await openS3Home({
          ...place,
          endpoint: checkedEndpoint(environment.S3_ENDPOINT),
          region: environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION,
          connectTimeoutMs,
        });
      }
      case 'http': {
        const token = place.token ?? secretFrom(environment, 'ARTIFACTS_TOKEN');
        if (!token) {
          throw new UserError(
            `${place.url} needs a token`,
            'set ARTIFACTS_TOKEN or ARTIFACTS_TOKEN_FILE to the one of the coordinator',
          );
        }
        return await openHttpHome({ url: place.url, token, connectTimeoutMs });
      }
    }
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error;
    throw new UserError(
      error.message,
      error.problem === 'refused' ? 'check the credentials' : 'check ARTIFACTS_URL, and that it is running',
    );
  }
}

/** Throws a UserError, which does not repeat it, on what is no address of a server. */
function checkedEndpoint(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return text;
  throw new UserError(
    'S3_ENDPOINT is not the address of a server',
    'write it as http(s)://host:port, without credentials: those stand in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  );
}
