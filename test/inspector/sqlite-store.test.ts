/** What can happen to a store in a file: other processes, kills, full disks, files that are something else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OrchestraceError } from '../../src/errors.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { openDatabase } from '../../src/inspector/open-database.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { startReceiver } from '../../src/inspector/receive.ts';
import { SqliteStore } from '../../src/inspector/sqlite-store.ts';
import type { TraceStore } from '../../src/inspector/store.ts';
import { made } from '../explain/made-spans.ts';

const LIMITS = { maxTraces: 1_000, maxSpans: 500_000, maxBytes: 2 ** 28 };
const folder = mkdtempSync(join(tmpdir(), 'orchestrace-store-'));
let files = 0;
let file: string;
let opened: TraceStore[];
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  file = join(folder, `${++files}.db`);
  opened = [];
});
afterEach(() => Promise.all(opened.map((store) => store.close())));

function open(options: Parameters<typeof openStore>[0] = {}): TraceStore {
  const store = openStore({ file, ...options });
  opened.push(store);
  return store;
}

/** A store with its database, to do something to it. */
function openWithDatabase(): { store: TraceStore; database: DatabaseSync } {
  const database = openDatabase(file, false);
  const store = new SqliteStore(file, () => database, LIMITS);
  opened.push(store);
  return { store, database };
}

describe('the file', () => {
  it('keeps the traces from one opening to the next', async () => {
    const span = made('s1');
    const first = open({ maxSpans: 1 });
    first.add([span, made('s2')]);
    const { counts } = first;
    expect(counts).toMatchObject({ spans: 1, refusedSpans: 1 });
    await first.close();
    expect(open().trace(span.traceId)).toEqual([span]);
    expect(open().counts).toEqual(counts);
  });

  it('is for its owner alone, with its log', () => {
    open().add([made('s1')]);
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777, suffix).toBe(0o600);
  });

  it('is made with its folder if asked, for its owner alone', () => {
    const made = join(folder, `${files}`, 'deep');
    open({ file: join(made, 'x.db'), createFolder: true });
    expect(statSync(made).mode & 0o777).toBe(0o700);
  });

  it('may be named as SQLite names what is no file', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      for (const name of [':memory:', 'file:x?mode=memory']) {
        await openStore({ file: name }).close();
        expect(statSync(join(folder, name)).isFile()).toBe(true);
      }
    } finally {
      process.chdir(before);
    }
  });

  it('may be empty already', () => {
    writeFileSync(file, '');
    open().add([made('s1')]);
    expect(open().counts.spans).toBe(1);
  });

  it('takes less when it is opened with lower bounds', () => {
    open().add(Array.from({ length: 9 }, (_, i) => made('s1', { traceId: String(i + 1).repeat(32) })));
    const smaller = open({ maxTraces: 3 });
    smaller.add([made('s1', { traceId: 'a'.repeat(32) })]);
    expect(smaller.counts).toMatchObject({ traces: 3, spans: 3, evictedTraces: 7, evictedSpans: 7 });
  });

  it('stays bounded, however much is added', () => {
    const store = open({ maxSpans: 300 });
    const large = 'x'.repeat(1_000);
    for (let i = 1; i <= 150; i++) {
      const traceId = i.toString(16).padStart(32, '0');
      store.add(Array.from({ length: 50 }, (_, j) => made(`s${j}`, { traceId, attributes: { large } })));
    }
    expect(store.counts).toMatchObject({ traces: 6, spans: 300, evictedTraces: 144, evictedSpans: 7_200 });
    expect(statSync(file).size).toBeLessThan(2 * store.counts.bytes);
    expectIntact();
  });
});

