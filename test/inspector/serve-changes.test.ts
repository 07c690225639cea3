import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeTracesJson } from '../../src/inspector/encode-json.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { readPageFiles } from '../../src/inspector/page-files.ts';
import type { InspectorServer } from '../../src/inspector/serve.ts';
import { made, overviewSpans } from '../explain/made-spans.ts';
import { raw } from './otlp.ts';
import { type Answer, ask, jsonOf, messageOf, startServing, tokenOf } from './serving.ts';

// What changes something: for its own page alone, and within bounds.

const MAX_BYTES = 64 * 1024 * 1024;
const SPANS = overviewSpans();
const TRACE_ID = SPANS[0]!.traceId;
const OTHER_TRACE = '1'.repeat(32);
const BODY = JSON.stringify(encodeTracesJson([made('GET', { traceId: OTHER_TRACE })]));
const PATHS = ['/api/import', `/api/remove?trace=${TRACE_ID}`];

let store: ReturnType<typeof openStore>;
let server: InspectorServer;
let token: string;

beforeEach(async () => {
  store = openStore();
  server = await startServing({ store });
  server.take(SPANS);
  token = await tokenOf(server);
});
afterEach(() => server.close());

function post(path: string, headers: Readonly<Record<string, string>>, body: string | Buffer = BODY): Promise<Answer> {
  return ask(server, path, { method: 'POST', headers, body });
}

const withToken = (more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  'X-Orchestrace-Token': token,
  ...more,
});

describe.each(PATHS)('%s', (path) => {
  it('takes nothing without the token of this very Inspector', async () => {
    await using other = await startServing();
    const before = store.counts;
    for (const wrong of [
      '',
      'x',
      token.slice(1),
      `${token}x`,
      token.toLowerCase(),
      'ä'.repeat(11),
      await tokenOf(other),
    ]) {
      const answer = await post(
        path,
        wrong === '' ? {} : { 'X-Orchestrace-Token': Buffer.from(wrong).toString('latin1') },
      );
      expect(answer.status).toBe(403);
      expect(messageOf(answer)).toBe(
        'the header x-orchestrace-token must hold the token of this Inspector: reload the page',
      );
    }
    expect(store.counts).toEqual(before);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json', ''])(
    'takes nothing of another page, even with the token, as "%s"',
    async (type) => {
      const before = store.counts;
      for (const foreign of [{ Origin: 'https://evil.test' }, { 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'null' }]) {
        const headers = { ...foreign, ...(type === '' ? {} : { 'Content-Type': type }) } as Record<string, string>;
        expect((await post(path, withToken(headers))).status).toBe(403);
        expect((await post(path, headers)).status).toBe(403);
      }
      expect(store.counts).toEqual(before);
    },
  );
});

describe('the token', () => {
  it('is long, and another one each time', async () => {
    await using other = await startServing();
    expect(token).toMatch(/^[\w-]{22}$/);
    expect(await tokenOf(other)).not.toBe(token);
  });

  it('is told at one place alone', async () => {
    for (const { body } of readPageFiles().values()) expect(body.includes(token)).toBe(false);
    for (const path of ['/', '/page.js', '/api/runs', `/api/run?trace=${TRACE_ID}`, `/export?trace=${TRACE_ID}`]) {
      const { headers, body } = await ask(server, path);
      expect(JSON.stringify(headers) + body.toString()).not.toContain(token);
    }
  });
});

describe('a file that its page gives it', () => {
  it('is kept, plain or gzip', async () => {
    const answer = await post('/api/import', withToken({ 'Content-Type': 'text/plain' }));
    expect(jsonOf(answer)).toMatchObject({ spans: 1, faults: [] });
    const again = await post('/api/import', withToken({ 'Content-Encoding': 'gzip' }), gzipSync(BODY));
    expect(jsonOf(again)).toMatchObject({ spans: 1, faults: [] });
    expect(store.trace(OTHER_TRACE)).toHaveLength(1);
  });

  it.each([
    ['', 'it is empty'],
    ['<html>', 'line 1 is not JSON, or was cut short'],
    ['{}', 'expected an object with resourceSpans, data or result'],
    ['['.repeat(100_000), 'line 1 is not JSON'],
    ['x'.repeat(1_000_000), 'line 1 is not JSON, or was cut short'],
  ])('is refused when there are no traces in it', async (body, why) => {
    const answer = await post('/api/import', withToken(), body);
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(why);
    expect(answer.body.length).toBeLessThan(500);
  });

  it('tells of its faults, as far as anybody reads', async () => {
    const bad = Array.from({ length: 5_000 }, () => `${'x'.repeat(100)}\n`).join('');
    const answer = await post('/api/import', withToken(), `${BODY}\n${bad}`);
    expect(jsonOf(answer)).toMatchObject({ spans: 1, faults: { length: 101 } });
    expect(answer.body.length).toBeLessThan(10_000);
  });

  it('is refused when it is compressed in another way, or not at all', async () => {
    expect((await post('/api/import', withToken({ 'Content-Encoding': 'br' }))).status).toBe(415);
    expect((await post('/api/import', withToken({ 'Content-Encoding': 'gzip' }))).status).toBe(400);
  });

  it('is refused when it is too large, before it is read or decompressed', async () => {
    const head = `POST /api/import HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Orchestrace-Token: ${token}\r\n`;
    const answer = await raw(`${head}Content-Length: ${MAX_BYTES + 1}\r\nConnection: close\r\n\r\n`, server.port);
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*"message":"the body is larger than 67108864 bytes"/s);
    const bomb = await post(
      '/api/import',
      withToken({ 'Content-Encoding': 'gzip' }),
      gzipSync(Buffer.alloc(MAX_BYTES + 1)),
    );
    expect(bomb.status).toBe(413);
    expect(store.counts.traces).toBe(1);
  });

  it('is not taken in part when its sender leaves', async () => {
    const socket = connect(server.port, '127.0.0.1');
    const head = `POST /api/import HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Orchestrace-Token: ${token}\r\n`;
    await new Promise((resolve) => socket.write(`${head}Content-Length: ${BODY.length + 1}\r\n\r\n${BODY}`, resolve));
    socket.destroy();
    expect((await ask(server, '/api/runs')).status).toBe(200);
    expect(store.counts.traces).toBe(1);
  });
});

it('removes the trace that its page names, once', async () => {
  const path = `/api/remove?trace=${TRACE_ID}`;
  expect((await post(path, withToken())).status).toBe(200);
  const again = await post(path, withToken());
  expect(again.status).toBe(404);
  expect(jsonOf(again)).toMatchObject({ message: expect.stringContaining('not in the store') as string });
  expect(store.counts.traces).toBe(0);
});
