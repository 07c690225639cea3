import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { expect } from 'vitest';
import { openStore } from '../../src/inspector/open-store.ts';
import { type InspectorOptions, type InspectorServer, startInspector } from '../../src/inspector/serve.ts';
import { raw } from './otlp.ts';

/** What the Inspector answers to. Needs the page: `node src/inspector/build-page.ts`. */
export function startServing(options: Partial<InspectorOptions> = {}): Promise<InspectorServer> {
  return startInspector({ store: openStore(), storeName: 'memory', ...options });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Asks on a connection of its own. Whatever is answered, no other origin may read it, and nobody is sent elsewhere. */
export async function ask({ port }: InspectorServer, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = asked;
  const answer = await new Promise<Answer>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject).end(body);
  });
  expect(answer.headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  expect(Object.keys(answer.headers).filter(isOpening)).toEqual([]);
  expect(answer.status < 300 || answer.status >= 400).toBe(true);
  return answer;
}

function isOpening(header: string): boolean {
  return header.startsWith('access-control-') || header === 'location' || header === 'refresh';
}

/** Sends the first line of a request as it is. In the same way, whatever is answered opens nothing. */
export async function askRaw({ port }: InspectorServer, line: string, headers?: string): Promise<string> {
  const text = await raw(`${line}\r\n${headers ?? `Host: 127.0.0.1:${port}\r\n`}Connection: close\r\n\r\n`, port);
  expect(text).toMatch(/^HTTP\/1\.1 [245]\d\d /);
  expect(text).not.toMatch(/^(access-control-|location:|refresh:)/im);
  return text;
}

export function jsonOf({ body }: Answer): unknown {
  return JSON.parse(body.toString());
}

/** The message of a refusal. */
export function messageOf(answer: Answer): string {
  return (jsonOf(answer) as { message: string }).message;
}

/** The token of its own page. */
export async function tokenOf(server: InspectorServer): Promise<string> {
  return (jsonOf(await ask(server, '/api/session')) as { token: string }).token;
}

/** Every path at which there is something to read, but for the stream of changes. */
export function pathsOf(traceId: string): string[] {
  return [
    '/',
    `/run/${traceId}`,
    '/page.js',
    '/page.css',
    '/layout-worker.js',
    '/api/session',
    '/api/runs',
    `/api/run?trace=${traceId}`,
    `/api/spans?trace=${traceId}`,
    `/api/compare?trace=${traceId}&with=${traceId}`,
    `/export?trace=${traceId}`,
  ];
}
