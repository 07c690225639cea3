import type * as Sqlite from 'node:sqlite';
import { OrchestraceError } from '../errors.ts';

/**
 * Loads `node:sqlite`. Node 22 warns that it is experimental, once and whoever loads it: that one warning is left out, and the host's
 * handling of warnings is as before.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: this Node was built or started without it
 */
export function loadSqlite(): typeof Sqlite {
  const emitWarning: unknown = Reflect.get(process, 'emitWarning');
  process.emitWarning = (...[warning, ...rest]: unknown[]): void => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).startsWith('SQLite')) return;
    Reflect.apply(emitWarning as typeof process.emitWarning, process, [warning, ...rest]);
  };
  try {
    const sqlite = process.getBuiltinModule('node:sqlite') as typeof Sqlite | undefined;
    if (sqlite) return sqlite;
  } finally {
    Reflect.set(process, 'emitWarning', emitWarning);
  }
  throw new OrchestraceError('USAGE_INVALID', 'this Node has no node:sqlite, which a store in a file needs');
}
