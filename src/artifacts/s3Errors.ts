import { messageOf } from '../common/errors.ts';
import { missing } from './folderHome.ts';
import { ArtifactError } from './types.ts';

export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } })?.$metadata?.httpStatusCode;
}

export function isMissing(error: unknown): boolean {
  const { name } = (error ?? {}) as { name?: string };
  return name !== 'NoSuchBucket' && (name === 'NoSuchKey' || name === 'NotFound' || statusOf(error) === 404);
}

const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage']);

/** The SDK's errors in a home's terms. */
export function s3Problem(error: unknown, description: string, hash?: string): unknown {
  if (error instanceof ArtifactError) return error;
  const { name = '' } = (error ?? {}) as { name?: string };
  const status = statusOf(error);
  if (name === 'NoSuchBucket') return new ArtifactError('refused', `${description}: there is no such bucket`);
  if (FULL.has(name) || status === 507) return new ArtifactError('full', `${description} is full`, hash);
  if (isMissing(error)) return missing(description, hash ?? 'of that name');
  if (status === 401 || status === 403 || name === 'CredentialsProviderError') {
    return new ArtifactError('refused', `${description} refused the credentials (${name})`, hash);
  }
  if (status === 301 || name === 'AuthorizationHeaderMalformed') {
    return new ArtifactError('refused', `${description} is in another region (AWS_REGION)`, hash);
  }
  if (status === 413 || name === 'EntityTooLarge') {
    return new ArtifactError('refused', `${description} does not take files that large`, hash);
  }
  return new ArtifactError('unreachable', `${description}: ${name || 'error'}: ${messageOf(error)}`, hash);
}
