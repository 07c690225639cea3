import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { loadSqlite } from './load-sqlite.ts';
import { asStoreFault, isBusy, storeFault } from './sqlite-fault.ts';

/** Marks a file as ours: "orch" in ASCII. */
const APPLICATION_ID = 0x6f_72_63_68;
const SCHEMA_VERSION = 1;
/** How long another process that writes is waited for. Nothing else runs meanwhile. */
export const BUSY_TIMEOUT_MS = 5_000;
const BUSY_PAUSE_MS = 5;
const MAX_LOG_BYTES = 16 * 1024 * 1024;

/**
 * Times are texts of 20 digits: integers of SQLite end at 2^63, and texts of one length sort as the numbers do. Plans and services are
 * JSON texts, because Node 22 cuts a text at a NUL and SQLite has no lone surrogates.
 */
const SCHEMA = `
  CREATE TABLE traces (
    id INTEGER PRIMARY KEY,
    trace_id TEXT NOT NULL UNIQUE,
    added INTEGER NOT NULL,
    start_ns TEXT NOT NULL,
    end_ns TEXT NOT NULL,
    spans INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX traces_by_added ON traces (added);
  CREATE TABLE origins (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL REFERENCES traces ON DELETE CASCADE,
    body TEXT NOT NULL,
    service TEXT,
    UNIQUE (trace, body)
  ) STRICT;
  CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL REFERENCES traces ON DELETE CASCADE,
    span_id TEXT NOT NULL,
    parent_id TEXT,
    origin INTEGER NOT NULL,
    start_ns TEXT NOT NULL,
    end_ns TEXT NOT NULL,
    is_run INTEGER NOT NULL,
    plan TEXT,
    bytes INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (trace, span_id)
  ) STRICT;
  CREATE INDEX runs_by_trace ON spans (trace) WHERE is_run = 1;
  CREATE INDEX runs_by_plan ON spans (plan) WHERE plan IS NOT NULL;
  CREATE TABLE counts (
    traces INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    evicted_traces INTEGER NOT NULL,
    evicted_spans INTEGER NOT NULL,
    refused_spans INTEGER NOT NULL
  ) STRICT;
  INSERT INTO counts VALUES (0, 0, 0, 0, 0, 0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens a store's file, or makes it, for its owner alone. What is committed survives the end of the process, however it ends; a power cut
 * may cost the last moments, but nothing before.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: it cannot be opened, is not a store, or of a newer version
 */
export function openDatabase(file: string, createFolder: boolean): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    makeFile(file, createFolder);
    const { DatabaseSync } = loadSqlite();
    database = new DatabaseSync(file);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.exec('BEGIN');
    const isEmpty = isEmptyStore(database, file);
    database.exec('COMMIT');
    useLog(database);
    database.exec(`PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${MAX_LOG_BYTES}`);
    if (isEmpty) createSchema(database, file);
    return database;
  } catch (error) {
    database?.close();
    throw asStoreFault(file, error);
  }
}

/**
 * A file that is there is only looked at: to open and close it would free the locks that this process may have on it (POSIX; see
 * https://sqlite.org/howtocorrupt.html).
 */
function makeFile(file: string, createFolder: boolean): void {
  if (createFolder) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const stats = statSync(file);
  if (stats.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  if (!stats.isFile()) throw storeFault(file, 'it is not a regular file; name another file');
  accessSync(file, constants.R_OK | constants.W_OK);
}

/** Whether it was just made. Throws for one of another program, or of a newer version of this one. Belongs into a transaction. */
function isEmptyStore(database: DatabaseSync, file: string): boolean {
  const { application_id: application } = { ...database.prepare('PRAGMA application_id').get() };
  const { user_version: version } = { ...database.prepare('PRAGMA user_version').get() };
  if (application === APPLICATION_ID) {
    if (version === SCHEMA_VERSION) return false;
    const found = `it has version ${Number(version)}, this program knows ${SCHEMA_VERSION}`;
    throw storeFault(file, `${found}; update orchestrace, or name another file`);
  }
  const { tables } = { ...database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() };
  if (application === 0 && version === 0 && tables === 0) return true;
  throw storeFault(file, 'it is a database of another program; name another file');
}

/** Readers and a writer do not wait for each other then. SQLite does not wait by itself for those that open a new file at once. */
function useLog(database: DatabaseSync): void {
  const end = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() > end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
    }
  }
}

/** Asks again once nobody else can write: another process may have done it meanwhile. */
function createSchema(database: DatabaseSync, file: string): void {
  database.exec('BEGIN IMMEDIATE');
  if (isEmptyStore(database, file)) database.exec(SCHEMA);
  database.exec('COMMIT');
}
