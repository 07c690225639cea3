import type { Attributes as ApiAttributes, HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Attributes, AttributeValue, ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { runPlan, type PlanInput } from '../../src/index.ts';
import { decodeJaegerJson } from '../../src/inspector/decode-jaeger.ts';
import { JaegerClient } from '../../src/inspector/jaeger.ts';
import { startTracing, type Tracing } from '../../src/node/index.ts';
import { readTrace } from '../helpers/jaeger.ts';
import { EndedSpans } from './ended-spans.ts';

const SERVICE = 'orchestrace-jaeger-client';
const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUS_CODES = ['unset', 'ok', 'error'] as const;
const LISTS = ['depends_on', 'dependency_groups', 'tool_ids', 'failed', 'skipped', 'not_started', 'critical_path'];

const stack = inject('stack')!;
const ended = new EndedSpans();
let tracing: Tracing;
let client: JaegerClient;

describe.skipIf(!stack)('reading from Jaeger', () => {
  beforeAll(async () => {
    tracing = await startTracing({ serviceName: SERVICE, endpoint: stack.otlpUrl, spanProcessors: [ended] });
    client = new JaegerClient(stack.jaegerUrl);
  });
  beforeEach(() => void (ended.spans = []));
  afterAll(() => tracing.shutdown());

  it('gives the spans as they ended in the process', async () => {
    const traceId = await runAndStore(planNamed('read back'));
    const spans = await client.trace(traceId);
    expect(byId(spans)).toEqual(byId(ended.spans.map(toReceived)));

    const run = spans.find(({ attributes }) => attributes.get('orchestration.span.type') === 'run')!;
    expect([run.status, run.parentSpanId]).toEqual([{ code: 'error', message: 'no such page: ä€😀' }, undefined]);
    const total = spans.find(({ name }) => name === 'step total')!;
    expect(total.links.map(({ attributes }) => attributes.get('orchestration.tool_id'))).toEqual(['primary', 'other']);
    expect(total.attributes.get('test.large')).toBe(1_152_921_504_606_847_000n);
  });

  it('gives what the older API can carry, with lists as lists', async () => {
    const traceId = await runAndStore(planNamed('read back by the older API'));
    const response = await fetch(`${stack.jaegerUrl}/api/traces/${traceId}?raw=true`);
    const { spans, ...rest } = decodeJaegerJson(await response.json());
    expect(rest).toEqual({ rejectedSpans: 0 });
    expect(byId(spans)).toEqual(byId(ended.spans.map(toReceived).map(asOlder)));

    const total = spans.find(({ name }) => name === 'step total')!;
    expect(total.attributes.get('orchestration.depends_on')).toEqual(['primary', 'other']);
    expect(total.attributes.get('orchestration.output_mapping')).toBe('{"rows":"{primary.data.rows}"}');
    expect(total.attributes.get('test.large')).toBe(1_152_921_504_606_847_000n);
  });

  it('finds the runs of a plan, newest first, and no others', async () => {
    const ids: string[] = [];
    for (const name of ['often', 'other', 'often', 'often', 'other']) ids.push(await runAndStore(planNamed(name)));
    const [first, , second, third] = ids;

    const runs = await client.recentRuns({ plan: 'often', limit: 10 });
    expect(runs.map(({ traceId }) => traceId)).toEqual([third, second, first]);
    const { startTime } = ended.spans.find((span) => span.spanContext().traceId === third && !span.parentSpanContext)!;
    const startNs = nanoseconds(startTime) / 1_000n;
    expect(runs[0]).toMatchObject({ planName: 'often', outcome: 'failure', service: SERVICE });
    expect(runs[0]!.startNs / 1_000n).toBe(startNs); // the older API, which searches here, has microseconds

    expect((await client.recentRuns({ plan: 'often', limit: 2 })).map(({ traceId }) => traceId)).toEqual([
      third,
      second,
    ]);
    expect((await client.recentRuns({ limit: 1_000 })).map(({ traceId }) => traceId)).toEqual(
      expect.arrayContaining(ids),
    );
    expect(await client.recentRuns({ plan: 'never', limit: 10 })).toEqual([]);
  });

  it('has no spans of a trace that nobody sent', async () => {
    expect(await client.trace('f'.repeat(32))).toEqual([]);
  });
});

function planNamed(name: string): PlanInput {
  return {
    name,
    strategy: 'dag',
    tools: [
      { tool_id: 'primary', tool_type: 'lookup' },
      { tool_id: 'other', tool_type: 'lookup' },
      { tool_id: 'fails' },
      { tool_id: 'skipped', depends_on: ['fails'], tool_type: 'lookup' },
      { tool_id: 'total', depends_on: ['primary', 'other'], output_mapping: { rows: '{primary.data.rows}' } },
    ],
  };
}

/** @returns the trace, once Jaeger has all of it */
async function runAndStore(plan: PlanInput): Promise<string> {
  const before = ended.spans.length;
  const { traceId } = await runPlan(plan, {
    tools: {
      lookup: () => ({ rows: [1, 2] }),
      fails: () => {
        throw new RangeError('no such page: ä€😀');
      },
      total: (_, { span }) => {
        span.setAttributes({
          'test.large': 2 ** 60,
          'test.negative': -7,
          'test.double': 1.5,
          'test.bool': false,
          'test.empty': '',
          'test.texts': ['a', '<b>'],
          'test.numbers': [1, 2],
          'test.json': '["a"]',
        });
        span.addEvent('counted', { rows: 2, ok: true });
      },
    },
  });
  expect(await tracing.forceFlush()).toEqual({ ok: true, pending: 0, dropped: 0 });
  await readTrace(stack.jaegerUrl, traceId!, ended.spans.length - before);
  return traceId!;
}

function toReceived(span: ReadableSpan): ReceivedSpan {
  const { traceId, spanId } = span.spanContext();
  const { parentSpanContext, status, instrumentationScope: scope } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanContext ? { parentSpanId: parentSpanContext.spanId } : {}),
    name: span.name,
    kind: KINDS[span.kind],
    startNs: nanoseconds(span.startTime),
    endNs: nanoseconds(span.endTime),
    attributes: toMap(span.attributes),
    events: span.events.map((event) => ({
      timeNs: nanoseconds(event.time),
      name: event.name,
      attributes: toMap(event.attributes),
    })),
    links: span.links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      attributes: toMap(link.attributes),
    })),
    status: {
      code: STATUS_CODES[status.code],
      ...(status.message === undefined ? {} : { message: status.message }),
    },
    resource: toMap(span.resource.attributes),
    scope: { name: scope.name, version: scope.version! },
  };
}

