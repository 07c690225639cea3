import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { encodeTracesJson } from '../../src/inspector/encode-json.ts';
import type { InspectorServer } from '../../src/inspector/serve.ts';
import { overviewSpans } from '../explain/made-spans.ts';
import { ask, jsonOf, messageOf, startServing, tokenOf } from './serving.ts';

// The stream of changes, as it is served. When it tells what: see change-feed.test.ts.

const MAX_LISTENERS = 32;
const SPANS = overviewSpans();
const TRACE_ID = SPANS[0]!.traceId;
const BODY = JSON.stringify(encodeTracesJson(SPANS));

let server: InspectorServer;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = await startServing();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

/** A page that listens, with what it has heard. */
interface Page {
  readonly socket: Socket;
  readonly hears: (text: string) => Promise<void>;
  readonly heard: () => string;
  readonly ended: Promise<void>;
}

async function open(): Promise<Page> {
  let text = '';
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('data', (chunk) => (text += String(chunk))).on('error', () => {});
  const ended = new Promise<void>((resolve) => socket.once('close', resolve));
  socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
  const hears = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => (text.includes(wanted) ? resolve() : undefined);
      socket.on('data', look).once('close', () => reject(new Error(`closed before "${wanted}" came: ${text}`)));
      look();
    });
  const page = { socket, hears, heard: () => text, ended };
  await page.hears('event: hello');
  return page;
}

it('is a stream that nobody else may read or keep', async () => {
  const head = (await open()).heard().split('\r\n\r\n')[0]!.toLowerCase();
  expect(head).toMatch(/^http\/1\.1 200 ok\r\n/);
  for (const line of [
    'content-type: text/event-stream; charset=utf-8',
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'cross-origin-resource-policy: same-origin',
    'connection: close',
  ])
    expect(head.split('\r\n')).toContain(line);
  expect(head).not.toContain('access-control');
});

it('tells of what is sent, imported and taken', async () => {
  const page = await open();
  const headers = { 'Content-Type': 'application/json' };
  expect((await ask(server, '/v1/traces', { method: 'POST', headers, body: BODY })).status).toBe(200);
  await page.hears(`event: trace\ndata: {"traceId":"${TRACE_ID}"}`);
  const token = { 'X-Orchestrace-Token': await tokenOf(server) };
  const other = BODY.replaceAll(TRACE_ID, '1'.repeat(32));
  expect((await ask(server, '/api/import', { method: 'POST', headers: token, body: other })).status).toBe(200);
  await page.hears('1'.repeat(32));
  server.take(SPANS.map((span) => Object.assign({}, span, { traceId: '2'.repeat(32) })));
  await page.hears('2'.repeat(32));
});

it('is given to 32 pages; one more is told so, until one of them leaves', async () => {
  const pages = await Promise.all(Array.from({ length: MAX_LISTENERS }, () => open()));
  const late = await ask(server, '/api/events');
  expect(late.status).toBe(503);
  expect(messageOf(late)).toBe('too many pages are open');
  pages[0]!.socket.destroy();
  await vi.waitFor(() => open());
  expect(jsonOf(await ask(server, '/api/runs'))).toMatchObject({ runs: [] });
});

it('ends when the server does, also for a page that reads nothing', async () => {
  const pages = await Promise.all([open(), open()]);
  const deaf = await open();
  deaf.socket.pause();
  await server.close();
  for (const page of pages) {
    await page.ended;
    expect(page.heard()).toMatch(/\r\n0\r\n\r\n$/);
  }
  await expect(ask(server, '/')).rejects.toThrow('ECONNREFUSED');
});

it('outlives pages that leave in every way', async () => {
  for (let round = 0; round < 3; round++) {
    const [gone, reset] = await Promise.all([open(), open()]);
    gone.socket.end();
    reset.socket.resetAndDestroy();
  }
  const cut = connect(server.port, '127.0.0.1');
  cut.write('GET /api/events HTTP/1.1\r\nHost: 127', () => cut.destroy());
  const page = await open();
  server.take(SPANS);
  await page.hears(TRACE_ID);
});
