import { resolve } from 'node:path';
import { OrchestraceError } from '../errors.ts';
import { MemoryStore } from './memory-store.ts';
import { openDatabase } from './open-database.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { StoreLimits, TraceStore } from './store.ts';

export interface StoreOptions extends Partial<Record<keyof StoreLimits, number | undefined>> {
  /** Where to keep the traces: a SQLite database, made if it is not there. Default: in memory, until the process ends. */
  file?: string | undefined;
  /** Whether to make the file's folder as well, for its owner alone. Default false, for a folder may be misspelt. */
  createFolder?: boolean | undefined;
}

/**
 * Opens a store of traces.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: the file cannot be used, or a limit is not a whole number above 0
 */
export function openStore(options: StoreOptions = {}): TraceStore {
  const { file, createFolder = false, maxTraces = 1_000, maxSpans = 500_000, maxBytes = 256 * 1024 * 1024 } = options;
  const limits: StoreLimits = { maxTraces, maxSpans, maxBytes };
  for (const [name, limit] of Object.entries(limits)) {
    if (Number.isSafeInteger(limit) && limit > 0) continue;
    throw new OrchestraceError('USAGE_INVALID', `${name}: expected a whole number above 0, not ${limit}`);
  }
  if (file === undefined) return new MemoryStore(limits);
  const path = resolve(file);
  return new SqliteStore(path, () => openDatabase(path, createFolder), limits);
}
