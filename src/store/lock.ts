import { messageOf, UserError } from '../common/errors.ts';
import { FolderBusyError, lockFolder } from '../common/folderLock.ts';

/** Takes a folder for one sweep; returns the function that gives it back. Throws a UserError when another holds it. */
export function lockStore(
  folder: string,
  label: string,
  nextStep = 'wait until it has ended, or set another --runs folder, or set REDIS_URL to share the work',
): () => void {
  try {
    return lockFolder(folder, label);
  } catch (error) {
    if (error instanceof FolderBusyError) {
      throw new UserError(`another sweep (${error.holder}) is using ${folder}`, nextStep);
    }
    throw new UserError(
      `cannot lock the folder ${folder}: ${messageOf(error)}`,
      'check that it can be written, or set another --runs folder',
    );
  }
}
