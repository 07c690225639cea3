import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { decodeTracesJson } from '../../src/inspector/decode-json.ts';
import { decodeTracesProtobuf } from '../../src/inspector/decode-protobuf.ts';
import { DecodeError } from '../../src/inspector/decoded-traces.ts';
import { attribute, encode, envelope, PROTOBUF_TYPE, SPAN_ID, spanJson, TRACE_ID } from './otlp.ts';

// R numbers: see receive.test.ts.

const VALID = encode(envelope(spanJson()), PROTOBUF_TYPE);
const IDS = Buffer.concat([message(1, Buffer.from(TRACE_ID, 'hex')), message(2, Buffer.from(SPAN_ID, 'hex'))]);

describe('what is not protobuf is refused', () => {
  it.each<readonly [string, Uint8Array, string]>([
    ['R49 a tag that is cut off', bytes(0x8a), 'the body is not protobuf: premature EOF'],
    ['R49 a length that is cut off', bytes(0x0a, 0xff), 'the body is not protobuf: premature EOF'],
    ['R49 a number that is cut off', inSpan(bytes(0x30, 0x80)), ''],
    ['R50 a tag of 11 bytes', bytes(...Array<number>(10).fill(0x80), 1), 'the body is not protobuf: invalid varint'],
    ['R50 a length of 11 bytes', bytes(0x0a, ...Array<number>(10).fill(0x80), 0), ''],
    ['R50 a number of 11 bytes', inSpan(bytes(0x30, ...Array<number>(10).fill(0x80), 0)), ''],
    ['R50 a skipped number of 11 bytes', bytes(0x78, ...Array<number>(10).fill(0x80), 0), ''],
    ['R51 a length of 2^31', bytes(0x0a, 0x80, 0x80, 0x80, 0x80, 0x08), 'a length goes beyond the end'],
    ['R51 a length of 2^32 - 1', bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f), 'a length goes beyond the end'],
    ['R51 a text of 2^31', inSpan(bytes(0x2a, 0x80, 0x80, 0x80, 0x80, 0x08)), ''],
    ['R51 a length of one too many', message(1, bytes(0x12, 1)), 'a length goes beyond the end'],
    [
      'R51 a text that goes beyond its span',
      inSpan(bytes(0x2a, 5, 65), bytes(0, 0, 0, 0)),
      'a length goes beyond the end',
    ],
    [
      'R51 a time that goes beyond its span',
      inSpan(bytes(0x39, 1), bytes(0, 0, 0, 0, 0, 0, 0)),
      'a length goes beyond the end',
    ],
    ['R52 a number where a message is expected', bytes(0x08, 1), 'a field has wire type 0 instead of 2'],
    ['R52 a number where a text is expected', inSpan(bytes(0x28, 1)), 'a field has wire type 0 instead of 2'],
    ['R52 a text where a number is expected', inSpan(message(6, bytes())), 'a field has wire type 2 instead of 0'],
    ['R52 a varint where a time is expected', inSpan(bytes(0x38, 1)), 'a field has wire type 0 instead of 1'],
    ['R52 wire type 6', bytes(0x0e), 'the body is not protobuf: illegal tag: field no 1 wire type 6'],
    ['R53 the start of a group', bytes(0x7b, 0x7c), 'groups are not allowed'],
    ['R53 the end of a group', bytes(0x0c), 'groups are not allowed'],
    ['R53 a group in a span', inSpan(bytes(0x7b, 0x7c)), 'groups are not allowed'],
    ['R54 field 0', bytes(0x02, 0), 'the body is not protobuf: illegal tag: field no 0 wire type 2'],
    ['R55 a megabyte of anything', new Uint8Array(1_000_000).fill(0xaa), ''],
    ['a text that is not UTF-8', inSpan(message(5, bytes(0xc3, 0x28))), ''],
    ['half a surrogate pair in UTF-8', inSpan(message(5, bytes(0xed, 0xa0, 0x80))), ''],
    ['a key that is not UTF-8', inSpan(message(9, message(1, bytes(0xff)))), ''],
  ])('%s', (_, body, reason) => {
    expect(() => decodeTracesProtobuf(body)).toThrow(DecodeError);
    if (reason !== '') expect(() => decodeTracesProtobuf(body)).toThrow(reason);
  });

  it('random bytes, without harm (R55)', () => {
    for (let i = 0; i < 200; i++) {
      try {
        decodeTracesProtobuf(randomBytes(i < 5 ? 1_000_000 : 64));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });

  it('wherever a request is cut off', () => {
    const whole = decodeTracesProtobuf(VALID);
    expect(whole.spans).toHaveLength(1);
    for (let length = 1; length < VALID.length; length++) {
      expect(() => decodeTracesProtobuf(VALID.subarray(0, length))).toThrow(DecodeError);
    }
  });
});

describe('what is unknown is passed over', () => {
  it('in every message, with every wire type', () => {
    const unknown = Buffer.concat([
      bytes(0xf8, 6, 1),
      bytes(0xf9, 6, ...Array<number>(8).fill(9)),
      bytes(0xfd, 6, 1, 2, 3, 4),
      message(111, bytes(1)),
    ]);
    const value = message(2, bytes(0x18, 7), unknown);
    const key = message(1, Buffer.from('k'));
    const kv = Buffer.concat([unknown, key, unknown, value]);
    const span = Buffer.concat([
      unknown,
      IDS,
      message(9, kv),
      message(11, unknown, message(3, kv)),
      message(13, unknown, IDS, message(4, kv)),
      message(15, unknown, bytes(0x18, 2)),
    ]);
    const scope = message(1, unknown, message(1, Buffer.from('s')), unknown);
    const scopeSpans = message(2, unknown, scope, message(2, span));
    const body = Buffer.concat([
      unknown,
      message(1, unknown, message(1, unknown, message(1, kv)), scopeSpans),
      unknown,
    ]);
    const attributes = new Map([['k', 7]]);
    expect(decodeTracesProtobuf(body)).toEqual({
      spans: [
        {
          traceId: TRACE_ID,
          spanId: SPAN_ID,
          name: '',
          kind: 'unspecified',
          startNs: 0n,
          endNs: 0n,
          attributes,
          events: [{ timeNs: 0n, name: '', attributes }],
          links: [{ traceId: TRACE_ID, spanId: SPAN_ID, attributes }],
          status: { code: 'error' },
          resource: attributes,
          scope: { name: 's' },
        },
      ],
      rejectedSpans: 0,
    });
  });

  it('such as the references into a table of texts, which are for profiles', () => {
    const value = message(2, bytes(0x40, 3)); // string_value_strindex
    const byIndex = message(9, bytes(0x18, 5), value); // key_strindex
    expect(onlySpan(byIndex, message(9, message(1, Buffer.from('k')), value)).attributes).toEqual(
      new Map([
        ['', null],
        ['k', null],
      ]),
    );
  });
});

describe('a field that comes more than once', () => {
  it('counts the last time, also among the kinds of a value (R47)', () => {
    const value = message(2, message(1, Buffer.from('text')), bytes(0x10, 1), bytes(0x18, 9));
    const span = onlySpan(
      message(5, Buffer.from('a')),
      message(5, Buffer.from('b')),
      message(9, message(1, Buffer.from('k')), value),
    );
    expect(span.name).toBe('b');
    expect(span.attributes).toEqual(new Map([['k', 9]]));
  });

  it('is merged when it is a message', () => {
    const item = (number: number): Buffer => message(1, bytes(0x18, number));
    const array = (...numbers: number[]): Buffer => message(2, message(5, ...numbers.map(item)));
    const key = message(1, Buffer.from('k'));
    const map = (name: string): Buffer => message(2, message(6, message(1, message(1, Buffer.from(name)), array(1))));
    const span = onlySpan(
      message(15, bytes(0x18, 2)),
      message(15, message(2, Buffer.from('broken'))),
      message(9, key, array(1, 2), array(3)),
      message(9, message(1, Buffer.from('m')), map('a'), map('b'), map('a')),
      message(9, message(1, Buffer.from('other')), array(1), message(2, bytes(0x10, 1)), array(2)),
    );
    expect(span.status).toEqual({ code: 'error', message: 'broken' });
    expect(span.attributes).toEqual(
      new Map<string, unknown>([
        ['k', [1, 2, 3]],
        [
          'm',
          new Map([
            ['a', [1]],
            ['b', [1]],
          ]),
        ],
        ['other', [2]],
      ]),
    );
  });

  it('is merged in resource and scope, though they come behind the spans', () => {
    const [one, two] = ['a', 'b'].map((key) => message(1, message(1, message(1, Buffer.from(key)))));
    const spans = message(
      2,
      message(2, IDS),
      message(1, message(1, Buffer.from('s'))),
      message(1, message(2, Buffer.from('2'))),
      message(2, IDS),
    );
    const {
      spans: [first, second],
    } = decodeTracesProtobuf(message(1, spans, one!, two!));
    expect(first?.resource).toEqual(
      new Map([
        ['a', null],
        ['b', null],
      ]),
    );
    expect(first?.scope).toEqual({ name: 's', version: '2' });
    expect(second?.resource).toBe(first?.resource);
    expect(second?.scope).toBe(first?.scope);
  });
});

it('keeps a byte order mark at the start of a text', () => {
  expect(onlySpan(message(5, Buffer.from('\ufeffx'))).name).toBe('\ufeffx');
});

it('gives bytes on a copy, which does not keep or change the body', () => {
  const body = encode(envelope(spanJson({ attributes: [attribute('b', { bytesValue: 'aGVsbG8=' })] })), PROTOBUF_TYPE);
  const value = decodeTracesProtobuf(body).spans[0]?.attributes.get('b');
  body.fill(0);
  expect(value).toEqual(Buffer.from('hello'));
});

it('reads a span to its end before it rejects it: what is broken behind its id spoils the request', () => {
  const badId = message(1, bytes(1));
  expect(decodeTracesProtobuf(inSpan(badId)).rejectedSpans).toBe(1);
  expect(() => decodeTracesProtobuf(inSpan(Buffer.concat([badId, message(5, bytes(0xff))])))).toThrow(DecodeError);
});

describe.each(['1', '2', '3'])('what SDK %s sends', (line) => {
  const recorded = (ending: string): Buffer =>
    readFileSync(new URL(`../fixtures/otlp/sdk-${line}.${ending}`, import.meta.url));
  const { spans } = decodeTracesProtobuf(recorded('bin'));

  it('is the same in both encodings', () => {
    expect(decodeTracesJson(JSON.parse(recorded('jsonl').toString()))).toEqual({ spans, rejectedSpans: 0 });
  });

  it('is read completely', () => {
    const version = { 1: '1.30.1', 2: '2.12.1', 3: '3.1.1' }[line];
    const resource = new Map([
      ['service.name', 'unknown_service:node'],
      ['telemetry.sdk.language', 'nodejs'],
      ['telemetry.sdk.name', 'opentelemetry'],
      ['telemetry.sdk.version', version],
    ]);
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const scope = { name: 'shop', version: '1.2.3' };
    const newer: readonly (readonly [string, unknown])[] = [
      ['bytes', Buffer.from([0, 255])],
      ['map', new Map([['deep', new Map([['list', [1, 'x']]])]])],
    ];
    expect(spans).toEqual([
      {
        traceId,
        spanId: 'b7ad6b7169203332',
        parentSpanId: 'b7ad6b7169203331',
        name: 'größe 😀',
        kind: 'client',
        startNs: 1_700_000_000_200_000_001n,
        endNs: 1_700_000_000_300_000_002n,
        attributes: new Map<string, unknown>([
          ['text', 'ä😀'],
          ['empty', ''],
          ['yes', true],
          ['no', false],
          ['integer', 42],
          ['negative', -7],
          ['large', 9_007_199_254_740_991],
          ['double', 1.5],
          ['whole', 2n ** 60n],
          ['texts', ['a', 'b', null]],
          ['numbers', [1, 2.5]],
          ['flags', [true, false]],
          ['none', []],
          ...(line === '3' ? newer : []),
        ]),
        events: [
          {
            timeNs: 1_700_000_000_250_000_000n,
            name: 'cache.miss',
            attributes: new Map<string, unknown>([
              ['key', 'k'],
              ['tries', 2],
            ]),
          },
        ],
        links: [
          {
            traceId: '1af7651916cd43dd8448eb211c80319c',
            spanId: 'c7ad6b7169203331',
            attributes: new Map([['why', 'retry']]),
          },
        ],
        status: { code: 'error', message: 'out of stock' },
        resource,
        scope,
      },
      {
        traceId,
        spanId: 'b7ad6b7169203331',
        name: 'order',
        kind: 'server',
        startNs: 1_700_000_000_123_456_789n,
        endNs: 1_700_000_001_000_000_000n,
        attributes: new Map(),
        events: [],
        links: [],
        status: { code: 'ok' },
        resource,
        scope,
      },
    ]);
  });
});

function bytes(...values: number[]): Buffer {
  return Buffer.from(values);
}

/** A field that holds a message, a text or bytes. */
function message(field: number, ...content: Uint8Array[]): Buffer {
  return Buffer.from(new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(Buffer.concat(content)).finish());
}

/** A request of one span that has ids and these fields; `behind` comes after the span. */
function inSpan(fields: Uint8Array, behind: Uint8Array = bytes()): Buffer {
  return message(1, message(2, message(2, IDS, fields), behind));
}

function onlySpan(...fields: Uint8Array[]): ReturnType<typeof decodeTracesProtobuf>['spans'][number] {
  const { spans, ...rest } = decodeTracesProtobuf(inSpan(Buffer.concat(fields)));
  expect(rest).toEqual({ rejectedSpans: 0 });
  const [span] = spans;
  return span ?? expect.unreachable();
}
