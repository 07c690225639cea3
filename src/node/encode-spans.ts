import type { HrTime } from '@opentelemetry/api';
import { encodeAttributes } from '../otlp-value.ts';
import type { ReadableSpan } from './sdk-types.ts';

/** Most spans of a batch, so that encoding them does not hold up the host: a few milliseconds. */
const MAX_SPANS = 256;
/** Most characters of a batch with more than one span; three bytes each at most, and the receiver takes a megabyte. */
const MAX_CHARACTERS = 256 * 1024;

/** An ExportTraceServiceRequest in OTLP's JSON encoding. */
export interface EncodedBatch {
  readonly json: string;
  /** How many spans it stands for. */
  readonly spans: number;
}

/**
 * Writes spans from this place on, as many as belong into one request, all of one resource. One without an end has `endTimeUnixNano` 0. A span
 * that cannot be written is left out.
 *
 * @param from index of a span, the attributes of whose resource have settled
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function encodeBatch(spans: readonly ReadableSpan[], from = 0): EncodedBatch {
  const { resource } = spans[from]!;
  const scopes = new Map<object, string[]>();
  let characters = 0;
  let count = 0;
  while (count < MAX_SPANS) {
    const span = spans[from + count];
    if (span?.resource !== resource) break;
    const text = encodeSpan(span);
    if (count > 0 && characters + text.length > MAX_CHARACTERS) break;
    count++;
    characters += text.length;
    if (text === '') continue;
    const scope = scopeOf(span);
    const texts = scopes.get(scope) ?? [];
    scopes.set(scope, texts);
    texts.push(text);
  }
  const scopeSpans = Array.from(
    scopes,
    ([scope, texts]) => `{"scope":${encodeScope(scope)},"spans":[${texts.join()}]}`,
  );
  const attributes = JSON.stringify(attributesOf(resource.attributes));
  return {
    json: `{"resourceSpans":[{"resource":{"attributes":${attributes}},"scopeSpans":[${scopeSpans.join()}]}]}`,
    spans: count,
  };
}

function encodeSpan(span: ReadableSpan): string {
  try {
    const { traceId, spanId } = span.spanContext();
    return JSON.stringify({
      traceId,
      spanId,
      parentSpanId: parentOf(span),
      name: span.name,
      kind: span.kind + 1, // OTLP has 0 for unspecified
      startTimeUnixNano: nanoseconds(span.startTime),
      endTimeUnixNano: nanoseconds(span.endTime),
      attributes: attributesOf(span.attributes),
      events: span.events.map(({ time, name, attributes }) => ({
        timeUnixNano: nanoseconds(time),
        name,
        attributes: attributesOf(attributes),
      })),
      links: span.links.map(({ context, attributes }) => ({
        traceId: context.traceId,
        spanId: context.spanId,
        attributes: attributesOf(attributes),
      })),
      status: span.status,
    });
  } catch {
    return '';
  }
}

/** SDK 1 names the parent otherwise than 2 and 3. */
function parentOf(span: ReadableSpan): string | undefined {
  return span.parentSpanContext?.spanId ?? (span as { parentSpanId?: string }).parentSpanId;
}

/** SDK 1 names the scope otherwise than 2 and 3. */
function scopeOf(span: ReadableSpan): Scope {
  return span.instrumentationScope ?? (span as unknown as { instrumentationLibrary: Scope }).instrumentationLibrary;
}

interface Scope {
  readonly name: string;
  readonly version?: string;
}

function encodeScope(scope: object): string {
  const { name, version } = scope as Scope;
  return JSON.stringify({ name, version });
}

function nanoseconds([seconds, nanos]: HrTime): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
}

function attributesOf(attributes: object = {}): object[] {
  return encodeAttributes(Object.entries(attributes));
}
