import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InspectorServer } from '../../src/inspector/serve.ts';
import { overviewSpans } from '../explain/made-spans.ts';
import { ask, askRaw, pathsOf, startServing } from './serving.ts';

// What is at which path, and how it is given.

const SPANS = overviewSpans();
const TRACE_ID = SPANS[0]!.traceId;

let server: InspectorServer;

beforeAll(async () => {
  server = await startServing();
  server.take(SPANS);
});
afterAll(async () => {
  // Whatever came before, the page is given.
  expect((await ask(server, '/')).status).toBe(200);
  await server.close();
});

describe('a file of the page', () => {
  it.each([
    ['/', 'text/html; charset=utf-8'],
    [`/run/${TRACE_ID}`, 'text/html; charset=utf-8'],
    [`/run/${TRACE_ID.toUpperCase()}?view=graph`, 'text/html; charset=utf-8'],
    [`/run/${TRACE_ID.slice(0, 6)}`, 'text/html; charset=utf-8'],
    ['/page.css', 'text/css; charset=utf-8'],
    ['/page.js', 'text/javascript; charset=utf-8'],
    ['/layout-worker.js', 'text/javascript; charset=utf-8'],
  ])('%s may do no more than ask its own server, and stand in no frame', async (path, type) => {
    const { status, headers, body } = await ask(server, path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': type,
      'content-length': String(body.length),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    });
  });
});

it('a run that is exported may run nothing where it is opened from here', async () => {
  const { headers } = await ask(server, `/export?trace=${TRACE_ID}`);
  expect(headers).toMatchObject({
    'content-disposition': expect.stringMatching(/^attachment; filename="[\w.-]+\.html"$/),
    'content-security-policy': 'sandbox',
  });
});

describe('what is to read', () => {
  it.each(pathsOf(TRACE_ID))('is given whole, or its head alone, and can be written in no way: %s', async (path) => {
    const { status, headers, body } = await ask(server, path);
    const head = await ask(server, path, { method: 'HEAD' });
    expect({ status: head.status, body: String(head.body) }).toEqual({ status, body: '' });
    expect(head.headers['content-type']).toBe(headers['content-type']);
    // Those with a time in it differ.
    if (!path.startsWith('/api/runs')) expect(head.headers['content-length']).toBe(String(body.length));
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const refused = await ask(server, path, { method, body: '{}' });
      expect(refused.status).toBe(405);
      expect(refused.headers.allow).toBe('GET, HEAD');
    }
  });

  it('is followed with GET alone where it has no end', async () => {
    for (const method of ['HEAD', 'POST', 'OPTIONS']) {
      const refused = await ask(server, '/api/events', { method });
      expect(refused.status).toBe(405);
      expect(refused.headers.allow).toBe('GET');
    }
  });

  it.each(['/api/import', '/api/remove', '/api/live/process', '/api/live/spans'])('is not at %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT']) {
      const refused = await ask(server, path, { method });
      expect(refused.status).toBe(405);
      expect(refused.headers.allow).toBe('POST');
    }
  });
});

describe('nothing is', () => {
  it.each([
    // Another way to write what there is.
    '/index.html',
    '//',
    '//page.js',
    '/page.js/',
    '/./page.js',
    '/PAGE.JS',
    '/%70age.js',
    '/page.js%00',
    '/page.js::$DATA',
    '/page.js%20',
    '/run',
    '/run/',
    '/run/latest',
    `/run/${TRACE_ID}/`,
    `/run/${TRACE_ID}%0a`,
    '/api',
    '/api/',
    '/api/runs/',
    '/API/RUNS',
    '/api/live/',
    '/api/live/../session',
    '/export/',
    // What lies beside it.
    '/package.json',
    '/build-page.js',
    '/.env',
    '/.env::$DATA',
    '/../../etc/passwd',
    '/../../../package.json',
    '/page.js/../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2f..%2fpackage.json',
    '/%252e%252e/package.json',
    '/..\\..\\..\\package.json',
    '/..%5c..%5cpackage.json',
    '//etc/passwd',
    '/etc/passwd',
    '/%00',
    '/..;/package.json',
    'file:///etc/passwd',
    '/run/../../../package.json',
    '/__proto__',
    '/constructor',
    '/toString',
    // What is no path.
    '/%E0%A4%A',
    '/%',
    '/#',
    '/page.js#',
    '/\\',
    '*',
    'http://',
    'http://127.0.0.1',
    'http://evil.test/',
    '//evil.test/',
    '/\\evil.test',
    `/${'a'.repeat(5_000)}`,
  ])('at %s', async (target) => {
    const answer = await askRaw(server, `GET ${target} HTTP/1.1`);
    expect(answer).toMatch(
      /^HTTP\/1\.1 404 .*\r\n\r\n\{"code":5,"message":"nothing is here; traces go to \/v1\/traces"\}$/s,
    );
  });

  it.each(['#', '../../package.json', 'page.js', '/a b', '/a\0b', '/page.js\r\n x'])(
    'at %j, which is no request',
    async (target) => {
      expect(await askRaw(server, `GET ${target} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 400 /);
    },
  );

  it('at a wrong address, which the page says to whoever typed it', async () => {
    const typed = await ask(server, '/nowhere', {
      headers: { 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'none' },
    });
    const page = await ask(server, '/');
    expect(typed.status).toBe(404);
    expect(typed.body).toEqual(page.body);
    expect(typed.headers['content-security-policy']).toBe(page.headers['content-security-policy']);
    const linked = { 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'cross-site' };
    expect((await ask(server, '/nowhere', { headers: linked })).status).toBe(403);
  });

  it('sent elsewhere by an address', async () => {
    for (const query of ['next=https://evil.test', 'url=//evil.test', 'redirect=%2f%2fevil.test'])
      expect((await ask(server, `/?${query}`)).status).toBe(200);
  });
});