describe('what cannot be opened is told in one line', () => {
  it.each([
    ['a folder', () => mkdirSync(file), 'it is a folder; name a file in it'],
    ['a missing folder', () => (file = join(file, 'x.db')), 'its folder does not exist; create it first'],
    [
      'a file as its folder',
      () => {
        writeFileSync(file, '');
        file = join(file, 'x.db');
      },
      'its folder is a file; name another file',
    ],
    ['a device', () => (file = '/dev/null'), 'it is not a regular file; name another file'],
    ['a text', () => writeFileSync(file, 'hello '.repeat(500)), 'it is not a store of traces; name another file'],
    ['a short text', () => writeFileSync(file, '{}'), 'it is not a store of traces; name another file'],
    [
      'a database of another program',
      () => change((database) => database.exec('CREATE TABLE t (a); PRAGMA user_version = 1')),
      'it is a database of another program; name another file',
    ],
    [
      'a newer store',
      () => {
        openDatabase(file, false).close();
        change((database) => database.exec('PRAGMA user_version = 2'));
      },
      'it has version 2, this program knows 1; update orchestrace, or name another file',
    ],
  ])('%s', (_what, make, why) => {
    make();
    expectFault(() => open(), why);
  });

  it('a file as the folder that is to be made', () => {
    writeFileSync(file, '');
    file = join(file, 'x.db');
    expectFault(() => open({ createFolder: true }), 'its folder is a file; name another file');
  });

  it('whatever else the system says', () => {
    file = join(folder, 'x'.repeat(300));
    expect(() => open()).toThrow(/^cannot use the store \S+: its name is too long; give it a shorter one/);
    file = 'a\0b';
    expect(() => open()).toThrow(OrchestraceError);
  });

  it('does not touch the database of another program', () => {
    change((database) => database.exec('CREATE TABLE t (a)'));
    expect(() => open()).toThrow(OrchestraceError);
    change((database) => {
      expect({ ...database.prepare('PRAGMA journal_mode').get() }).toEqual({ journal_mode: 'delete' });
      expect({ ...database.prepare('SELECT name FROM sqlite_schema').get() }).toEqual({ name: 't' });
    });
  });

  it('a file without permission, or in a folder without', async () => {
    openDatabase(file, false).close();
    chmodSync(file, 0o400);
    chmodSync(folder, 0o755);
    const locked = join(folder, `locked${files}`);
    mkdirSync(locked, { mode: 0o500 });
    // Permissions do not bind root.
    const child = run(
      `process.stdout.write(messageOf(() => openStore({ file: ${JSON.stringify(file)} })) + '\\n');
       process.stdout.write(messageOf(() => openStore({ file: ${JSON.stringify(join(locked, 'x.db'))} })));`,
      `if (process.getuid() === 0) process.setuid(65_534);
       function messageOf(work) { try { work(); } catch (error) { return error.message; } };
       const file = undefined;`,
    );
    const why = 'permission denied; change the permissions, or name another file';
    expect((await text(child.stdout)).split('\n')).toEqual([
      `cannot use the store ${file}: ${why}`,
      `cannot use the store ${join(locked, 'x.db')}: ${why}`,
    ]);
  });
});

