import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InspectorServer } from '../../src/inspector/serve.ts';
import { overviewSpans } from '../explain/made-spans.ts';
import { raw } from './otlp.ts';
import { ask, askRaw, messageOf, pathsOf, startServing } from './serving.ts';

// Who may ask at all. What may come over OTLP: see receive-refusals.test.ts.

const SPANS = overviewSpans();
const TRACE_ID = SPANS[0]!.traceId;
const PAGES = ['/', `/run/${TRACE_ID}`];
const PATHS = [...pathsOf(TRACE_ID), '/api/events'];
const NO_PAGES = PATHS.filter((path) => !PAGES.includes(path));

let server: InspectorServer;

beforeAll(async () => {
  server = await startServing();
  server.take(SPANS);
});
afterAll(() => server.close());

describe.each(PATHS)('%s', (path) => {
  it.each([
    'evil.test',
    'localhost.evil.test',
    '127.0.0.1.nip.io',
    'user@localhost',
    'user@127.0.0.1',
    'localhost.',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0.0.0.0',
    '[::1]',
    '[',
    'a b',
    'localhost:99999',
    '',
  ])('is refused to whoever asks the host "%s"', async (host) => {
    const withPort = host === '' || host.includes(':9') ? host : `${host}:${server.port}`;
    const answer = await askRaw(server, `GET ${path} HTTP/1.1`, `Host: ${withPort}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 403 .*\r\n\r\n\{"code":7,"message":"the Host header must be one of [^{]*\}$/s);
  });

  it('is refused with two hosts, or none', async () => {
    const host = `Host: 127.0.0.1:${server.port}\r\n`;
    expect(await askRaw(server, `GET ${path} HTTP/1.1`, host + host)).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(await askRaw(server, `GET ${path} HTTP/1.1`, '')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await askRaw(server, `GET ${path} HTTP/1.0`, '')).toMatch(/^HTTP\/1\.1 40[03] /);
  });

  it.each([
    { Origin: 'https://evil.test' },
    { Origin: 'null' },
    { Origin: 'http://127.0.0.1:1' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'script' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'none, cross-site' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
    { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'frame' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'embed' },
    { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'same-origin' },
  ])('is refused to other pages: %o', async (headers) => {
    const answer = await ask(server, path, { headers });
    expect(answer.status).toBe(403);
    expect(messageOf(answer)).toBe('requests of web pages are refused');
  });

  it.each(['POST', 'HEAD', 'OPTIONS'])('is refused to a %s of another page that looks like a link', async (method) => {
    const answer = await ask(server, path, { method, headers: LINK });
    expect(answer.status).toBe(403);
  });

  it('says no to a preflight, and allows nothing', async () => {
    const headers = { Origin: 'https://evil.test', 'Access-Control-Request-Method': 'GET' };
    expect((await ask(server, path, { method: 'OPTIONS', headers })).status).toBe(403);
  });
});

const LINK = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };

describe.each(['/v1/traces', '/api/live/process', '/api/live/spans', '/api/import', '/api/remove'])('%s', (path) => {
  it.each([
    { Origin: 'https://evil.test', 'Content-Type': 'text/plain' },
    { Origin: 'null', 'Content-Type': 'application/json' },
    { 'Sec-Fetch-Site': 'same-site', 'Content-Type': 'application/x-www-form-urlencoded' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' },
    { Host: 'evil.test', 'Content-Type': 'application/json' },
  ])('takes nothing from other pages: %o', async (headers) => {
    for (const method of ['POST', 'GET', 'OPTIONS'])
      expect((await ask(server, path, { method, headers, body: '{}' })).status).toBe(403);
  });
});

describe('a link on another site', () => {
  it.each(PAGES)('leads to %s', async (path) => {
    expect((await ask(server, path, { headers: LINK })).status).toBe(200);
    expect((await ask(server, path, { headers: { ...LINK, 'Sec-Fetch-Site': 'same-site' } })).status).toBe(200);
  });

  it.each(NO_PAGES)('does not lead to %s', async (path) => {
    expect((await ask(server, path, { headers: LINK })).status).toBe(403);
  });
});

describe('its own page', () => {
  it.each(pathsOf(TRACE_ID))('gets %s', async (path) => {
    for (const host of [`127.0.0.1:${server.port}`, `localhost:${server.port}`]) {
      const headers = { Host: host, Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' };
      expect((await ask(server, path, { headers })).status).toBe(200);
    }
  });

  it('is not the page at its other name', async () => {
    const headers = { Host: `127.0.0.1:${server.port}`, Origin: `http://localhost:${server.port}` };
    expect((await ask(server, '/api/session', { headers })).status).toBe(403);
  });
});

it('is what somebody typed', async () => {
  expect((await ask(server, '/', { headers: { 'Sec-Fetch-Site': 'none' } })).status).toBe(200);
});

describe('other addresses of this machine', () => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);

  it.skipIf(addresses.length === 0)('do not answer: that in its network', async () => {
    for (const address of addresses) await expect(raw('', server.port, address)).rejects.toThrow('ECONNREFUSED');
  });

  it.runIf(process.platform === 'linux')('do not answer: another one of its own', async () => {
    await expect(raw('', server.port, '127.0.0.2')).rejects.toThrow('ECONNREFUSED');
  });
});
