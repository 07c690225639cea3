import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { startReceiver, type Receiver } from '../../src/inspector/receive.ts';
import { encode, envelope, JSON_TYPE, post, raw, readAll, spanJson } from './otlp.ts';

// What goes wrong below HTTP. R numbers: see receive.test.ts.

let received: ReceivedSpan[];
let receiver: Receiver;
let head: string;

beforeEach(async () => {
  received = [];
  receiver = await startReceiver({ onSpans: (spans) => void received.push(...spans), requestTimeoutMs: 300 });
  head = `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nContent-Type: application/json\r\n`;
});
afterEach(async () => {
  // Whatever came before, the next request is taken.
  expect(await post(receiver.port, '{}')).toEqual({ status: 200, type: JSON_TYPE, body: {} });
  await receiver.close();
});

const BODY = encode(envelope(spanJson()), JSON_TYPE).toString();
const send = (bytes: string): Promise<string> => raw(bytes, receiver.port);

describe('what is no request is answered 400, with a Status', () => {
  const REFUSED =
    /HTTP\/1\.1 400 .*\r\nConnection: close\r\n.*\r\n\r\n\{"code":3,"message":"this is not an HTTP\/1\.1 request"\}$/s;

  it.each([
    [
      'R69 a length and chunks',
      (): string => `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['R70 two lengths', (): string => `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['R70 a negative length', (): string => `${head}Content-Length: -1\r\n\r\n`],
    ['R71 a bad chunk', (): string => `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ['R78 a target with a blank', (): string => head.replace('traces ', 'traces x ')],
    ['R78 a fragment', (): string => `${head.replace('/v1/traces', '#')}\r\n`],
    ['R79 a NUL in a header', (): string => `${head}X: a\0b\r\n\r\n`],
    ['R79 a NUL in the target', (): string => `${head.replace('traces', 'tra\0ces')}\r\n`],
    ['R82 the start of TLS', (): string => '\x16\x03\x01\x02\x00\x01'],
    ['R83 HTTP/2', (): string => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['garbage', (): string => 'garbage\r\n\r\n'],
  ])('%s', async (_, bytes) => {
    expect(await send(bytes())).toMatch(REFUSED);
    expect(received).toEqual([]);
  });

  it('but not the request before it (R68)', async () => {
    const answer = await send(`${head}Content-Length: ${BODY.length}\r\n\r\n${BODY}garbage\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*\r\n\r\n\{\}$/s);
    expect(received).toHaveLength(1);
  });
});

it('answers once when a request is refused and broken', async () => {
  const answer = await send(`${head.replace(JSON_TYPE, 'text/plain')}Transfer-Encoding: chunked\r\n\r\nzz\r\n`);
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 415']);
});

it('R80 refuses headers of 17 KiB', async () => {
  const answer = await send(`${head}X: ${'x'.repeat(17 * 1024)}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 .*\{"code":8,"message":"the headers are too large"\}$/s);
});

it('R81 refuses 2,000 headers', async () => {
  const many = Array.from({ length: 2_000 }, (_, i) => `X-${i}: abc\r\n`).join('');
  expect(await send(`${head}${many}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
});

it('R84 refuses an Expect that it does not know', async () => {
  const answer = await send(`${head}Expect: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`);
  expect(answer).toMatch(/^HTTP\/1\.1 417 .*\{"code":3,"message":"Expect must be 100-continue or none"\}$/s);
});

it('R84 lets a sender wait for 100 Continue', async () => {
  const answer = await send(`${head}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`);
  expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
});

it('R84 does not change the protocol', async () => {
  const upgrade = 'Connection: Upgrade, close\r\nUpgrade: websocket\r\n';
  expect(await send(`${head}${upgrade}Content-Length: 2\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 200 /);
});

it('R06 closes on CONNECT', async () => {
  expect(await send('CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n')).toBe('');
});

it('R75 takes nothing of a client that leaves in the middle', async () => {
  const socket = connect(receiver.port, '127.0.0.1');
  const half = BODY.slice(0, -1);
  await new Promise((resolve) => socket.write(`${head}Content-Length: ${BODY.length}\r\n\r\n${half}`, resolve));
  socket.destroy();
  expect((await post(receiver.port, BODY)).status).toBe(200);
  expect(received).toHaveLength(1);
});

it('R75 survives a client that leaves before the answer', async () => {
  const socket = connect(receiver.port, '127.0.0.1');
  await new Promise((resolve) => socket.write(`${head}Content-Length: ${BODY.length}\r\n\r\n${BODY}`, resolve));
  socket.resetAndDestroy();
});

it('R74 survives 1,000 connections on which nothing comes: they are closed, and the next request is taken', async () => {
  const sockets = Array.from({ length: 1_000 }, () => connect(receiver.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => readAll(socket)));
});
