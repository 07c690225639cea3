import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { decodeJaegerJson } from '../../src/inspector/decode-jaeger.ts';
import { DecodeError } from '../../src/inspector/decode-json.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const OTHER_TRACE_ID = '1af7651916cd43dd8448eb211c80319c';
const START_US = 1_795_737_504_263_123;

describe('a span', () => {
  it('is read with everything that the format carries', () => {
    const span = decodeOne({
      ...spanJson(),
      references: [
        { refType: 'CHILD_OF', traceID: TRACE_ID, spanID: '3891456c42cade14' },
        { refType: 'FOLLOWS_FROM', traceID: TRACE_ID, spanID: '9686953d541a4381' },
      ],
      tags: [
        tag('otel.scope.name', 'string', 'orchestrace'),
        tag('otel.scope.version', 'string', '0.1.0'),
        tag('orchestration.tool_id', 'string', 'c'),
        tag('span.kind', 'string', 'internal'),
        tag('otel.status_code', 'string', 'ERROR'),
        tag('error', 'bool', true),
        tag('otel.status_description', 'string', 'boom'),
        tag('w3c.tracestate', 'string', 'a=b'),
      ],
      logs: [
        {
          timestamp: START_US + 5,
          fields: [tag('event', 'string', 'exception'), tag('exception.message', 'string', 'boom')],
        },
      ],
    });
    expect(span).toEqual({
      traceId: TRACE_ID,
      spanId: 'bc23d78c38289f8d',
      parentSpanId: '3891456c42cade14',
      name: 'step c',
      kind: 'internal',
      startNs: 1_795_737_504_263_123_000n,
      endNs: 1_795_737_504_263_753_000n,
      attributes: new Map([['orchestration.tool_id', 'c']]),
      events: [
        {
          timeNs: 1_795_737_504_263_128_000n,
          name: 'exception',
          attributes: new Map([['exception.message', 'boom']]),
        },
      ],
      links: [{ traceId: TRACE_ID, spanId: '9686953d541a4381', attributes: new Map() }],
      status: { code: 'error', message: 'boom' },
      resource: new Map<string, unknown>([
        ['service.name', 'shop'],
        ['process.pid', 5312],
      ]),
      scope: { name: 'orchestrace', version: '0.1.0' },
    });
  });

  it('may have nothing but its ids', () => {
    expect(decodeOne({ traceID: TRACE_ID, spanID: 'bc23d78c38289f8d' })).toEqual({
      traceId: TRACE_ID,
      spanId: 'bc23d78c38289f8d',
      name: '',
      kind: 'unspecified',
      startNs: 0n,
      endNs: 0n,
      attributes: new Map(),
      events: [],
      links: [],
      status: { code: 'unset' },
      resource: new Map(),
      scope: { name: '' },
    });
  });

  it('has ids in lower case and full length', () => {
    const reference = { refType: 'CHILD_OF', traceID: 'AB', spanID: '3' };
    const span = decodeOne({ ...spanJson(), traceID: 'AB', spanID: '2', references: [reference] });
    expect([span.traceId, span.spanId, span.parentSpanId]).toEqual([
      '000000000000000000000000000000ab',
      '0000000000000002',
      '0000000000000003',
    ]);
  });

  it('has the first CHILD_OF of its own trace as its parent, every other reference as a link', () => {
    const references = [
      { refType: 'FOLLOWS_FROM', traceID: TRACE_ID, spanID: '1' },
      { refType: 'CHILD_OF', traceID: OTHER_TRACE_ID, spanID: '2' },
      { refType: 'CHILD_OF', traceID: TRACE_ID, spanID: '3' },
      { refType: 'CHILD_OF', traceID: TRACE_ID, spanID: '4' },
    ];
    const { parentSpanId, links } = decodeOne({ ...spanJson(), references });
    expect(parentSpanId).toBe('0000000000000003');
    expect(links.map(({ traceId, spanId }) => [traceId, Number(spanId)])).toEqual([
      [TRACE_ID, 1],
      [OTHER_TRACE_ID, 2],
      [TRACE_ID, 4],
    ]);
  });

  it.each([
    [[], { code: 'unset' }, {}],
    [[tag('error', 'bool', true)], { code: 'error' }, {}],
    [[tag('error', 'string', 'true')], { code: 'error' }, {}],
    [[tag('error', 'string', 'too late')], { code: 'unset' }, { error: 'too late' }],
    [[tag('otel.status_code', 'string', 'ERROR')], { code: 'error' }, {}],
    [[tag('otel.status_code', 'string', 'OK'), tag('error', 'bool', true)], { code: 'ok' }, { error: true }],
  ])('with %j has the status %j', (tags, status, attributes) => {
    const span = decodeOne({ ...spanJson(), tags });
    expect(span.status).toEqual(status);
    expect(Object.fromEntries(span.attributes)).toEqual(attributes);
  });

  it.each(['server', 'client', 'producer', 'consumer', 'internal'])('of kind %s is one', (kind) => {
    const span = decodeOne({ ...spanJson(), tags: [tag('span.kind', 'string', kind)] });
    expect([span.kind, span.attributes.size]).toEqual([kind, 0]);
  });

  it('keeps a kind that nobody knows as an attribute', () => {
    const span = decodeOne({ ...spanJson(), tags: [tag('span.kind', 'string', 'new')] });
    expect([span.kind, span.attributes.get('span.kind')]).toEqual(['unspecified', 'new']);
  });

  it('has the scope under the older names too', () => {
    const tags = [tag('otel.library.name', 'string', 'http'), tag('otel.library.version', 'string', '1.2')];
    expect(decodeOne({ ...spanJson(), tags }).scope).toEqual({ name: 'http', version: '1.2' });
  });
});

