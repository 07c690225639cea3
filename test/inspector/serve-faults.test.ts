import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { encodeTracesJson } from '../../src/inspector/encode-json.ts';
import { Inspector } from '../../src/inspector/inspector.ts';
import { JaegerClient } from '../../src/inspector/jaeger.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import type { InspectorServer } from '../../src/inspector/serve.ts';
import { storeFault } from '../../src/inspector/sqlite-fault.ts';
import type { RunList } from '../../src/inspector/view/run-view.ts';
import { overviewSpans } from '../explain/made-spans.ts';
import { type FaultServer, findFreePort, startAnswering, startHangingUp, startSilent } from '../node/fault-servers.ts';
import { ask, jsonOf, messageOf, pathsOf, startServing, tokenOf } from './serving.ts';

// What the Inspector depends on fails: that is said, costs no more than it must, and ends nothing.

const SPANS = overviewSpans();
const TRACE_ID = SPANS[0]!.traceId;
const OTHER_TRACE = '1'.repeat(32);
const BODY = JSON.stringify(encodeTracesJson(SPANS));
const READ = ['/api/runs', `/api/run?trace=${TRACE_ID}`, `/api/spans?trace=${TRACE_ID}`, `/export?trace=${TRACE_ID}`];

const disposables: AsyncDisposable[] = [];
afterEach(async () => {
  for (const disposable of disposables.splice(0).toReversed()) await disposable[Symbol.asyncDispose]();
});

async function use<T extends AsyncDisposable>(disposable: T | Promise<T>): Promise<T> {
  const used = await disposable;
  disposables.push(used);
  return used;
}

async function importTraces(server: InspectorServer): ReturnType<typeof ask> {
  const headers = { 'X-Orchestrace-Token': await tokenOf(server) };
  return ask(server, '/api/import', { method: 'POST', headers, body: BODY });
}

describe('a store', () => {
  it('that was closed is said to be, and the page is given all the same', async () => {
    const store = openStore();
    const server = await use(startServing({ store }));
    await store.close();
    for (const path of READ) {
      const answer = await ask(server, path);
      expect(answer.status).toBe(503);
      expect(messageOf(answer)).toBe('cannot use the store: it was closed');
    }
    expect((await importTraces(server)).status).toBe(503);
    const headers = { 'Content-Type': 'application/json' };
    expect((await ask(server, '/v1/traces', { method: 'POST', headers, body: BODY })).status).toBe(503);
    for (const path of ['/', '/page.js', '/api/session']) expect((await ask(server, path)).status).toBe(200);
  });

  it('that takes nothing for a while says so to who sends, and is read meanwhile', async () => {
    const store = openStore();
    const told: unknown[] = [];
    const server = await use(startServing({ store, onStoreFault: (fault) => told.push(fault) }));
    const locked = storeFault('/traces.sqlite', 'another process keeps it locked; try again, or name another file');
    const add = vi.spyOn(store, 'add').mockImplementation(() => {
      throw locked;
    });
    const refused = await importTraces(server);
    expect(refused.status).toBe(503);
    expect(messageOf(refused)).toBe(locked.message);
    const notes = [`what arrives is not kept: ${locked.message}`];
    expect(jsonOf(await ask(server, '/api/runs'))).toMatchObject({ runs: [], notes });
    add.mockRestore();
    expect((await importTraces(server)).status).toBe(200);
    expect(jsonOf(await ask(server, '/api/runs'))).toMatchObject({ runs: [{ traceId: TRACE_ID }], notes: [] });
    expect(told).toEqual([locked, undefined]);
  });

  it('that breaks in a way nobody thought of costs that answer, and tells nothing of what is inside', async () => {
    const store = openStore();
    const server = await use(startServing({ store }));
    server.take(SPANS);
    const broken = (): never => {
      throw new TypeError('secret: /home/me');
    };
    const methods = [vi.spyOn(store, 'list'), vi.spyOn(store, 'trace')];
    for (const method of methods) method.mockImplementation(broken);
    for (const path of READ) {
      const answer = await ask(server, path);
      expect(answer.status).toBe(500);
      expect(jsonOf(answer)).toEqual({ code: 2, message: 'the receiver failed' });
    }
    for (const method of methods) method.mockRestore();
    for (const path of pathsOf(TRACE_ID)) expect((await ask(server, path)).status).toBe(200);
  });
});

