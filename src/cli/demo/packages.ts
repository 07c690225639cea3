import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { usageError } from '../command.ts';
import { describeSystemFault } from '../system-fault.ts';

/** Where npm keeps what is installed; the last one is there even without a lock file of one's own. */
const LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json', join('node_modules', '.package-lock.json')];

/** An installed package as a configuration item. */
export interface ConfigurationItem {
  readonly name: string;
  readonly version: string;
  /** SPDX expression; `unknown` where the lock file has none. */
  readonly license: string;
  readonly ci_type: 'runtime' | 'dev' | 'optional' | 'peer';
  /** Hash of the package; empty where the lock file has none. */
  readonly integrity: string;
  /** Folder, relative to that of the lock file. */
  readonly path: string;
}

export interface LockedPackages {
  /** The file that was read, relative to the folder. */
  readonly file: string;
  readonly items: readonly ConfigurationItem[];
  /** Names of the packages that package.json asks for. */
  readonly direct: ReadonlySet<string>;
}

/**
 * Reads the packages of npm's lock file, version 2 or 3.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: there is none, or it cannot be used; the message says what to do
 */
export async function readPackages(folder: string): Promise<LockedPackages> {
  for (const file of LOCK_FILES) {
    const text = await readText(join(folder, file));
    if (text !== undefined) return parseLock(file, text);
  }
  throw usageError(
    `no package-lock.json in ${folder}: the demo works on the packages of a real project; ` +
      'change to a folder that has one, or make one with npm install --package-lock-only',
  );
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw usageError(`cannot read ${path}: ${describeSystemFault(error)}`);
  }
}

function parseLock(file: string, text: string): LockedPackages {
  let lock: unknown;
  try {
    lock = JSON.parse(text);
  } catch {
    throw usageError(`${file} is not JSON: make it anew with npm install`);
  }
  const { packages, lockfileVersion } = asRecord(lock);
  if (typeof packages !== 'object' || packages === null) {
    const fault = typeof lockfileVersion === 'number' ? `is of version ${lockfileVersion}` : 'has no packages';
    throw usageError(`${file} ${fault}; one of version 2 or 3 is needed: npm install --package-lock-only makes it`);
  }
  const entries = Object.entries(asRecord(packages)).map(([path, entry]) => [path, asRecord(entry)] as const);
  // A link leads to a folder of the project itself, which is no package.
  const items = entries
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .map(([path, entry]) => itemOf(path, entry));
  if (items.length === 0) throw usageError(`${file} has no packages: run the demo in a project that depends on some`);
  const root = asRecord(asRecord(packages)['']);
  const direct = [root['dependencies'], root['devDependencies'], root['optionalDependencies']];
  return { file, items, direct: new Set(direct.flatMap((names) => Object.keys(asRecord(names)))) };
}

function itemOf(path: string, entry: Readonly<Record<string, unknown>>): ConfigurationItem {
  const folder = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return {
    name: textOr(entry['name'], folder),
    version: textOr(entry['version'], ''),
    license: textOr(entry['license'], 'unknown'),
    ci_type: typeOf(entry),
    integrity: textOr(entry['integrity'], ''),
    path,
  };
}

function typeOf(entry: Readonly<Record<string, unknown>>): ConfigurationItem['ci_type'] {
  if (entry['dev'] === true) return 'dev';
  if (entry['optional'] === true || entry['devOptional'] === true) return 'optional';
  return entry['peer'] === true ? 'peer' : 'runtime';
}

/** Loads the items into a table in memory, with an empty one for advisories, of which a lock file has none. */
export function openDatabase(items: readonly ConfigurationItem[]): DatabaseSync {
  const { DatabaseSync } = withoutSqliteWarning(() => process.getBuiltinModule('node:sqlite'));
  const database = new DatabaseSync(':memory:');
  database.exec(`
    CREATE TABLE configuration_item (name TEXT, version TEXT, license TEXT, ci_type TEXT, integrity TEXT, path TEXT);
    CREATE INDEX by_name ON configuration_item (name);
    CREATE TABLE advisory (name TEXT, title TEXT);
    BEGIN;
  `);
  const insert = database.prepare('INSERT INTO configuration_item VALUES (?, ?, ?, ?, ?, ?)');
  for (const { name, version, license, ci_type, integrity, path } of items) {
    insert.run(name, version, license, ci_type, integrity, path);
  }
  database.exec('COMMIT');
  return database;
}

/** Some versions of Node warn that node:sqlite is experimental. Only that warning is kept back. */
function withoutSqliteWarning<T>(load: () => T): T {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its `this`, and put back as it was
  const original = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes('SQLite')) original.call(process, warning, ...rest);
  };
  try {
    return load();
  } finally {
    process.emitWarning = original;
  }
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
