import { isRecord } from '../explain/read/read-attributes.ts';
import type { Attributes, AttributeValue } from '../explain/read/received-span.ts';
import {
  addAttribute,
  checkDepth,
  DecodeError,
  type DecodedTraces,
  narrowInteger,
  type RawEvent,
  type RawLink,
  type RawSpan,
  SpanCollector,
} from './decoded-traces.ts';
import { isSet, list, MAX_UINT64, text } from './json-values.ts';

export { DecodeError, type DecodedTraces };

/**
 * Reads an ExportTraceServiceRequest in OTLP's JSON encoding: ids in hex of any case, enumerations as integers, 64-bit integers as
 * strings or numbers, unknown fields passed over.
 *
 * @param body what `JSON.parse` gave
 * @throws {DecodeError} the envelope has another shape, or a value is nested too deep
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function decodeTracesJson(body: unknown): DecodedTraces {
  const collected = new SpanCollector();
  for (const resourceSpans of list(record(body, 'the body').resourceSpans, 'resourceSpans')) {
    const { resource: given, scopeSpans } = record(resourceSpans, 'resourceSpans');
    const resource = decodeResource(given);
    for (const scopeSpan of list(scopeSpans, 'scopeSpans')) {
      const { scope: scopeGiven, spans } = record(scopeSpan, 'scopeSpans');
      const { name, version } = optional(scopeGiven, 'scope');
      const scope = { name: text(name), ...(text(version) === '' ? {} : { version: text(version) }) };
      for (const item of list(spans, 'spans')) collected.add(span(record(item, 'spans')), resource, scope);
    }
  }
  return collected.result();
}

/** Reads a resource as `encodeTracesJson` writes it. */
export function decodeResource(resource: unknown): Attributes {
  return attributes(optional(resource, 'resource').attributes);
}

function span(data: Data): RawSpan {
  const status = optional(data.status, 'status');
  return {
    traceId: data.traceId,
    spanId: data.spanId,
    parentSpanId: data.parentSpanId ?? '',
    name: text(data.name),
    kind: enumeration(data.kind),
    startNs: nanoseconds(data.startTimeUnixNano),
    endNs: nanoseconds(data.endTimeUnixNano),
    attributes: attributes(data.attributes),
    events: list(data.events, 'events').map((item) => event(record(item, 'events'))),
    links: list(data.links, 'links').map((item) => link(record(item, 'links'))),
    status: { code: enumeration(status.code), message: text(status.message) },
  };
}

function event(data: Data): RawEvent {
  return {
    timeNs: nanoseconds(data.timeUnixNano),
    name: text(data.name),
    attributes: attributes(data.attributes),
  };
}

function link({ traceId, spanId, attributes: given }: Data): RawLink {
  return { traceId, spanId, attributes: attributes(given) };
}

function attributes(items: unknown, depth = 1): Map<string, AttributeValue> {
  const map = new Map<string, AttributeValue>();
  for (const item of list(items, 'attributes')) {
    const { key, value } = record(item, 'attributes');
    addAttribute(map, text(key), anyValue(value, depth));
  }
  return map;
}

function anyValue(value: unknown, depth: number): AttributeValue {
  checkDepth(depth);
  const data = optional(value, 'value');
  if (typeof data.stringValue === 'string') return data.stringValue;
  if (typeof data.boolValue === 'boolean') return data.boolValue;
  if (isSet(data.intValue)) return integer(data.intValue);
  if (isSet(data.doubleValue)) return double(data.doubleValue);
  if (isSet(data.arrayValue)) {
    const { values } = record(data.arrayValue, 'arrayValue');
    return list(values, 'arrayValue.values').map((item) => anyValue(item, depth + 1));
  }
  if (isSet(data.kvlistValue)) return attributes(record(data.kvlistValue, 'kvlistValue').values, depth + 1);
  return typeof data.bytesValue === 'string' ? Buffer.from(data.bytesValue, 'base64') : null;
}

function integer(value: unknown): number | bigint | null {
  const number = bigint(value);
  return number === undefined ? null : narrowInteger(number);
}

function double(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const number = Number(value);
  return Number.isNaN(number) && value !== 'NaN' ? null : number;
}

function bigint(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** A time; undefined when it cannot be read. */
function nanoseconds(value: unknown): bigint | undefined {
  if (!isSet(value)) return 0n;
  const time = bigint(value);
  return time !== undefined && time >= 0n && time <= MAX_UINT64 ? time : undefined;
}

/** A number of an enumeration; undefined when it cannot be read. */
function enumeration(value: unknown): number | undefined {
  if (!isSet(value)) return 0;
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

type Data = Readonly<Record<string, unknown>>;

function record(value: unknown, at: string): Data {
  if (isRecord(value)) return value;
  throw new DecodeError(`${at}: expected an object`);
}

function optional(value: unknown, at: string): Data {
  return isSet(value) ? record(value, at) : {};
}
