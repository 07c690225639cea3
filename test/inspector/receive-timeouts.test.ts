import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../../src/inspector/receive.ts';
import { JSON_TYPE, post, PROTOBUF_TYPE, raw, readAll } from './otlp.ts';

// What comes too slowly, all of it at once: each waits for its time to end. R numbers: see receive.test.ts.

let receiver: Receiver;
let head: string;

beforeAll(async () => {
  receiver = await startReceiver({ onSpans: () => expect.unreachable(), requestTimeoutMs: 300 });
  head = `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nContent-Type: application/json\r\n`;
});
afterEach(async () => {
  // Whatever came before, the next request is taken.
  expect(await post(receiver.port, '{}')).toEqual({ status: 200, type: JSON_TYPE, body: {} });
});
afterAll(() => receiver.close());

describe.concurrent('what does not arrive in time is answered 408', () => {
  it.each([
    ['R67 a body shorter than declared', (): string => `${head}Content-Length: 100\r\n\r\n{`],
    ['R73 a body of which nothing comes', (): string => `${head}Content-Length: 100\r\n\r\n`],
    ['R73 a chunk that does not come', (): string => `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{`],
    ['R72 half the headers', (): string => head],
    ['R72 half a request line', (): string => 'POST /v1'],
  ])('%s', async (_, bytes) => {
    const answer = await raw(bytes(), receiver.port);
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*\r\nConnection: close\r\n/s);
    expect(answer).toMatch(/\r\n\r\n\{"code":4,"message":"the request did not arrive in time"\}$/);
  });

  it('in the encoding of the request, if that is known', async () => {
    const answer = await raw(`${head.replace(JSON_TYPE, PROTOBUF_TYPE)}Content-Length: 100\r\n\r\n`, receiver.port);
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*\r\nContent-Type: application\/x-protobuf\r\n/s);
    expect(answer.endsWith('\r\n\r\n\x08\x04\x12\x22the request did not arrive in time')).toBe(true);
  });

  it('and does not hold memory after that', async () => {
    await using small = await startReceiver({ onSpans: () => {}, maxBodyBytes: 1_000, requestTimeoutMs: 300 });
    const slow = `${head.replace(String(receiver.port), String(small.port))}Content-Length: 1000\r\n\r\n`;
    const answers = await Promise.all(Array.from({ length: 4 }, () => raw(slow + ' '.repeat(999), small.port)));
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['408', '408', '408', '408']);
    expect(await post(small.port, `${' '.repeat(998)}{}`)).toEqual({ status: 200, type: JSON_TYPE, body: {} });
  });

  it('R72 headers that come byte by byte', async () => {
    const socket = connect(receiver.port, '127.0.0.1');
    await once(socket, 'connect');
    const drip = setInterval(() => socket.write('x'), 20);
    socket.write(head);
    const answer = await readAll(socket);
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });
});