describe('an attribute', () => {
  it.each([
    ['string', 'a', 'a'],
    ['bool', false, false],
    ['int64', 42, 42],
    ['int64', '9007199254740993', 9_007_199_254_740_993n],
    ['int64', '-9223372036854775808', -9_223_372_036_854_775_808n],
    ['int64', '12', 12],
    ['int64', 'twelve', null],
    ['float64', 1.5, 1.5],
    ['float64', '2.5', 2.5],
    ['binary', 'aGk=', Buffer.from('hi')],
    ['string', null, null],
    ['string', { a: 1 }, null],
    [undefined, 'a', 'a'],
  ])('of type %s with %j is %s', (type, value, expected) => {
    expect(decodeOne({ ...spanJson(), tags: [tag('key', type, value)] }).attributes.get('key')).toEqual(expected);
  });

  it.each([
    ['orchestration.depends_on', '["a","b"]', ['a', 'b']],
    ['orchestration.depends_on', '[]', []],
    ['orchestration.depends_on', '["\\u003ca\\u003e"]', ['<a>']],
    ['orchestration.dependency_groups', '[0,1]', [0, 1]],
    ['orchestration.tool_ids', '["a"]', ['a']],
    ['orchestration.failed', '["a"]', ['a']],
    ['orchestration.skipped', '["a"]', ['a']],
    ['orchestration.not_started', '["a"]', ['a']],
    ['orchestration.critical_path', '["a"]', ['a']],
  ])('%s, which is a list, is a list again: %s', (key, value, expected) => {
    expect(decodeOne({ ...spanJson(), tags: [tag(key, 'string', value)] }).attributes.get(key)).toEqual(expected);
  });

  it.each([
    ['orchestration.output_mapping', '{"x":"{a.data.n}"}'],
    ['orchestration.mappings', '[{"field":"x"}]'],
    ['orchestration.execution_plan', '{"strategy":"dag"}'],
    ['orchestration.output', '["a"]'],
    ['process.command_args', '["node"]'],
    ['orchestration.depends_on', '["a","cut of'],
    ['orchestration.depends_on', '[["a"]]'],
  ])('%s with %s stays a text', (key, value) => {
    expect(decodeOne({ ...spanJson(), tags: [tag(key, 'string', value)] }).attributes.get(key)).toBe(value);
  });

  it('that comes twice is the first', () => {
    const tags = [tag('key', 'string', 'first'), tag('key', 'string', 'second')];
    expect(Object.fromEntries(decodeOne({ ...spanJson(), tags }).attributes)).toEqual({ key: 'first' });
  });
});

describe('a process', () => {
  it('is one object for all its spans', () => {
    const { spans } = decodeJaegerJson(envelope(spanJson(), { ...spanJson(), spanID: '2' }));
    expect(spans[0]!.resource).toBe(spans[1]!.resource);
  });

  it('without a service has none', () => {
    const processes = { p1: { serviceName: 'OTLPResourceNoServiceName', tags: [] } };
    const { spans } = decodeJaegerJson({ data: [{ spans: [spanJson()], processes }] });
    expect(spans[0]!.resource).toEqual(new Map());
  });

  it('that is missing costs no span, whatever it is called', () => {
    for (const processID of ['p2', '__proto__', 'constructor', undefined, 7]) {
      expect(decodeOne({ ...spanJson(), processID }).resource).toEqual(new Map());
    }
  });
});

