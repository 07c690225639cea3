import { gzipSync } from 'node:zlib';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OtlpContentType } from '../../src/inspector/answer.ts';
import { startReceiver, type Receiver } from '../../src/inspector/receive.ts';
import { nestedBody } from './nested.ts';
import { CONTENT_TYPES, encode, envelope, JSON_TYPE, post, PROTOBUF_TYPE, raw, spanJson } from './otlp.ts';

// What is refused, with a google.rpc.Status in the request's encoding. R numbers: see receive.test.ts.

const MAX_BODY_BYTES = 100_000;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver({ onSpans: () => expect.unreachable(), maxBodyBytes: MAX_BODY_BYTES });
});
afterAll(() => receiver.close());

const BAD_JSON: readonly (readonly [string, string | Buffer])[] = [
  ['R13 nothing', ''],
  ['R14 null', 'null'],
  ['R15 a list', '[]'],
  ['R16 a number', '1234'],
  ['R17 half a body', '{'],
  ['R18 a byte order mark', '\ufeff{}'],
  ['R19 trailing garbage', '{} x'],
  ['R20 invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ['R12 protobuf', encode(envelope(spanJson()), PROTOBUF_TYPE)],
  ['a list that is none', JSON.stringify({ resourceSpans: {} })],
  ['an envelope that is none', JSON.stringify({ resourceSpans: [7] })],
  ['a span that is none', JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: ['span'] }] }] })],
  ['attributes that are none', JSON.stringify(envelope(spanJson({ attributes: { a: 1 } })))],
];

const BAD_PROTOBUF: readonly (readonly [string, string | Buffer])[] = [
  ['R12 JSON', JSON.stringify(envelope(spanJson()))],
  ['R14 null', 'null'],
  ['R15 a list', '[]'],
  ['R16 a number', '1234'],
  ['R17 half a body', encode(envelope(spanJson()), PROTOBUF_TYPE).subarray(0, 60)],
  ['R18 a byte order mark', Buffer.concat([Buffer.from('\ufeff'), encode(envelope(spanJson()), PROTOBUF_TYPE)])],
  ['R19 trailing garbage', Buffer.concat([encode(envelope(spanJson()), PROTOBUF_TYPE), Buffer.from('{}')])],
  ['R20 invalid UTF-8', invalidText()],
];

describe('a body that cannot be read', () => {
  it.each(BAD_JSON)('is answered 400: %s as JSON', async (_, body) => {
    const status = { code: 3, message: expect.any(String) as string };
    expect(await post(receiver.port, body)).toEqual({ status: 400, type: JSON_TYPE, body: status });
  });

  it.each(BAD_PROTOBUF)('is answered 400: %s as protobuf', async (_, body) => {
    const status = { code: 3, message: expect.any(String) as string };
    const answer = await post(receiver.port, body, { 'Content-Type': PROTOBUF_TYPE });
    expect(answer).toEqual({ status: 400, type: PROTOBUF_TYPE, body: status });
  });

  it('is none when it is empty in protobuf: that is an empty request (R13)', async () => {
    const answer = await post(receiver.port, '', { 'Content-Type': PROTOBUF_TYPE });
    expect(answer).toEqual({ status: 200, type: PROTOBUF_TYPE, body: {} });
  });
});

