import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttributeValue, ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { decodeTracesJson } from '../../src/inspector/decode-json.ts';
import { decodeTracesProtobuf } from '../../src/inspector/decode-protobuf.ts';
import { DecodeError, type DecodedTraces } from '../../src/inspector/decoded-traces.ts';
import { attribute, encode, envelope, JSON_TYPE, PROTOBUF_TYPE, spanJson } from './otlp.ts';
import { encodeReference } from './reference.ts';

/** A part of a request: in OTLP's JSON encoding, and as it is to be read. */
interface Pair<T> {
  readonly json: unknown;
  readonly read: T;
}

const text = fc.string({ unit: 'binary', maxLength: 12 });
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n);
const id = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((id) => id.some((byte) => byte > 0))
    .map((id) => Buffer.from(id).toString('hex'));

const { value } = fc.letrec<{ value: Pair<AttributeValue>; map: Pair<ReadonlyMap<string, AttributeValue>> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant({ json: {}, read: null }),
    text.map((read) => ({ json: { stringValue: read }, read })),
    fc.boolean().map((read) => ({ json: { boolValue: read }, read })),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((long) => {
      const narrow = Number(long);
      return { json: { intValue: String(long) }, read: Number.isSafeInteger(narrow) ? narrow : long };
    }),
    fc.double().map((double) => {
      const read = double + 0; // JSON has no -0
      return { json: { doubleValue: Number.isFinite(read) ? read : String(read) }, read };
    }),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => {
      const read = Buffer.from(bytes);
      return { json: { bytesValue: read.toString('base64') }, read };
    }),
    fc.array(tie('value'), { maxLength: 4 }).map((pairs) => ({
      json: { arrayValue: { values: pairs.map(({ json }) => json) } },
      read: pairs.map(({ read }) => read),
    })),
    tie('map').map(({ json, read }) => ({ json: { kvlistValue: { values: json } }, read })),
  ),
  map: fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map((entries) => ({
    json: entries.map(([key, { json }]) => ({ key, value: json })),
    read: new Map(entries.toReversed().map(([key, { read }]) => [key, read])), // of equal keys the first
  })),
}));
const attributes = fc.array(fc.tuple(text, value), { maxLength: 5 }).map((entries) => ({
  json: entries.map(([key, { json }]) => ({ key, value: json })),
  read: new Map(entries.toReversed().map(([key, { read }]) => [key, read])),
}));

const event = fc.record({ time: uint64, name: text, attributes }).map(({ time, name, attributes }) => ({
  json: { timeUnixNano: String(time), name, attributes: attributes.json },
  read: { timeNs: time, name, attributes: attributes.read },
}));
const link = fc.record({ traceId: id(16), spanId: id(8), attributes }).map(({ attributes, ...ids }) => ({
  json: { ...ids, attributes: attributes.json },
  read: { ...ids, attributes: attributes.read },
}));
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const CODES = ['unset', 'ok', 'error'] as const;

const span: fc.Arbitrary<Pair<Omit<ReceivedSpan, 'resource' | 'scope'>>> = fc
  .record({
    traceId: id(16),
    spanId: id(8),
    parent: fc.option(id(8), { nil: undefined }),
    name: text,
    kind: fc.nat(KINDS.length - 1),
    start: uint64,
    end: uint64,
    attributes,
    events: fc.array(event, { maxLength: 2 }),
    links: fc.array(link, { maxLength: 2 }),
    code: fc.nat(CODES.length - 1),
    message: text,
  })
  .map(({ parent, start, end, attributes, events, links, code, message, kind, ...same }) => ({
    json: {
      ...same,
      parentSpanId: parent,
      kind,
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(end),
      attributes: attributes.json,
      events: events.map(({ json }) => json),
      links: links.map(({ json }) => json),
      status: { code, message },
    },
    read: {
      ...same,
      ...(parent === undefined ? {} : { parentSpanId: parent }),
      kind: KINDS[kind] ?? 'unspecified',
      startNs: start,
      endNs: end,
      attributes: attributes.read,
      events: events.map(({ read }) => read),
      links: links.map(({ read }) => read),
      status: { code: CODES[code] ?? 'unset', ...(message === '' ? {} : { message }) },
    },
  }));

const request: fc.Arbitrary<Pair<ReceivedSpan[]>> = fc
  .array(fc.record({ resource: attributes, name: text, version: text, spans: fc.array(span, { maxLength: 3 }) }), {
    maxLength: 2,
  })
  .map((parts) => ({
    json: {
      resourceSpans: parts.map(({ resource, name, version, spans }) => ({
        resource: { attributes: resource.json },
        scopeSpans: [{ scope: { name, version }, spans: spans.map(({ json }) => json) }],
      })),
    },
    read: parts.flatMap(({ resource, name, version, spans }) =>
      spans.map(({ read }) => ({
        ...read,
        resource: resource.read,
        scope: { name, ...(version === '' ? {} : { version }) },
      })),
    ),
  }));