describe('a Jaeger', () => {
  const FAULTS: readonly (readonly [string, string, () => Promise<FaultServer>])[] = [
    ['hangs', 'did not answer within 200 ms', startSilent],
    ['hangs up', 'cannot be read', startHangingUp],
    ['answers with a page', 'does not answer as Jaeger does', () => startAnswering(200, 'text/html', '<html>')],
    [
      'answers with other JSON',
      'does not answer as Jaeger does',
      () => startAnswering(200, 'application/json', '[1,{}]'),
    ],
    [
      'answers with half an answer',
      'does not answer as Jaeger does',
      () => startAnswering(200, 'application/json', '{"services":["a"'),
    ],
    ['answers with an error', 'answers 500', () => startAnswering(500, 'text/plain', 'x'.repeat(100_000))],
    ['lets nobody in', 'lets nobody in without authorisation', () => startAnswering(401)],
    [
      'is nested without an end',
      'does not answer as Jaeger does',
      () => startAnswering(200, 'application/json', '['.repeat(100_000) + ']'.repeat(100_000)),
    ],
  ];

  it.each(FAULTS)('that %s costs its traces alone, and the list says so', async (_, why, start) => {
    const { port } = await use(start());
    const jaeger = new JaegerClient(`http://127.0.0.1:${port}`, { timeoutMs: 200 });
    const server = await use(startServing({ jaeger }));
    server.take(SPANS);
    const { runs, notes } = jsonOf(await ask(server, '/api/runs')) as RunList;
    expect(runs.map(({ traceId }) => traceId)).toEqual([TRACE_ID]);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(why);
    expect(notes[0]!.length).toBeLessThan(500);
    for (const path of pathsOf(TRACE_ID)) expect((await ask(server, path)).status).toBe(200);
    // What may be there, it alone can tell.
    const missing = await ask(server, `/api/run?trace=${OTHER_TRACE}`);
    expect(missing.status).toBe(503);
    expect(messageOf(missing)).toContain(why);
  });

  it('that is not there costs no run that has only begun', async () => {
    const jaeger = new JaegerClient(`http://127.0.0.1:${await findFreePort()}`);
    const inspector = new Inspector(openStore(), jaeger);
    const process = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
    inspector.live.open(process, { hangUp: () => {} });
    inspector.live.start(process, SPANS.slice(0, 2));
    expect(await inspector.run(TRACE_ID, '')).toMatchObject({ state: 'running', planName: 'ci-overview' });
    expect(await inspector.spans(TRACE_ID, '')).toEqual({ resourceSpans: [] });
    await expect(inspector.run(OTHER_TRACE, '')).rejects.toThrow('nothing listens');
  });

  it('is never asked for what is no id', async () => {
    const asked: (string | undefined)[] = [];
    const jaeger = new JaegerClient('http://127.0.0.1:9');
    jaeger.trace = (traceId: string): Promise<ReceivedSpan[]> => {
      asked.push(traceId);
      return Promise.resolve([]);
    };
    const server = await use(startServing({ jaeger }));
    for (const trace of ['../services', '%2e%2e%2fservices', 'a?b', '1', OTHER_TRACE])
      for (const path of ['/api/run', '/api/spans', '/export', `/api/compare`])
        expect((await ask(server, `${path}?trace=${trace}`)).status).toBe(404);
    expect(new Set(asked)).toEqual(new Set([OTHER_TRACE]));
  });
});