describe.each(CONTENT_TYPES)('%s', (type) => {
  const empty = type === JSON_TYPE ? '{}' : '';

  it.each([
    ['R57 no gzip', Buffer.from('{}'), 400, 3],
    ['R58 half a gzip', gzipSync('{}').subarray(0, 12), 400, 3],
    ['R59 a gzip with garbage behind it', Buffer.concat([gzipSync(empty), Buffer.from('garbage')]), 400, 3],
    ['R61 a bomb', gzipSync(Buffer.alloc(10_000_000)), 413, 8],
    ['R62 a gzip in a gzip', gzipSync(gzipSync('{}')), 400, 3],
  ])('does not decompress %s', async (_, body, status, code) => {
    const answer = await post(receiver.port, body, { 'Content-Type': type, 'Content-Encoding': 'gzip' });
    expect(answer).toEqual({ status, type, body: { code, message: expect.any(String) as string } });
  });

  it.each(['br', 'gzip, gzip', 'deflate'])('refuses Content-Encoding "%s" (R63)', async (encoding) => {
    const answer = await post(receiver.port, empty, { 'Content-Type': type, 'Content-Encoding': encoding });
    const message = 'Content-Encoding must be gzip or none';
    expect(answer).toEqual({ status: 415, type, body: { code: 12, message } });
  });

  it.each(['/v1/traces', '/v1/logs', '/v1/metrics'])(
    'takes the largest body at %s, and not one byte more, declared or not (R64, R65)',
    async (path) => {
      const full = fullBody(type);
      const headers = { 'Content-Type': type };
      const refused = { status: 413, type, body: { code: 8, message: 'the body is larger than 100000 bytes' } };
      expect((await post(receiver.port, full, headers, path)).status).toBe(200);
      const more = Buffer.concat([full, Buffer.from(' ')]);
      expect(await post(receiver.port, more, headers, path)).toEqual(refused);
      expect(await post(receiver.port, more, { ...headers, 'Transfer-Encoding': 'chunked' }, path)).toEqual(refused);
      const compressed = await post(receiver.port, gzipSync(more), { ...headers, 'Content-Encoding': 'gzip' }, path);
      expect(compressed).toMatchObject({ status: 413, type });
    },
  );

  it('answers a declared 10 GB at once (R66)', async () => {
    const head = `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nConnection: close\r\n`;
    const answer = await raw(`${head}Content-Type: ${type}\r\nContent-Length: 10737418240\r\n\r\n`, receiver.port);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each([
    { Host: 'evil.test' },
    { Origin: 'https://evil.test' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
  ])('refuses a web page: %o (R77)', async (headers) => {
    const answer = await post(receiver.port, empty, { 'Content-Type': type, ...headers });
    expect(answer).toEqual({ status: 403, type, body: { code: 7, message: expect.any(String) as string } });
  });

  it.each(['/', '/v1/traces/', '/opentelemetry.proto.collector.trace.v1.TraceService/Export'])(
    'answers 404 to the path %s (R86, R88)',
    async (path) => {
      const body = { code: 5, message: 'nothing is here; traces go to /v1/traces' };
      expect(await post(receiver.port, empty, { 'Content-Type': type }, path)).toEqual({ status: 404, type, body });
    },
  );

  it.each([
    ['R45', 64, 200],
    ['R45', 65, 400],
    ['R46', 5_000, 400],
    ['R46', 100_000, 400],
  ])('%s nests values to 64 levels, without a stack overflow: %i', async (_, depth, status) => {
    const message = 'an attribute is nested deeper than 64 levels';
    await using nested = await startReceiver({ onSpans: () => {} });
    for (const kind of ['arrayValue', 'kvlistValue'] as const) {
      const answer = await post(nested.port, nestedBody(kind, depth, type), { 'Content-Type': type });
      expect(answer).toEqual({ status, type, body: status === 200 ? {} : { code: 3, message } });
    }
  });
});

it.each([
  ['R07', ''],
  ['R08', 'text/plain'],
  ['R09', 'application/grpc'],
  ['R10', 'invalid'],
  ['R11', 'application/json; charset=utf-16'],
  ['R10', 'application/x-protobufs'],
])('%s answers 415 to Content-Type "%s", in JSON', async (_, type) => {
  for (const path of ['/v1/traces', '/v1/logs']) {
    const answer = await post(receiver.port, '{}', { 'Content-Type': type }, path);
    const message = 'Content-Type must be application/x-protobuf, or application/json in UTF-8';
    expect(answer).toEqual({ status: 415, type: JSON_TYPE, body: { code: 12, message } });
  }
});

it.each([
  ['R01', 'GET'],
  ['R02', 'PUT'],
  ['R03', 'PATCH'],
  ['R04', 'DELETE'],
  ['R05', 'TRACE'],
  ['R77', 'OPTIONS'],
])('%s answers 405 to %s and names POST', async (_, method) => {
  const answer = await rawRequest(`${method} /v1/traces HTTP/1.1`);
  expect(answer).toMatch(/^HTTP\/1\.1 405 .*\r\n\r\n\{"code":12,"message":"only POST is allowed"\}$/s);
  expect(answer).toContain('\r\nAllow: POST\r\n');
  expect(answer).not.toMatch(/access-control/i);
});

it.each(['//v1/traces', '/V1/TRACES', '/../v1/traces', '//', '/\\', '/%E0%A4%A', '*', 'http://'])(
  'answers 404 to the target %s (R78, R87)',
  async (target) => {
    expect(await rawRequest(`POST ${target} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 404 /);
  },
);

it.each([
  'evil.test',
  'localhost.evil.test',
  '127.0.0.1.nip.io',
  'user@localhost',
  'localhost.',
  '127.1',
  '[',
  '',
  '127.0.0.1:1',
  'localhost',
])('answers 403 to the Host "%s" (R76)', async (host) => {
  const answer = await raw(`POST /v1/traces HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, receiver.port);
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  expect(answer).not.toMatch(/access-control/i);
});

it('refuses two Hosts, and none (R76)', async () => {
  const host = `Host: 127.0.0.1:${receiver.port}\r\n`;
  const two = await raw(`POST /v1/traces HTTP/1.1\r\n${host}${host}Connection: close\r\n\r\n`, receiver.port);
  expect(two).toMatch(/^HTTP\/1\.1 40[03] /);
  expect(await raw('POST /v1/traces HTTP/1.0\r\n\r\n', receiver.port)).toMatch(/^HTTP\/1\.1 40[03] /);
  expect(await raw('POST /v1/traces HTTP/1.1\r\n\r\n', receiver.port)).toMatch(/^HTTP\/1\.1 400 /);
});

function rawRequest(line: string): Promise<string> {
  return raw(`${line}\r\nHost: 127.0.0.1:${receiver.port}\r\nConnection: close\r\n\r\n`, receiver.port);
}

/** A body of exactly the largest size. */
function fullBody(type: OtlpContentType): Buffer {
  if (type === JSON_TYPE) return Buffer.from(JSON.stringify({ pad: 'x'.repeat(MAX_BODY_BYTES - '{"pad":""}'.length) }));
  const writer = new BinaryWriter().tag(15, WireType.LengthDelimited); // 1 byte; the length takes 3
  return Buffer.from(writer.bytes(new Uint8Array(MAX_BODY_BYTES - 4)).finish());
}

/** A span whose name is not UTF-8. */
function invalidText(): Buffer {
  const body = encode(envelope(spanJson()), PROTOBUF_TYPE);
  body[body.indexOf('work')] = 0xff;
  return body;
}