describe('what cannot be read', () => {
  it.each([
    [{ traceID: 7 }, 'traceId is not an id of 32 hex digits'],
    [{ traceID: `${TRACE_ID}0` }, 'traceId is not an id of 32 hex digits'],
    [{ spanID: 'xyz' }, 'spanId is not an id of 16 hex digits'],
    [{ spanID: '0000' }, 'spanId is all zeros'],
    [{ startTime: -1 }, 'startTimeUnixNano is not an unsigned 64-bit integer'],
    [{ startTime: 'soon' }, 'startTimeUnixNano is not an unsigned 64-bit integer'],
    [{ startTime: 1e300 }, 'startTimeUnixNano is not an unsigned 64-bit integer'],
    [{ duration: 0.5 }, 'endTimeUnixNano is not an unsigned 64-bit integer'],
    [{ duration: 18_446_744_073_709_000 }, 'endTimeUnixNano is not an unsigned 64-bit integer'],
    [{ references: [{ refType: 'CHILD_OF', traceID: TRACE_ID }] }, 'parentSpanId is not an id of 16 hex digits'],
    [{ references: [{ refType: 'FOLLOWS_FROM', spanID: '1' }] }, 'link.traceId is not an id of 32 hex digits'],
    [{ logs: [{ timestamp: 'soon' }] }, 'timeUnixNano is not an unsigned 64-bit integer'],
  ])('costs one span, with the reason: %j', (broken, reason) => {
    const decoded = decodeJaegerJson(envelope(spanJson(), { ...spanJson(), ...broken }, spanJson()));
    expect(decoded.spans).toHaveLength(2);
    expect(decoded).toMatchObject({ rejectedSpans: 1, reason: `span "step c": ${reason}` });
  });

  it('is counted, with the first reason', () => {
    const decoded = decodeJaegerJson(envelope(7, { ...spanJson(), spanID: '' }));
    expect(decoded).toEqual({
      spans: [],
      rejectedSpans: 2,
      reason: 'span "": traceId is not an id of 32 hex digits',
    });
  });

  it.each([
    [undefined, 'the body: expected an object with "data"'],
    ['data', 'the body: expected an object with "data"'],
    [{ resourceSpans: [] }, 'the body: expected an object with "data"'],
    [{ data: {} }, 'data: expected a list'],
    [{ data: ['frontend'] }, 'data: expected objects'],
    [{ data: [{ spans: {} }] }, 'spans: expected a list'],
  ])('is said where it is no Jaeger envelope: %j', (body, message) => {
    expect(() => decodeJaegerJson(body)).toThrow(new DecodeError(message));
  });

  it('is not an envelope without traces', () => {
    for (const body of [{ data: null }, { data: [] }, { data: [{ traceID: TRACE_ID, spans: null }] }]) {
      expect(decodeJaegerJson(body)).toEqual({ spans: [], rejectedSpans: 0 });
    }
  });
});

describe('laws', () => {
  it('nothing that is no Jaeger JSON throws anything but a DecodeError', () => {
    fc.assert(fc.property(fc.oneof(fc.anything(), anyEnvelope(fc.anything())), decodesOrRefuses));
  });

  it('every span is read or counted', () => {
    fc.assert(
      fc.property(fc.array(anySpan()), (items) => {
        const { spans, rejectedSpans, reason } = decodeJaegerJson(envelope(...items));
        expect(spans.length + rejectedSpans).toBe(items.length);
        expect(reason === undefined).toBe(rejectedSpans === 0);
      }),
    );
  });
});

function decodesOrRefuses(body: unknown): void {
  try {
    decodeJaegerJson(body);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
  }
}

function anyEnvelope(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const trace = fc.record({ spans: fc.oneof(value, fc.array(anySpan())), processes: value }, { requiredKeys: [] });
  return fc.record({ data: fc.array(fc.oneof(value, trace)) });
}

/** A span of which any part may be anything. */
function anySpan(): fc.Arbitrary<object> {
  const or = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> => fc.oneof(value, fc.anything());
  const key = fc.constantFrom('error', 'event', 'span.kind', 'otel.status_code', 'orchestration.failed', '__proto__');
  const type = fc.constantFrom('string', 'bool', 'int64', 'float64', 'binary');
  const tags = or(fc.array(or(fc.record({ key: or(key), type: or(type), value: fc.anything() }))));
  const id = fc.constantFrom(TRACE_ID, 'bc23d78c38289f8d', '1', '');
  const refType = fc.constantFrom('CHILD_OF', 'FOLLOWS_FROM');
  const reference = fc.record({ refType: or(refType), traceID: or(id), spanID: or(id) });
  return fc.record(
    {
      traceID: or(id),
      spanID: or(id),
      operationName: or(fc.string()),
      startTime: or(fc.nat()),
      duration: or(fc.nat()),
      processID: or(fc.constant('p1')),
      references: or(fc.array(or(reference))),
      tags,
      logs: or(fc.array(or(fc.record({ timestamp: or(fc.nat()), fields: tags })))),
    },
    { requiredKeys: [] },
  );
}

function decodeOne(span: object): ReceivedSpan {
  const { spans, ...rest } = decodeJaegerJson(envelope(span));
  expect(rest).toEqual({ rejectedSpans: 0 });
  return spans[0]!;
}

function envelope(...spans: unknown[]): object {
  const processes = { p1: { serviceName: 'shop', tags: [tag('process.pid', 'int64', 5312)] } };
  return {
    data: [{ traceID: TRACE_ID, spans, processes, warnings: null }],
    total: 0,
    limit: 0,
    offset: 0,
    errors: null,
  };
}

function spanJson(): Record<string, unknown> {
  return {
    traceID: TRACE_ID,
    spanID: 'bc23d78c38289f8d',
    operationName: 'step c',
    references: [],
    startTime: START_US,
    duration: 630,
    tags: [],
    logs: [],
    processID: 'p1',
    warnings: null,
  };
}

function tag(key: string, type: string | undefined, value: unknown): object {
  return { key, type, value };
}
