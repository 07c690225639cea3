import { OrchestraceError } from '../errors.ts';

/** What went wrong and what to do, by SQLite's result codes (https://sqlite.org/rescode.html). */
const BY_RESULT: Readonly<Record<number, string>> = {
  5: 'another process keeps it locked; try again, or name another file',
  8: 'it cannot be written; change its permissions, or name another file',
  10: 'its disk cannot be read or written',
  11: 'it is damaged; move it away, or name another file',
  13: 'its disk is full; free some space, then it goes on',
  14: 'it cannot be opened; see whether its folder can be written',
  26: 'it is not a store of traces; name another file',
};

/** The same by the codes of Node's file functions. */
const BY_SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist; create it first',
  ENOTDIR: 'its folder is a file; name another file',
  EEXIST: 'its folder is a file; name another file',
  EISDIR: 'it is a folder; name a file in it',
  EACCES: 'permission denied; change the permissions, or name another file',
  EPERM: 'permission denied; change the permissions, or name another file',
  ENAMETOOLONG: 'its name is too long; give it a shorter one',
  ELOOP: 'its links lead to each other; name another file',
  EMFILE: 'too many files are open',
  EROFS: 'its disk is read-only; name another file',
  ENOSPC: 'its disk is full; free some space, then it goes on',
};

/** Says in one line why the store in a file cannot be used. */
export function storeFault(file: string, why: string, cause?: unknown): OrchestraceError {
  return new OrchestraceError('USAGE_INVALID', `cannot use the store ${file}: ${why}`, { cause });
}

export function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === 5;
}

/** Turns what SQLite or the file system threw into such an error; an error of the program stays what it is. */
export function asStoreFault(file: string, error: unknown): unknown {
  const { errcode, code, message } = error as { errcode?: number; code?: string; message?: string };
  if (OrchestraceError.isInstance(error) || code === undefined) return error;
  // The higher bits tell more than a person needs.
  const why = errcode === undefined ? BY_SYSTEM[code] : BY_RESULT[errcode & 0xff];
  return storeFault(file, why ?? message ?? code, error);
}
