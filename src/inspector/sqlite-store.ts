import { rmSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { addSpans, removeTrace } from './add-spans.ts';
import { decodeResource, decodeTracesJson } from './decode-json.ts';
import { BUSY_TIMEOUT_MS } from './open-database.ts';
import { asStoreFault, isBusy, storeFault } from './sqlite-fault.ts';
import { SqliteShelf } from './sqlite-shelf.ts';
import type { StoreCounts, StoreLimits, TraceService, TraceStore, TraceSummary } from './store.ts';
import { servicesOf, summarizeRuns } from './summarize-runs.ts';

interface Connection {
  readonly database: DatabaseSync;
  readonly shelf: SqliteShelf;
  /** Which files it has, whatever has their names now. */
  readonly file: string;
  readonly log: string;
}

/** Keeps traces in a file, which several processes may use at once. `counts` are the file's, whoever added. */
export class SqliteStore implements TraceStore {
  readonly #file: string;
  readonly #open: () => DatabaseSync;
  readonly #limits: StoreLimits;
  #connection: Connection | undefined;
  #isClosed = false;
  /** Another process kept it locked for longer than one waits: until that ends nobody waits again, so that what came meanwhile is answered. */
  #isLocked = false;

  /** @param open opens the database in `file` */
  constructor(file: string, open: () => DatabaseSync, limits: StoreLimits) {
    this.#file = file;
    this.#open = open;
    this.#limits = limits;
    this.#connect();
  }

  get counts(): StoreCounts {
    return this.#transact('BEGIN', (shelf) => shelf.readCounts());
  }

  add(spans: readonly ReceivedSpan[]): void {
    this.#transact('BEGIN IMMEDIATE', (shelf) => {
      shelf.counts = shelf.readCounts();
      addSpans(shelf, this.#limits, spans);
      shelf.writeCounts();
    });
  }

  trace(traceId: string): ReceivedSpan[] {
    const { origins, spans } = this.#transact('BEGIN', (shelf) => shelf.readTrace(traceId));
    const byOrigin = Map.groupBy(spans, ({ origin }) => origin);
    const resourceSpans = Array.from(byOrigin, ([origin, ofOrigin]) => {
      const [resource, scope] = JSON.parse(origins.get(origin) ?? '[]') as readonly unknown[];
      return { resource, scopeSpans: [{ scope, spans: ofOrigin.map(({ body }) => JSON.parse(body) as unknown) }] };
    });
    return decodeTracesJson({ resourceSpans }).spans;
  }

  list({ plan, limit }: { plan?: string | undefined; limit?: number | undefined } = {}): TraceSummary[] {
    return this.#transact('BEGIN', (shelf) =>
      shelf.readTraces(plan, limit).map(({ id, traceId, startNs, endNs, spans }) => {
        const runs = decodeRuns(shelf.readRuns(id));
        const summaries = summarizeRuns(runs, (spanId) => shelf.readAncestor(id, spanId));
        return { traceId, startNs, endNs, spans, runs: summaries, services: decodeServices(shelf.readOrigins(id)) };
      }),
    );
  }

  remove(traceId: string): boolean {
    return this.#transact('BEGIN IMMEDIATE', (shelf) => {
      shelf.counts = shelf.readCounts();
      const wasThere = removeTrace(shelf, traceId);
      shelf.writeCounts();
      return wasThere;
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#disconnect();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #transact<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: (shelf: SqliteShelf) => T): T {
    const { database, shelf } = this.#connect();
    try {
      database.exec(begin);
      const result = work(shelf);
      database.exec('COMMIT');
      if (begin === 'BEGIN IMMEDIATE') this.#setLocked(database, false);
      return result;
    } catch (error) {
      rollBack(database);
      if (isBusy(error)) this.#setLocked(database, true);
      throw asStoreFault(this.#file, error);
    }
  }

  #setLocked(database: DatabaseSync, isLocked: boolean): void {
    if (isLocked === this.#isLocked) return;
    this.#isLocked = isLocked;
    database.exec(`PRAGMA busy_timeout = ${isLocked ? 0 : BUSY_TIMEOUT_MS}`);
  }

  /** Opens the file once more when it was deleted or another one took its place: what went into the old one would be lost. */
  #connect(): Connection {
    if (this.#isClosed) throw storeFault(this.#file, 'it was closed');
    const old = this.#connection;
    if (old && identityOf(this.#file) === old.file) return old;
    this.#disconnect();
    // What SQLite has beside the old file would be taken for that of the new one; unless it is: another process may have been here.
    if (old && identityOf(`${this.#file}-wal`) === old.log) {
      for (const suffix of ['-wal', '-shm']) rmSync(this.#file + suffix, { force: true });
    }
    const database = this.#open();
    this.#isLocked = false;
    const shelf = new SqliteShelf(database);
    const connection = { database, shelf, file: identityOf(this.#file), log: identityOf(`${this.#file}-wal`) };
    this.#connection = connection;
    return connection;
  }

  #disconnect(): void {
    this.#connection?.database.close();
    this.#connection = undefined;
  }
}

function decodeServices(origins: readonly string[]): TraceService[] {
  return servicesOf(origins.map((body) => decodeResource((JSON.parse(body) as readonly unknown[])[0])));
}

function decodeRuns(bodies: readonly string[]): ReceivedSpan[] {
  const spans = bodies.map((body) => JSON.parse(body) as unknown);
  return decodeTracesJson({ resourceSpans: [{ scopeSpans: [{ spans }] }] }).spans;
}

function identityOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats ? `${stats.dev} ${stats.ino}` : '';
}

/** SQLite has rolled back by itself after some faults, a full disk among them. */
function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // There is no transaction left: what is to be told is the fault before.
  }
}
