import { gzipSync } from 'node:zlib';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/received-span.ts';
import { startReceiver, type Receiver, type ReceiverOptions } from '../../src/inspector/receive.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const MAX_BODY_BYTES = 100_000;

let received: ReceivedSpan[];
let onSpans: ReceiverOptions['onSpans'];
let receiver: Receiver;

beforeEach(async () => {
  received = [];
  onSpans = (spans) => void received.push(...spans);
  receiver = await startReceiver({
    onSpans: (spans, json) => onSpans(spans, json),
    maxBodyBytes: MAX_BODY_BYTES,
    requestTimeoutMs: 500,
  });
});
afterEach(() => receiver.close());

describe('what is taken', () => {
  it('hands over spans with everything that they carry', async () => {
    const span = {
      ...spanJson(),
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
    };
    expect(await post(JSON.stringify(envelope(span)))).toEqual({ status: 200, body: {} });
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

  it.each([
    ['upper-case ids', { traceId: TRACE_ID.toUpperCase(), spanId: SPAN_ID.toUpperCase() }],
    ['unknown fields', { flags: 257, traceState: 'a=b', invented: { deep: [1] } }],
    ['an end before the start', { endTimeUnixNano: '1' }],
    ['no times', { startTimeUnixNano: undefined, endTimeUnixNano: undefined }],
    ['times as numbers', { startTimeUnixNano: 1_700_000_000_000_000_000 }],
    ['the largest time', { endTimeUnixNano: '18446744073709551615' }],
    ['an unknown kind', { kind: 99 }],
    ['an all-zero parent, which is none', { parentSpanId: '0000000000000000' }],
    ['an empty parent, which is none', { parentSpanId: '' }],
  ])('takes a span with %s', async (_, change) => {
    expect(await post(JSON.stringify(envelope({ ...spanJson(), ...change })))).toEqual({ status: 200, body: {} });
    expect(received).toMatchObject([{ traceId: TRACE_ID, spanId: SPAN_ID }]);
    expect(received[0]).not.toHaveProperty('parentSpanId');
  });

  it.each([
    ['an empty request', {}],
    ['null lists', { resourceSpans: null }],
    ['empty envelopes', { resourceSpans: [{}, { scopeSpans: [{}, { spans: [] }] }] }],
    ['snake case, which is unknown', { resource_spans: [{}] }],
  ])('answers 200 to %s and hands nothing over', async (_, body) => {
    onSpans = () => expect.unreachable();
    expect(await post(JSON.stringify(body))).toEqual({ status: 200, body: {} });
  });

  it('takes gzip, of several members as well', async () => {
    const body = JSON.stringify(envelope(spanJson()));
    const [head, tail] = [gzipSync(body.slice(0, 50)), gzipSync(body.slice(50))];
    const headers = { 'Content-Encoding': 'gzip' };
    onSpans = (spans, json) => {
      expect(json.toString()).toBe(body);
      received.push(...spans);
    };
    expect(await post(gzipSync(body), headers)).toEqual({ status: 200, body: {} });
    expect(await post(Buffer.concat([head, tail]), headers)).toEqual({ status: 200, body: {} });
    expect(received).toHaveLength(2);
  });

  it.each(['identity', ''])('takes Content-Encoding "%s"', async (encoding) => {
    const answer = await post(JSON.stringify(envelope(spanJson())), { 'Content-Encoding': encoding });
    expect(answer.status).toBe(200);
  });

  it('takes a charset of UTF-8 and localhost as Host', async () => {
    const headers = { 'Content-Type': 'Application/JSON; charset=UTF-8', Host: `LOCALHOST:${receiver.port}` };
    expect(await post(JSON.stringify(envelope(spanJson())), headers)).toEqual({ status: 200, body: {} });
  });

  it('drops metrics and logs without complaint', async () => {
    expect(await post('{}', {}, '/v1/metrics')).toEqual({ status: 200, body: {} });
    const protobuf = await post('\x0a\x00', { 'Content-Type': 'application/x-protobuf' }, '/v1/logs');
    expect(protobuf).toEqual({ status: 200, body: '' });
  });
});

describe('what is wrong with a span is told, and the others are kept', () => {
  it.each([
    ['a trace id of 31 digits', { traceId: TRACE_ID.slice(1) }, 'traceId is no id of 32 hex digits'],
    ['a base64 id', { spanId: 't61rcWkgMzE=' }, 'spanId is no id of 16 hex digits'],
    ['an id of zeros', { spanId: '0'.repeat(16) }, 'spanId is all zeros'],
    ['no id', { spanId: undefined }, 'spanId is no id of 16 hex digits'],
    ['a bad parent', { parentSpanId: 'xyz' }, 'parentSpanId is no id of 16 hex digits'],
    ['a kind in words', { kind: 'SPAN_KIND_CLIENT' }, 'kind is no integer'],
    ['a status in words', { status: { code: 'STATUS_CODE_ERROR' } }, 'status.code is no integer'],
    ['a negative time', { startTimeUnixNano: '-1' }, 'startTimeUnixNano is no unsigned 64-bit integer'],
    ['a time of 2^64', { endTimeUnixNano: '18446744073709551616' }, 'endTimeUnixNano is no unsigned 64-bit integer'],
  ])('%s', async (_, change, reason) => {
    const answer = await post(JSON.stringify(envelope({ ...spanJson(), ...change }, spanJson())));
    expect(answer).toEqual({
      status: 200,
      body: { partialSuccess: { rejectedSpans: '1', errorMessage: `span "work": ${reason}` } },
    });
    expect(received).toHaveLength(1);
  });
});

describe('what is refused', () => {
  it.each([
    ['an empty body', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '1234'],
    ['half a body', '{'],
    ['a byte order mark', '\ufeff{}'],
    ['trailing garbage', '{} x'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['a list that is none', JSON.stringify({ resourceSpans: {} })],
    ['an envelope that is none', JSON.stringify({ resourceSpans: [7] })],
    ['a span that is none', JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: ['span'] }] }] })],
    ['attributes that are none', JSON.stringify(envelope({ ...spanJson(), attributes: { a: 1 } }))],
  ])('answers 400 to %s', async (_, body) => {
    expect(await post(body)).toEqual({ status: 400, body: { code: 3, message: expect.any(String) } });
    expect(received).toEqual([]);
  });

  it.each([
    ['no gzip', Buffer.from('{}'), 400],
    ['half a gzip', gzipSync('{}').subarray(0, 12), 400],
    ['a gzip with garbage behind it', Buffer.concat([gzipSync('{}'), Buffer.from('garbage')]), 400],
    ['a gzip in a gzip', gzipSync(gzipSync('{}')), 400],
    ['a bomb', gzipSync(Buffer.alloc(10_000_000)), 413],
  ])('does not decompress %s', async (_, body, status) => {
    expect((await post(body, { 'Content-Encoding': 'gzip' })).status).toBe(status);
  });

  it('answers 413 to a body of one byte more than the limit, declared or not, and 200 at the limit', async () => {
    const full = JSON.stringify({ pad: 'x'.repeat(MAX_BODY_BYTES - '{"pad":""}'.length) });
    expect((await post(full)).status).toBe(200);
    expect(await post(`${full} `)).toEqual({
      status: 413,
      body: { code: 8, message: 'the body is larger than 100000 bytes' },
    });
    expect((await post(`${full} `, { 'Transfer-Encoding': 'chunked' })).status).toBe(413);
    expect((await post(gzipSync(`${full} `), { 'Content-Encoding': 'gzip' })).status).toBe(413);
  });

  it('answers a declared 10 GB at once', async () => {
    const head = `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nContent-Type: application/json\r\n`;
    expect(await raw(`${head}Content-Length: 10737418240\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('refuses protobuf and says what to set', async () => {
    expect(await post('', { 'Content-Type': 'application/x-protobuf' })).toEqual({
      status: 415,
      body: {
        code: 12,
        message: 'Content-Type must be application/json in UTF-8: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json',
      },
    });
  });

  it.each(['text/plain', 'application/grpc', 'invalid', 'application/json; charset=utf-16', ''])(
    'refuses Content-Type "%s"',
    async (type) => {
      expect((await post('{}', { 'Content-Type': type })).status).toBe(415);
    },
  );

  it.each(['br', 'gzip, gzip', 'deflate'])('refuses Content-Encoding "%s"', async (encoding) => {
    expect((await post('{}', { 'Content-Encoding': encoding })).status).toBe(415);
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])('answers 405 to %s and names POST', async (method) => {
    const answer = await raw(
      `${method} /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).toContain('\r\nAllow: POST\r\n');
  });

  it.each(['/', '/v1/traces/', '//v1/traces', '/V1/TRACES', '/../v1/traces', '//', '/\\', '/%E0%A4%A', '*', 'http://'])(
    'answers 404 to the target %s',
    async (target) => {
      const answer = await raw(
        `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
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
  ])('answers 403 to the Host "%s"', async (host) => {
    const answer = await raw(`POST /v1/traces HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).not.toMatch(/access-control/i);
  });

  it('refuses two Hosts, and none', async () => {
    const host = `Host: 127.0.0.1:${receiver.port}\r\n`;
    expect(await raw(`POST /v1/traces HTTP/1.1\r\n${host}${host}Connection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 40[03] /,
    );
    expect(await raw('POST /v1/traces HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(await raw('POST /v1/traces HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each([{ Origin: 'https://evil.test' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }])(
    'refuses a web page: %o',
    async (headers) => {
      expect((await post('{}', headers)).status).toBe(403);
    },
  );
});

describe('what must not harm', () => {
  it('keeps attribute keys off prototypes', async () => {
    const keys = ['__proto__', 'constructor', 'prototype', 'toString'];
    const value = { kvlistValue: { values: [attribute('polluted', { boolValue: true })] } };
    const body = JSON.stringify(envelope({ ...spanJson(), attributes: keys.map((key) => attribute(key, value)) }));
    await post(body.replace('"name":"work"', '"name":"work","__proto__":{"polluted":true}'));
    expect([...(received[0]?.attributes.keys() ?? [])]).toEqual(keys);
    expect('polluted' in {}).toBe(false);
  });

  it('keeps the first of equal keys', async () => {
    const attributes = [attribute('k', { intValue: 1 }), attribute('k', { intValue: 2 })];
    await post(JSON.stringify(envelope({ ...spanJson(), attributes })));
    expect(received[0]?.attributes).toEqual(new Map([['k', 1]]));
  });

  it.each([
    [64, 200],
    [65, 400],
    [5_000, 413],
  ])('nests values to 64 levels: %i', async (depth, status) => {
    for (const [open, close] of [
      ['{"arrayValue":{"values":[', ']}}'],
      ['{"kvlistValue":{"values":[{"key":"k","value":', '}]}}'],
    ] as const) {
      const value = `${open.repeat(depth - 1)}{"boolValue":true}${close.repeat(depth - 1)}`;
      const body = JSON.stringify(envelope({ ...spanJson(), attributes: [attribute('deep', 0)] }));
      const answer = await post(body.replace('"value":0', `"value":${value}`));
      expect(answer.status).toBe(status);
    }
  });

  it('refuses 100,000 levels without a stack overflow', async () => {
    await using large = await startReceiver({ onSpans: () => {} });
    const value = `${'{"arrayValue":{"values":['.repeat(100_000)}${']}}'.repeat(100_000)}`;
    const body = JSON.stringify(envelope({ ...spanJson(), attributes: [attribute('deep', 0)] }));
    const answer = await post(body.replace('"value":0', `"value":${value}`), {}, '/v1/traces', large.port);
    expect(answer).toMatchObject({ status: 400, body: { message: 'an attribute is nested deeper than 64 levels' } });
  });

  it('answers 408 to a body that does not come, and closes', async () => {
    const head = `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\nContent-Type: application/json\r\n`;
    expect(await raw(`${head}Content-Length: 100\r\n\r\n{`)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('survives a client that leaves in the middle', async () => {
    const socket = connect(receiver.port, '127.0.0.1');
    socket.write(`POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${receiver.port}\r\n`);
    socket.write('Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    expect((await post('{}')).status).toBe(200);
  });

  it.each([
    '\x16\x03\x01\x02\x00\x01',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'CONNECT evil.test:443 HTTP/1.1\r\nHost: x\r\n\r\n',
  ])('closes on %j and goes on', async (bytes) => {
    expect(await raw(bytes)).not.toMatch(/^HTTP\/1\.1 2/);
    expect((await post('{}')).status).toBe(200);
  });

  it('asks the sender to come again when the spans cannot be taken', async () => {
    onSpans = () => Promise.reject(new Error('the store is locked'));
    expect(await post(JSON.stringify(envelope(spanJson())))).toEqual({
      status: 503,
      body: { code: 14, message: 'the spans were not taken: the store is locked' },
    });
  });
});

describe('its life', () => {
  it('listens on 127.0.0.1 only', async () => {
    expect(receiver.url).toBe(`http://127.0.0.1:${receiver.port}`);
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address } of addresses.filter(({ family, internal }) => family === 'IPv4' && !internal)) {
      await expect(raw('', receiver.port, address)).rejects.toThrow('ECONNREFUSED');
    }
  });

  it('says in one line that the port is taken', async () => {
    await expect(startReceiver({ port: receiver.port, onSpans: () => {} })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${receiver.port}: it is in use`,
    );
  });

  it('closes, twice as well, with a client that keeps its connection open', async () => {
    const idle = connect(receiver.port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    await Promise.all([receiver.close(), receiver.close()]);
    await receiver[Symbol.asyncDispose]();
    await expect(post('{}')).rejects.toThrow('ECONNREFUSED');
    idle.destroy();
  });

  it('lets a request under way finish', async () => {
    let release: (() => void) | undefined;
    const reached = new Promise<void>((resolve) => {
      onSpans = (spans) => {
        resolve();
        return new Promise((done) => {
          release = () => {
            received.push(...spans);
            done();
          };
        });
      };
    });
    const answer = post(JSON.stringify(envelope(spanJson())));
    await reached;
    const closed = receiver.close();
    release?.();
    expect((await answer).status).toBe(200);
    await closed;
    expect(received).toHaveLength(1);
  });
});

function spanJson(): Record<string, unknown> {
  return {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    name: 'work',
    startTimeUnixNano: '1700000000000000001',
    endTimeUnixNano: '1700000000000000002',
  };
}

function attribute(key: string, value: unknown): object {
  return { key, value };
}

function envelope(...spans: object[]): object {
  const resource = { attributes: [attribute('service.name', { stringValue: 'shop' })] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'orchestrace', version: '0.1.0' }, spans }] }] };
}

interface Answer {
  readonly status: number | undefined;
  readonly body: unknown;
}

function post(
  body: string | Buffer,
  headers: Record<string, string> = {},
  path = '/v1/traces',
  port = receiver.port,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { 'Content-Type': 'application/json', ...headers };
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method: 'POST', headers: all, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, body: text === '' ? '' : JSON.parse(text) }));
      },
    );
    request.on('error', reject).end(body);
  });
}

/** Sends bytes as they are and gives back what comes until the other side closes. */
function raw(bytes: string, port = receiver.port, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, host, () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (bytes.includes('10737418240')) socket.end();
    });
    socket.on('close', () => resolve(text)).on('error', (error) => (text ? resolve(text) : reject(error)));
  });
}