describe('faults while it is open', () => {
  it('a full disk: what is added is refused as a whole, reading goes on, and so does adding once there is space', () => {
    const { store, database } = openWithDatabase();
    const large = 'x'.repeat(2_000);
    const batch = (i: number) =>
      Array.from({ length: 10 }, (_, j) => made(`s${j}`, { traceId: String(i).repeat(32), attributes: { large } }));
    store.add(batch(1));
    const { counts } = store;
    const { page_count: pages } = { ...database.prepare('PRAGMA page_count').get() };
    database.exec(`PRAGMA max_page_count = ${Number(pages) + 2}`);
    for (let i = 0; i < 3; i++) {
      expectFault(() => store.add(batch(2)), 'its disk is full; free some space, then it goes on');
      expect(store.trace('1'.repeat(32))).toHaveLength(10);
      expect(store.trace('2'.repeat(32))).toEqual([]);
      expect(store.counts).toEqual(counts);
      expect(store.list()).toHaveLength(1);
    }
    database.exec('PRAGMA max_page_count = 100000');
    store.add(batch(2));
    expect(store.trace('2'.repeat(32))).toHaveLength(10);
    expect(store.counts).toMatchObject({ traces: 2, spans: 20 });
  });

  it('another process that keeps it locked: reading goes on, and adding once it is free', () => {
    const { store, database } = openWithDatabase();
    store.add([made('s1')]);
    database.exec('PRAGMA busy_timeout = 20');
    change((other) => {
      other.exec('BEGIN IMMEDIATE');
      expectFault(() => store.add([made('s2')]), 'another process keeps it locked; try again, or name another file');
      expect(store.trace(made('s1').traceId)).toHaveLength(1);
    });
    store.add([made('s2')]);
    expect(store.trace(made('s1').traceId)).toHaveLength(2);
  });

  it('another process that keeps it locked for long: it is waited for once, and senders are told to come again (R92)', async () => {
    const { store, database } = openWithDatabase();
    const timeout = (): unknown => database.prepare('PRAGMA busy_timeout').get()?.['timeout'];
    const waited = timeout();
    database.exec('PRAGMA busy_timeout = 20');
    await using receiver = await startReceiver({ port: 0, onSpans: (spans) => store.add(spans) });
    const post = async (): Promise<readonly unknown[]> => {
      const span = {
        traceId: 'a'.repeat(32),
        spanId: 'b'.repeat(16),
        name: 'x',
        startTimeUnixNano: '1',
        endTimeUnixNano: '2',
      };
      const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
      const answer = await fetch(`${receiver.url}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      return [answer.status, answer.headers.get('retry-after'), await answer.text()];
    };
    const lock = new DatabaseSync(file);
    lock.exec('BEGIN IMMEDIATE');
    const refused = await Promise.all(Array.from({ length: 20 }, post));
    expect(refused.map(([status, retryAfter]) => [status, retryAfter])).toEqual(refused.map(() => [503, '1']));
    expect(refused[0]![2]).toContain('another process keeps it locked');
    expect(timeout()).toBe(0);
    lock.exec('COMMIT');
    lock.close();
    expect((await post())[0]).toBe(200);
    expect(timeout()).toBe(waited);
    expect(store.counts.spans).toBe(1);
  });

  it('something that is no span: nothing of what came with it stays', () => {
    const store = open();
    const { counts } = store;
    expect(() => store.add([made('s1'), made('s2', { events: 5 as never })])).toThrow(TypeError);
    expect(store.counts).toEqual(counts);
    store.add([made('s3')]);
    expect(store.trace(made('s1').traceId)).toEqual([made('s3')]);
  });

  it('a file that was deleted is made anew', () => {
    const store = open();
    store.add([made('s1')]);
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    expect(store.trace(made('s1').traceId)).toEqual([]);
    store.add([made('s2')]);
    expect(open().trace(made('s1').traceId)).toEqual([made('s2')]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('a file that was deleted without its log, while two have it open', () => {
    const stores = [open(), open()] as const;
    for (const [i, store] of stores.entries()) store.add([made(`s${i}`)]);
    rmSync(file);
    for (const [i, store] of [...stores, ...stores].entries()) store.add([made(`s${i + 2}`)]);
    const names = ['s2', 's3', 's4', 's5'];
    for (const store of [...stores, open()]) {
      expect(store.trace(made('s1').traceId).map(({ name }) => name)).toEqual(names);
      expect(store.counts).toMatchObject({ traces: 1, spans: 4 });
    }
    expectIntact();
  });

  it('another store in its place', async () => {
    const store = open();
    store.add([made('s1')]);
    const other = open({ file: `${file}.new` });
    other.add(Array.from({ length: 100 }, (_, i) => made(`s${i + 2}`)));
    await other.close();
    renameSync(`${file}.new`, file);
    expect(store.counts.spans).toBe(100);
    store.add([made('s1')]);
    expect(open().counts.spans).toBe(101);
    expectIntact();
  });

  it('another file in its place is used, and one that is none refused until it is gone', () => {
    const store = open();
    store.add([made('s1')]);
    rmSync(file);
    writeFileSync(`${file}.new`, 'hello '.repeat(500));
    renameSync(`${file}.new`, file);
    expectFault(() => store.add([made('s2')]), 'it is not a store of traces; name another file');
    expectFault(() => store.list(), 'it is not a store of traces; name another file');
    rmSync(file);
    store.add([made('s2')]);
    expect(store.counts.spans).toBe(1);
  });

  it('a file that was damaged', async () => {
    const store = open();
    store.add([made('s1')]);
    await store.close();
    writeFileSync(file, Buffer.alloc(3 * 4096, 7), { flag: 'r+' });
    expectFault(() => open(), 'it is not a store of traces; name another file');
  });
});

describe('several processes', () => {
  it('lose nothing when they open a new file and add to it at once', async () => {
    const count = 6;
    const children = Array.from({ length: count }, (_, i) =>
      run(
        `for (let i = 0; i < 50; i++) store.add([span(${i}, 2 * i), span(${i}, 2 * i + 1)]);
         await store.close();`,
        `const file = ${JSON.stringify(file)};
         process.stdout.write('ready');
         await new Promise((resolve) => process.stdin.once('end', resolve).resume());`,
      ),
    );
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
    const exits = children.map(async (child) => {
      child.stderr.pipe(process.stderr);
      child.stdin.end();
      const [code] = (await once(child, 'exit')) as [number];
      return code;
    });
    expect(await Promise.all(exits)).toEqual(exits.map(() => 0));
    const store = open();
    expect(store.counts).toMatchObject({ traces: count, spans: count * 100, evictedSpans: 0, refusedSpans: 0 });
    for (const { traceId } of store.list()) expect(store.trace(traceId)).toHaveLength(100);
  });

  it('lose nothing that was added when one is killed in the middle of writing', async () => {
    for (let kills = 0, seen = 0; kills < 3; kills++) {
      const from = kills * 1_000_000;
      const child = run(`
        for (let i = ${from}; ; i++) {
          store.add([span(0, i)]);
          process.stdout.write(i + '\\n');
        }`);
      let last = from;
      for await (const line of createInterface(child.stdout)) {
        last = Number(line);
        if (last === from + 100) child.kill('SIGKILL');
      }
      seen += last - from + 1;
      const store = open();
      const ids = new Set(store.trace(traceIdOf(0)).map(({ spanId }) => spanId));
      for (let i = from; i <= last; i++) expect(ids.has(spanIdOf(i)), `${i} of ${last}`).toBe(true);
      // One more may have been written and not told.
      expect(ids.size).toBeGreaterThanOrEqual(seen);
      expect(store.counts.spans).toBe(ids.size);
      await store.close();
      expectIntact();
    }
  });

  it('see what others add', () => {
    const reader = open();
    open().add([made('s1')]);
    expect(reader.list()).toHaveLength(1);
  });
});

describe('loading', () => {
  it('writes no warning, and leaves the handling of warnings to the host', async () => {
    const child = run(`
      await store.close();
      process.emitWarning('of the host', 'ExperimentalWarning');
      process.stdout.write(String(process.emitWarning === emitWarning));`);
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(out).toBe('true');
    expect(error).toContain('of the host');
    expect(error).not.toContain('SQLite');
  });
});

/** Runs code in a process of its own, with `openStore` after `before`, `store` on `file`, and `span(trace, id)`. */
function run(code: string, before = `const file = ${JSON.stringify(file)};`) {
  const source = (path: string) => JSON.stringify(new URL(`../../src/inspector/${path}`, import.meta.url).href);
  const script = `
    const { emitWarning } = process;
    const { openStore } = await import(${source('open-store.ts')});
    const hex = (number, digits) => (number + 1).toString(16).padStart(digits, '0');
    const span = (trace, id) => ({
      traceId: hex(trace, 32), spanId: hex(id, 16), name: 'x'.repeat(100), kind: 'internal', startNs: 1n, endNs: 2n,
      attributes: new Map(), events: [], links: [], status: { code: 'unset' }, resource: new Map(), scope: { name: 'test' },
    });
    ${before}
    const store = openStore({ file });
    ${code}`;
  const nodeArgs = process.features.typescript ? [] : ['--experimental-strip-types'];
  return spawn(process.execPath, [...nodeArgs, '--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function traceIdOf(trace: number): ReceivedSpan['traceId'] {
  return (trace + 1).toString(16).padStart(32, '0');
}

function spanIdOf(id: number): ReceivedSpan['spanId'] {
  return (id + 1).toString(16).padStart(16, '0');
}

/** Does something to the file as another program would. */
function change(work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(file);
  try {
    work(database);
  } finally {
    database.close();
  }
}

function expectIntact(): void {
  change((database) => {
    expect({ ...database.prepare('PRAGMA integrity_check').get() }).toEqual({ integrity_check: 'ok' });
  });
}

function expectFault(work: () => unknown, why: string, of: string = file): void {
  let thrown: unknown;
  try {
    work();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(OrchestraceError);
  expect(thrown).toMatchObject({ code: 'USAGE_INVALID', message: `cannot use the store ${of}: ${why}` });
}
