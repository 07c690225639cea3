import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { startReceiver, type Receiver, type ReceiverOptions } from '../../src/inspector/receive.ts';
import {
  attribute,
  CONTENT_TYPES,
  encode,
  envelope,
  JSON_TYPE,
  post,
  PROTOBUF_TYPE,
  raw,
  SPAN_ID,
  spanJson,
  TRACE_ID,
} from './otlp.ts';

// What is received and what is answered. R numbers name rows of the list of bad inputs that a receiver must survive.

let received: ReceivedSpan[];
let onSpans: ReceiverOptions['onSpans'];
let receiver: Receiver;

beforeEach(async () => {
  received = [];
  onSpans = (spans) => void received.push(...spans);
  receiver = await startReceiver({ onSpans: (spans, request) => onSpans(spans, request), maxBodyBytes: 4_000_000 });
});
afterEach(() => receiver.close());

describe.each(CONTENT_TYPES)('what is taken as %s', (type) => {
  const send = (json: object, headers = {}): ReturnType<typeof post> =>
    post(receiver.port, encode(json, type), { 'Content-Type': type, ...headers });

  it('hands over spans with everything that they carry', async () => {
    const span = spanJson({
      parentSpanId: 'B7AD6B7169203332',
      kind: 3,
      attributes: [
        attribute('text', { stringValue: 'a' }),
        attribute('yes', { boolValue: true }),
        attribute('number', { intValue: '42' }),
        attribute('bare number', { intValue: 43 }),
        attribute('large', { intValue: '9007199254740993' }),
        attribute('double', { doubleValue: 1.5 }),
        attribute('not a number', { doubleValue: 'NaN' }),
        attribute('list', { arrayValue: { values: [{ stringValue: 'x' }, {}] } }),
        attribute('map', { kvlistValue: { values: [attribute('k', { intValue: '1' })] } }),
        attribute('bytes', { bytesValue: 'aGk=' }),
      ],
      events: [{ timeUnixNano: '5', name: 'exception', attributes: [attribute('e', { stringValue: 'boom' })] }],
      links: [{ traceId: TRACE_ID, spanId: SPAN_ID, attributes: [attribute('l', { boolValue: false })] }],
      status: { code: 2, message: 'broken' },
    });
    expect(await send(envelope(span))).toEqual({ status: 200, type, body: {} });
    expect(received).toEqual([
      {
        traceId: TRACE_ID,
        spanId: SPAN_ID,
        parentSpanId: 'b7ad6b7169203332',
        name: 'work',
        kind: 'client',
        startNs: 1_700_000_000_000_000_001n,
        endNs: 1_700_000_000_000_000_002n,
        attributes: new Map<string, unknown>([
          ['text', 'a'],
          ['yes', true],
          ['number', 42],
          ['bare number', 43],
          ['large', 9_007_199_254_740_993n],
          ['double', 1.5],
          ['not a number', Number.NaN],
          ['list', ['x', null]],
          ['map', new Map([['k', 1]])],
          ['bytes', Buffer.from('hi')],
        ]),
        events: [{ timeNs: 5n, name: 'exception', attributes: new Map([['e', 'boom']]) }],
        links: [{ traceId: TRACE_ID, spanId: SPAN_ID, attributes: new Map([['l', false]]) }],
        status: { code: 'error', message: 'broken' },
        resource: new Map([['service.name', 'shop']]),
        scope: { name: 'orchestrace', version: '0.1.0' },
      },
    ]);
  });

  it('hands over the request as well, decompressed', async () => {
    const body = encode(envelope(spanJson()), type);
    let taken: unknown;
    onSpans = (_, request) => void (taken = request);
    await post(receiver.port, gzipSync(body), { 'Content-Type': type, 'Content-Encoding': 'gzip' });
    expect(taken).toEqual({ body, contentType: type });
  });

  it.each([
    ['R28 upper-case ids', { traceId: TRACE_ID.toUpperCase(), spanId: SPAN_ID.toUpperCase() }],
    ['unknown fields, trace state and flags', { flags: 257, traceState: 'a=b', invented: { deep: [1] } }],
    ['R31 an end before the start', { endTimeUnixNano: '1' }],
    ['R32 a start of 0', { startTimeUnixNano: 0 }],
    ['R33 the largest time', { endTimeUnixNano: '18446744073709551615' }],
    ['R34 the year 9999, which 64 bits cannot hold, as near as they can', { endTimeUnixNano: '18446744073000000000' }],
    ['R35 no times', { startTimeUnixNano: undefined, endTimeUnixNano: undefined }],
    ['times as numbers', { startTimeUnixNano: 1_700_000_000_000_000_000 }],
    ['an unknown kind', { kind: 99 }],
    ['an all-zero parent, which is none', { parentSpanId: '0000000000000000' }],
    ['an empty parent, which is none', { parentSpanId: '' }],
  ])('takes a span with %s', async (_, change) => {
    expect(await send(envelope(spanJson(change)))).toEqual({ status: 200, type, body: {} });
    expect(received).toMatchObject([{ traceId: TRACE_ID, spanId: SPAN_ID }]);
    expect(received[0]).not.toHaveProperty('parentSpanId');
  });

  it.each([
    ['R37 a span twice', [spanJson(), spanJson()]],
    ['R38 two spans of one id', [spanJson(), spanJson({ name: 'other' })]],
    [
      'R39 two spans that are their parents',
      [spanJson({ parentSpanId: 'b7ad6b7169203332' }), spanJson({ spanId: 'b7ad6b7169203332', parentSpanId: SPAN_ID })],
    ],
    ['R40 a span that is its parent, and another', [spanJson({ parentSpanId: SPAN_ID }), spanJson({ name: 'other' })]],
  ])('hands over what it got: %s', async (_, spans) => {
    expect(await send(envelope(...spans))).toEqual({ status: 200, type, body: {} });
    expect(received).toHaveLength(2);
  });

  it.each([
    ['R21 an empty request', {}],
    ['R22 null lists', { resourceSpans: null }],
    ['R23 empty envelopes', { resourceSpans: [{}, { scopeSpans: [{}, { spans: [] }] }] }],
    ['R25 snake case, which is unknown', { resource_spans: [{}] }],
  ])('answers 200 to %s and hands nothing over', async (_, json) => {
    onSpans = () => expect.unreachable();
    expect(await send(json)).toEqual({ status: 200, type, body: {} });
  });

  it.each([
    ['R41 129 attributes', 129],
    ['R41 100,000 attributes', 100_000],
  ])('keeps %s', async (_, count) => {
    const attributes = Array.from({ length: count }, (_, i) => attribute(`k${i}`, { intValue: 1 }));
    await using large = await startReceiver({ onSpans: (spans) => onSpans(spans, expect.anything()) });
    const answer = await post(large.port, encode(envelope(spanJson({ attributes })), type), { 'Content-Type': type });
    expect(answer).toEqual({ status: 200, type, body: {} });
    expect(received[0]?.attributes.size).toBe(count);
  });

  it.each([
    ['R42 a key', attribute('x'.repeat(2 ** 20), { stringValue: 'x' })],
    ['R43 a value', attribute('k', { stringValue: 'ä'.repeat(2 ** 19) })],
  ])('keeps %s of 1 MiB', async (_, large) => {
    expect(await send(envelope(spanJson({ attributes: [large] })))).toEqual({ status: 200, type, body: {} });
    const [[key, value] = []] = received[0]?.attributes ?? [];
    expect(Buffer.byteLength(`${key}${value as string}`)).toBe(2 ** 20 + 1);
  });

  it('keeps the first of equal keys (R44)', async () => {
    const attributes = [attribute('k', { intValue: 1 }), attribute('k', { intValue: 2 })];
    await send(envelope(spanJson({ attributes })));
    expect(received[0]?.attributes).toEqual(new Map([['k', 1]]));
  });

  it.each([
    ['identity', (body: Buffer): Buffer => body],
    ['', (body: Buffer): Buffer => body],
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
  ])('takes Content-Encoding "%s" (R56, R63)', async (encoding, compress) => {
    const body = compress(encode(envelope(spanJson()), type));
    const headers = { 'Content-Type': type, 'Content-Encoding': encoding };
    expect(await post(receiver.port, body, headers)).toEqual({ status: 200, type, body: {} });
    expect(received).toHaveLength(1);
  });

  it('takes a gzip of two members (R60)', async () => {
    const body = encode(envelope(spanJson()), type);
    const members = Buffer.concat([gzipSync(body.subarray(0, 50)), gzipSync(body.subarray(50))]);
    await post(receiver.port, members, { 'Content-Type': type, 'Content-Encoding': 'gzip' });
    expect(received).toHaveLength(1);
  });

  it('takes localhost as Host, in any case', async () => {
    expect((await send(envelope(spanJson()), { Host: `LOCALHOST:${receiver.port}` })).status).toBe(200);
  });

  it.each(['/v1/metrics', '/v1/logs'])('drops what comes at %s without complaint (R85)', async (path) => {
    onSpans = () => expect.unreachable();
    for (const body of [encode(envelope(spanJson()), type), Buffer.from('\x0a\x00 anything')]) {
      const answer = await post(receiver.port, body, { 'Content-Type': type }, path);
      expect(answer).toEqual({ status: 200, type, body: {} });
    }
  });

  it.each([
    ['R28 a trace id of 31 digits', { traceId: TRACE_ID.slice(2) }, 'traceId is not an id of 32 hex digits'],
    ['R28 a trace id of 33 digits', { traceId: `${TRACE_ID}00` }, 'traceId is not an id of 32 hex digits'],
    ['R28 an id of zeros', { spanId: '0'.repeat(16) }, 'spanId is all zeros'],
    ['R28 no id', { spanId: undefined }, 'spanId is not an id of 16 hex digits'],
    ['R28 a parent of other length', { parentSpanId: 'abcd' }, 'parentSpanId is not an id of 16 hex digits'],
    ['R28 a link to nothing', { links: [{ traceId: TRACE_ID }] }, 'link.spanId is not an id of 16 hex digits'],
  ])('says what is wrong with a span and keeps the others: %s', async (_, change, reason) => {
    const answer = await send(envelope(spanJson(change), spanJson(), spanJson(change)));
    const partialSuccess = { rejectedSpans: '2', errorMessage: `span "work": ${reason}` };
    expect(answer).toEqual({ status: 200, type, body: { partialSuccess } });
    expect(received).toHaveLength(1);
  });

  it('asks the sender to come again when the spans cannot be taken (R92)', async () => {
    onSpans = () => Promise.reject(new Error('the store is locked'));
    const refused = {
      status: 503,
      type,
      body: { code: 14, message: 'the spans were not taken: the store is locked' },
      retryAfter: '1',
    };
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(envelope(spanJson()))));
    expect(answers).toEqual(answers.map(() => refused));
    onSpans = (spans) => void received.push(...spans);
    expect((await send(envelope(spanJson()))).status).toBe(200);
    expect(received).toHaveLength(1);
  });
});

