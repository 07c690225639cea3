import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect } from 'vitest';
import type { OtlpAttributes, OtlpValue, StoredSpan } from '../helpers/jaeger.ts';

/** Compares what a backend has with what ended in the process: every span, with everything that is on it. */
export function expectStored(stored: readonly StoredSpan[], ended: readonly ReadableSpan[]): void {
  const byId = (a: { spanId: string }, b: { spanId: string }): number => (a.spanId < b.spanId ? -1 : 1);
  const expected = ended.map((span) => toStored(span)).toSorted(byId);
  const unsaid = { resource: expect.anything(), warnings: expect.anything() };
  expect(stored.toSorted(byId)).toEqual(expected.map((span) => Object.assign(span, unsaid)));
  expect(stored.flatMap(({ warnings }) => warnings)).toEqual([]);
}

/** The spans as indented text, with outcome and status; those that started at the same time by name. */
export function drawStored(
  spans: readonly StoredSpan[],
  details: (span: StoredSpan) => readonly string[] = () => [],
): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const draw = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanId }) => (ids.has(parentSpanId ?? '') ? parentSpanId : undefined) === parent)
      .flatMap((span) => {
        const outcome = span.attributes['orchestration.outcome'];
        const error = span.status.code === 2 ? ` ERROR "${span.status.message}"` : '';
        const line = `${indent}${span.name}${outcome ? ` [${text(outcome)}]` : ''}${error}`;
        return [line, ...details(span).map((detail) => `${indent}  | ${detail}`), ...draw(span.spanId, `${indent}  `)];
      });
  return draw(undefined, '').join('\n');
}

/** Attributes a line each, with their OTLP types, without what differs from run to run. */
export function typedAttributes({ attributes }: StoredSpan): string[] {
  const varying = ['run.id', 'wait_ms', 'plan.hash', 'verdict', 'critical_path', 'critical_path_ms'].map(
    (key) => `orchestration.${key}`,
  );
  return Object.entries(attributes)
    .filter(([key]) => key !== 'orchestration.wait_reason') // a step that hardly waited has none
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${varying.includes(key) ? Object.keys(value).join() : typed(value)}`);
}

function typed(value: OtlpValue): string {
  if ('arrayValue' in value) return `[${(value.arrayValue.values ?? []).map(typed).join(', ')}]`;
  const [[type, content]] = Object.entries(value) as [[string, unknown]];
  return `${type.replace('Value', '')} ${typeof content === 'string' && type === 'stringValue' ? JSON.stringify(content) : String(content)}`;
}

function text(value: OtlpValue): string {
  return String(Object.values(value)[0]);
}

function toStored(span: ReadableSpan): Omit<StoredSpan, 'resource' | 'warnings'> {
  const { traceId, spanId } = span.spanContext();
  const [start, end] = [toNanos(span.startTime), toNanos(span.endTime)];
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    name: span.name,
    kind: span.kind + 1, // the API counts from INTERNAL, OTLP from UNSPECIFIED
    start,
    end,
    attributes: toOtlp(span.attributes),
    events: span.events.map(({ name, attributes }) => ({ name, attributes: toOtlp(attributes) })),
    links: span.links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      attributes: toOtlp(link.attributes),
    })),
    status: { code: span.status.code, message: span.status.message ?? '' },
    scope: { name: span.instrumentationScope.name, version: span.instrumentationScope.version ?? '' },
  };
}

function toNanos([seconds, nanos]: readonly [number, number]): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
}

function toOtlp(attributes: Attributes = {}): OtlpAttributes {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, toOtlpValue(value)]));
}

function toOtlpValue(value: unknown): OtlpValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) {
    return { arrayValue: value.length === 0 ? {} : { values: value.map(toOtlpValue) } };
  }
  throw new Error(`an attribute cannot be ${String(value)}`);
}