describe('whatever a request holds', () => {
  it('is read from protobuf as the reference has written it, and the same from JSON', () => {
    fc.assert(
      fc.property(request, ({ json, read }) => {
        const expected = { spans: read, rejectedSpans: 0 };
        expect(decodeTracesProtobuf(encodeReference(json as object))).toEqual(expected);
        expect(decodeTracesJson(JSON.parse(JSON.stringify(json)))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

const ROUNDS = 10_000;
const SEED = 20_261_127;
const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/otlp/${name}`, import.meta.url));
const RICH = envelope(
  spanJson({ attributes: [attribute('list', { arrayValue: { values: [{ stringValue: 'x' }, { intValue: '-1' }] } })] }),
  spanJson({ parentSpanId: '0000000000000001', status: { code: 2, message: 'ü' } }),
);

describe(`${ROUNDS} bodies with something wrong in them are read or refused (R93, seed ${SEED})`, () => {
  it('in protobuf', () => {
    const bodies = [fixture('sdk-1.bin'), fixture('sdk-2.bin'), fixture('sdk-3.bin'), encode(RICH, PROTOBUF_TYPE)];
    expectBoth(mutate(bodies).map((body) => outcome(() => decodeTracesProtobuf(body))));
  });

  it('in JSON', () => {
    const bodies = [fixture('sdk-1.jsonl'), fixture('sdk-2.jsonl'), fixture('sdk-3.jsonl'), encode(RICH, JSON_TYPE)];
    expectBoth(mutate(bodies).map((body) => outcome(() => decodeTracesJson(parse(body)))));
  });

  it('in JSON that is well-formed, with other values in it', () => {
    const next = random(SEED);
    const sent = fixture('sdk-3.jsonl').toString();
    const outcomes = Array.from({ length: ROUNDS }, () => {
      const body: unknown = JSON.parse(sent);
      for (let i = next(3); i >= 0; i--) spoil(body, next);
      return outcome(() => decodeTracesJson(body));
    });
    expectBoth(outcomes);
  });
});

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new DecodeError('no JSON');
  }
}

/** What a decoder made of a body: anything but a result or a DecodeError is thrown on. */
function outcome(decode: () => DecodedTraces): 'read' | 'refused' {
  try {
    expect(decode().spans.filter((span) => !isSound(span))).toEqual([]);
    return 'read';
  } catch (error) {
    if (error instanceof DecodeError) return 'refused';
    throw error;
  }
}

function isSound({ traceId, spanId, startNs, endNs }: ReceivedSpan): boolean {
  return /^[0-9a-f]{32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId) && startNs >= 0n && endNs < 2n ** 64n;
}

/** Both must happen, else the bodies are too good or too bad to test anything. */
function expectBoth(outcomes: readonly string[]): void {
  const read = outcomes.filter((outcome) => outcome === 'read').length;
  expect(read).toBeGreaterThan(outcomes.length / 20);
  expect(outcomes.length - read).toBeGreaterThan(outcomes.length / 20);
}

/** Changes, removes, repeats and inserts bytes at random, and cuts bodies off. */
function mutate(bodies: readonly Buffer[]): Buffer[] {
  const next = random(SEED);
  return Array.from({ length: ROUNDS }, (_, round) => {
    let body = Buffer.from(bodies[round % bodies.length] ?? []);
    for (let i = next(3); i >= 0; i--) {
      const at = next(body.length);
      const to = at + next(16);
      const kind = next(6);
      if (kind === 0) body[at] = next(256);
      else if (kind === 1) body.writeUInt8((body[at] ?? 0) ^ (1 << next(8)), at);
      else if (kind === 2) body = Buffer.concat([body.subarray(0, at), body.subarray(to)]);
      else if (kind === 3) body = Buffer.concat([body.subarray(0, to), body.subarray(at)]);
      else if (kind === 4) body = Buffer.concat([body.subarray(0, at), Buffer.from([next(256)]), body.subarray(at)]);
      else if (next(4) === 0) body = body.subarray(0, at + 1);
    }
    return body;
  });
}

const STRANGE = [null, 0, -1, 1.5, 1e300, '', 'x', '9'.repeat(25), '-1', true, [], {}, [[]], { values: 7 }, { key: 1 }];

/** Replaces or removes something within a JSON value. */
function spoil(value: unknown, next: (below: number) => number): void {
  let holder = value as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(holder);
    const key = keys[next(keys.length)];
    if (key === undefined) return;
    const inner = holder[key];
    if (typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && next(8) > 0) {
      holder = inner as Record<string, unknown>;
    } else {
      holder[key] = STRANGE[next(STRANGE.length)];
      return;
    }
  }
}

/** Numbers that are the same for the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