/** What is left of a span in the older format: microseconds, links without attributes, lists as JSON unless we know them. */
function asOlder(span: ReceivedSpan): ReceivedSpan {
  const micros = (time: bigint): bigint => time - (time % 1_000n);
  return {
    ...span,
    startNs: micros(span.startNs),
    endNs: micros(span.startNs) + micros(span.endNs - span.startNs),
    attributes: withoutLists(span.attributes),
    resource: withoutLists(span.resource),
    events: span.events.map((event) => Object.assign(event, { timeNs: micros(event.timeNs) })),
    links: span.links.map((link) => Object.assign(link, { attributes: new Map() })),
  };
}

function withoutLists(attributes: Attributes): Attributes {
  const known = new Set(LISTS.map((name) => `orchestration.${name}`));
  const entries = [...attributes].map(([key, value]): [string, AttributeValue] => [
    key,
    // As Go writes JSON.
    Array.isArray(value) && !known.has(key)
      ? JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e')
      : value,
  ]);
  return new Map(entries);
}

function toMap(attributes: ApiAttributes = {}): Map<string, AttributeValue> {
  return new Map(Object.entries(attributes).map(([key, value]) => [key, toValue(value)]));
}

/** Large integers are written by the SDK with the digits that they show. */
function toValue(value: unknown): AttributeValue {
  const isLarge = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLarge ? BigInt(String(value)) : (value as AttributeValue);
}

function nanoseconds([seconds, nanos]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

function byId(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
}
