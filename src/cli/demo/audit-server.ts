import { readdir, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

/** Packages whose folders are measured; more would take longer than a demo should. */
const MAX_MEASURED = 200;
/** Licences whose terms reach into what they are linked with, by the beginning of their SPDX identifier. */
const COPYLEFT = /\b(?:AGPL|GPL|LGPL|MPL|EPL|CDDL|EUPL)-/;

/** Audits over HTTP on 127.0.0.1. */
export interface AuditServer extends AsyncDisposable {
  readonly url: string;
}

/** What an audit answers: 200 with what it found, or another status with why. */
interface Answer {
  readonly status: number;
  readonly body: object;
}

/**
 * Starts the audits: `/licences?ci_type=`, `/sizes?ci_type=` and `/advisories?name=`. The last answers 503 as long as there is no
 * advisory data, which a lock file does not hold.
 *
 * @param folder that of the lock file: there the sizes are measured
 */
export async function startAuditServer(database: DatabaseSync, folder: string): Promise<AuditServer> {
  const audits: Readonly<Record<string, (query: URLSearchParams) => Answer | Promise<Answer>>> = {
    '/licences': (query) => auditLicences(database, query.get('ci_type')),
    '/sizes': (query) => auditSizes(database, query.get('ci_type'), folder),
    '/advisories': (query) => auditAdvisories(database, query.get('name')),
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '', query] = (request.url ?? '').split('?');
    const audit = Object.hasOwn(audits, path) ? audits[path] : undefined;
    const answer = (await audit?.(new URLSearchParams(query))) ?? { status: 404, body: { error: 'no such audit' } };
    response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer.body));
  };
  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function auditLicences(database: DatabaseSync, type: string | null): Answer {
  const rows = database
    .prepare('SELECT name, license FROM configuration_item WHERE ci_type = ? ORDER BY name')
    .all(type);
  const named = (filter: (license: string) => boolean): string[] =>
    rows.filter(({ license }) => filter(String(license))).map(({ name }) => String(name));
  const copyleft = named((license) => COPYLEFT.test(license));
  return { status: 200, body: { checked: rows.length, copyleft, unknown: named((license) => license === 'unknown') } };
}

async function auditSizes(database: DatabaseSync, type: string | null, folder: string): Promise<Answer> {
  const rows = database
    .prepare('SELECT name, path FROM configuration_item WHERE ci_type = ? ORDER BY path LIMIT ?')
    .all(type, MAX_MEASURED);
  let [installed, bytes] = [0, 0];
  let largest: { name: string; bytes: number } | undefined;
  for (const row of rows) {
    const size = await sizeOf(join(folder, String(row['path'])));
    if (size === undefined) continue;
    installed++;
    bytes += size;
    if (!largest || size > largest.bytes) largest = { name: String(row['name']), bytes: size };
  }
  return { status: 200, body: { ci_type: type, checked: rows.length, installed, bytes, largest: largest ?? null } };
}

/** Bytes of the files of a package, without the packages inside it; undefined if it is not installed. */
async function sizeOf(folder: string): Promise<number | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return undefined;
  const sizes = await Promise.all(
    entries.map(async (entry): Promise<number> => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? 0 : ((await sizeOf(path)) ?? 0);
      if (!entry.isFile()) return 0;
      return stat(path).then(
        ({ size }) => size,
        () => 0,
      );
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function auditAdvisories(database: DatabaseSync, name: string | null): Answer {
  const known = database.prepare('SELECT count(*) AS count FROM advisory').get();
  if (known?.['count'] === 0) {
    return {
      status: 503,
      body: { error: 'no advisory data: a lock file holds none, and the demo does not go online' },
    };
  }
  const rows = database.prepare('SELECT title FROM advisory WHERE name = ?').all(name);
  return { status: 200, body: { advisories: rows } };
}
