import * as fc from 'fast-check';
import type { Attributes, AttributeValue, ReceivedSpan } from '../../src/explain/read/received-span.ts';

/** Texts that break what is careless: NUL, lone surrogates, names of prototypes, line breaks. */
const texts: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', 'a', '\0', 'a\0b', '\uD800', '\uDC00\uD800', '__proto__', 'constructor', 'a\nb', '🚀', "'; DROP"),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

const MAX_UINT64 = 2n ** 64n - 1n;

const times: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, MAX_UINT64),
  fc.bigInt({ min: 0n, max: MAX_UINT64 }),
);

const numbers = fc.oneof(
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e300, 5e-324),
  fc.double(),
  fc.maxSafeInteger(),
);

/** Those that the protocol can hold and a number cannot. */
const bigints = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .filter((value) => !Number.isSafeInteger(Number(value)));

const values: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    texts,
    numbers,
    bigints,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(texts, tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
  ),
})).value;

const attributes: fc.Arbitrary<Attributes> = fc
  .array(fc.tuple(texts, values), { maxLength: 4 })
  .map((entries) => new Map(entries));

function ids(digits: number): fc.Arbitrary<string> {
  const digit = fc.constantFrom(...Array.from({ length: 16 }, (_, i) => i.toString(16)));
  return fc.string({ unit: digit, minLength: digits, maxLength: digits }).filter((id) => !/^0+$/.test(id));
}

/** Plain objects, as decoders make them. */
function record<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

/** What a receiver may hand over. */
export const receivedSpans: fc.Arbitrary<ReceivedSpan> = record({
  traceId: fc.oneof(fc.constantFrom('a'.repeat(32), 'b'.repeat(32)), ids(32)),
  spanId: ids(16),
  parentSpanId: fc.option(ids(16), { nil: undefined }),
  name: texts,
  kind: fc.constantFrom<ReceivedSpan['kind'][]>('unspecified', 'internal', 'server', 'client', 'producer', 'consumer'),
  startNs: times,
  endNs: times,
  attributes,
  events: fc.array(record({ timeNs: times, name: texts, attributes }), { maxLength: 2 }),
  links: fc.array(record({ traceId: ids(32), spanId: ids(16), attributes }), { maxLength: 2 }),
  status: fc
    .tuple(fc.constantFrom<ReceivedSpan['status']['code'][]>('unset', 'ok', 'error'), texts)
    .map(([code, message]) => (message === '' ? { code } : { code, message })),
  resource: fc.oneof(fc.constant<Attributes>(new Map([['service.name', 'shared']])), attributes),
  scope: fc.tuple(texts, texts).map(([name, version]) => (version === '' ? { name } : { name, version })),
}).map(({ parentSpanId, ...span }) => (parentSpanId === undefined ? span : { ...span, parentSpanId }));