describe('what only JSON can say', () => {
  const send = (json: object, headers = {}): ReturnType<typeof post> =>
    post(receiver.port, JSON.stringify(json), headers);

  it.each([
    ['R27 a base64 id', { spanId: 't61rcWkgMzE=' }, 'spanId is not an id of 16 hex digits'],
    ['R28 an id that is no hex', { traceId: 'x'.repeat(32) }, 'traceId is not an id of 32 hex digits'],
    ['R28 an id that is a number', { traceId: 1 }, 'traceId is not an id of 32 hex digits'],
    ['R26 a kind in words', { kind: 'SPAN_KIND_CLIENT' }, 'kind is not an integer'],
    ['R26 a status in words', { status: { code: 'STATUS_CODE_ERROR' } }, 'status.code is not an integer'],
    ['R36 a negative time', { startTimeUnixNano: '-1' }, 'startTimeUnixNano is not an unsigned 64-bit integer'],
    [
      'R33 a time of 2^64',
      { endTimeUnixNano: '18446744073709551616' },
      'endTimeUnixNano is not an unsigned 64-bit integer',
    ],
    ['a time in words', { events: [{ timeUnixNano: 'now' }] }, 'timeUnixNano is not an unsigned 64-bit integer'],
  ])('rejects a span with %s, and keeps the others', async (_, change, reason) => {
    expect(await send(envelope(spanJson(change), spanJson()))).toEqual({
      status: 200,
      type: JSON_TYPE,
      body: { partialSuccess: { rejectedSpans: '1', errorMessage: `span "work": ${reason}` } },
    });
    expect(received).toHaveLength(1);
  });

  it.each([
    ['R29 a number', { intValue: 7 }, 7],
    ['R29 a string', { intValue: '-7' }, -7],
    ['R29 2^64', { intValue: '18446744073709551616' }, 2n ** 64n],
    ['R29 no integer', { intValue: 'seven' }, null],
    ['R30 NaN', { doubleValue: 'NaN' }, Number.NaN],
    ['R30 Infinity', { doubleValue: 'Infinity' }, Infinity],
    ['R30 -Infinity', { doubleValue: '-Infinity' }, -Infinity],
    ['R30 no number', { doubleValue: 'much' }, null],
    ['a null', { intValue: null, boolValue: true }, true],
    ['half a surrogate pair', { stringValue: '\ud800' }, '\ud800'],
    ['R47 two values, the first of the protocol', { intValue: 1, stringValue: 'a' }, 'a'],
    ['R48 no value', {}, null],
  ])('reads %s', async (_, value, expected) => {
    await send(envelope(spanJson({ attributes: [attribute('k', value)] })));
    expect(received[0]?.attributes.get('k')).toEqual(expected);
  });

  it('takes a charset of UTF-8, in any case', async () => {
    const answer = await send(envelope(spanJson()), { 'Content-Type': 'Application/JSON; charset=UTF-8' });
    expect(answer).toEqual({ status: 200, type: JSON_TYPE, body: {} });
  });

  it('keeps attribute keys off prototypes', async () => {
    const keys = ['__proto__', 'constructor', 'prototype', 'toString'];
    const value = { kvlistValue: { values: [attribute('polluted', { boolValue: true })] } };
    const body = JSON.stringify(envelope(spanJson({ attributes: keys.map((key) => attribute(key, value)) })));
    await post(receiver.port, body.replace('"name":"work"', '"name":"work","__proto__":{"polluted":true}'));
    expect([...(received[0]?.attributes.keys() ?? [])]).toEqual(keys);
    expect('polluted' in {}).toBe(false);
  });
});

it('answers in protobuf with an empty body when all is well', async () => {
  const body = encode(envelope(spanJson()), PROTOBUF_TYPE).toString('latin1');
  const answer = await raw(
    `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nConnection: close\r\n` +
      `Content-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    receiver.port,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 .*\r\nContent-Length: 0\r\n.*\r\n\r\n$/s);
});
