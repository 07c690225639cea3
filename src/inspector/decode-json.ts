import type {
  Attributes,
  AttributeValue,
  ReceivedEvent,
  ReceivedLink,
  ReceivedSpan,
  SpanKind,
} from '../explain/received-span.ts';

/** Deepest nesting of an attribute's value: the limit of OpenTelemetry's specification (`common/README.md`). */
const MAX_VALUE_DEPTH = 64;
/** Largest number that the protocol's 64-bit unsigned times can hold. */
const MAX_UINT64 = 2n ** 64n - 1n;
const KINDS: readonly SpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUS_CODES = ['unset', 'ok', 'error'] as const;

/** What a request held. A span that cannot be read is counted with the reason; the others are kept. */
export interface DecodedTraces {
  readonly spans: ReceivedSpan[];
  readonly rejectedSpans: number;
  /** Why the first rejected span was rejected. */
  readonly reason?: string;
}

/** The data are no OTLP: nothing of the request was taken. The message says where. */
export class DecodeError extends Error {
  override readonly name: string = 'DecodeError';
}

/**
 * Reads an ExportTraceServiceRequest in OTLP's JSON encoding: ids in hex of any case, enumerations as integers, 64-bit integers as
 * strings or numbers, unknown fields passed over.
 *
 * @param body what `JSON.parse` gave
 * @throws {DecodeError} the envelope has another shape, or a value is nested deeper than {@link MAX_VALUE_DEPTH}
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function decodeTracesJson(body: unknown): DecodedTraces {
  const spans: ReceivedSpan[] = [];
  let rejectedSpans = 0;
  let reason: string | undefined;
  for (const resourceSpans of list(record(body, 'the body').resourceSpans, 'resourceSpans')) {
    const { resource, scopeSpans } = record(resourceSpans, 'resourceSpans');
    const resourceAttributes = attributes(optional(resource, 'resource').attributes);
    for (const scopeSpan of list(scopeSpans, 'scopeSpans')) {
      const { scope: given, spans: items } = record(scopeSpan, 'scopeSpans');
      const { name, version } = optional(given, 'scope');
      const scope = { name: text(name), ...(typeof version === 'string' && version !== '' ? { version } : {}) };
      for (const item of list(items, 'spans')) {
        const data = record(item, 'spans');
        try {
          spans.push(span(data, resourceAttributes, scope));
        } catch (error) {
          if (!(error instanceof RejectedSpan)) throw error;
          rejectedSpans++;
          reason ??= `span "${text(data.name).slice(0, 100)}": ${error.message}`;
        }
      }
    }
  }
  return reason === undefined ? { spans, rejectedSpans } : { spans, rejectedSpans, reason };
}

/** One span cannot be read, but the request can. */
class RejectedSpan extends Error {}

function span(data: Data, resource: Attributes, scope: ReceivedSpan['scope']): ReceivedSpan {
  const parentSpanId = data.parentSpanId ? id(data.parentSpanId, 16, 'parentSpanId') : undefined;
  const status = optional(data.status, 'status');
  return {
    traceId: requiredId(data.traceId, 32, 'traceId'),
    spanId: requiredId(data.spanId, 16, 'spanId'),
    ...(parentSpanId ? { parentSpanId } : {}),
    name: text(data.name),
    kind: KINDS[enumeration(data.kind, 'kind')] ?? 'unspecified',
    startNs: nanoseconds(data.startTimeUnixNano, 'startTimeUnixNano'),
    endNs: nanoseconds(data.endTimeUnixNano, 'endTimeUnixNano'),
    attributes: attributes(data.attributes),
    events: list(data.events, 'events').map((item) => event(record(item, 'events'))),
    links: list(data.links, 'links').map((item) => link(record(item, 'links'))),
    status: {
      code: STATUS_CODES[enumeration(status.code, 'status.code')] ?? 'unset',
      ...(typeof status.message === 'string' && status.message !== '' ? { message: status.message } : {}),
    },
    resource,
    scope,
  };
}

function event(data: Data): ReceivedEvent {
  const timeNs = nanoseconds(data.timeUnixNano, 'timeUnixNano');
  return { timeNs, name: text(data.name), attributes: attributes(data.attributes) };
}

function link(data: Data): ReceivedLink {
  return {
    traceId: requiredId(data.traceId, 32, 'link.traceId'),
    spanId: requiredId(data.spanId, 16, 'link.spanId'),
    attributes: attributes(data.attributes),
  };
}

/** Reads a list of KeyValue. Of equal keys the first counts: the protocol says that they are unique. */
function attributes(items: unknown, depth = 1): Attributes {
  const map = new Map<string, AttributeValue>();
  for (const item of list(items, 'attributes')) {
    const { key, value } = record(item, 'attributes');
    if (typeof key === 'string' && !map.has(key)) map.set(key, anyValue(value, depth));
  }
  return map;
}

function anyValue(value: unknown, depth: number): AttributeValue {
  if (depth > MAX_VALUE_DEPTH) throw new DecodeError(`an attribute is nested deeper than ${MAX_VALUE_DEPTH} levels`);
  const data = optional(value, 'value');
  if (typeof data.stringValue === 'string') return data.stringValue;
  if (typeof data.boolValue === 'boolean') return data.boolValue;
  if (data.intValue !== undefined) return integer(data.intValue);
  if (data.doubleValue !== undefined) return double(data.doubleValue);
  if (data.arrayValue !== undefined) {
    const { values } = optional(data.arrayValue, 'arrayValue');
    return list(values, 'arrayValue.values').map((item) => anyValue(item, depth + 1));
  }
  if (data.kvlistValue !== undefined) return attributes(optional(data.kvlistValue, 'kvlistValue').values, depth + 1);
  return typeof data.bytesValue === 'string' ? Buffer.from(data.bytesValue, 'base64') : null;
}

function integer(value: unknown): number | bigint | null {
  const number = bigint(value);
  if (number === undefined) return null;
  const narrow = Number(number);
  return Number.isSafeInteger(narrow) ? narrow : number;
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

function nanoseconds(value: unknown, field: string): bigint {
  if (value === undefined || value === null) return 0n;
  const time = bigint(value);
  if (time === undefined || time < 0n || time > MAX_UINT64) {
    throw new RejectedSpan(`${field} is no unsigned 64-bit integer`);
  }
  return time;
}

function enumeration(value: unknown, field: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new RejectedSpan(`${field} is no integer`);
  return value;
}

/** An id in lower case; undefined if it is all zeros, which stands for none. */
function id(value: unknown, digits: number, field: string): string | undefined {
  if (typeof value !== 'string' || value.length !== digits || !/^[0-9a-f]+$/i.test(value)) {
    throw new RejectedSpan(`${field} is no id of ${digits} hex digits`);
  }
  return /^0+$/.test(value) ? undefined : value.toLowerCase();
}

function requiredId(value: unknown, digits: number, field: string): string {
  const given = id(value, digits, field);
  if (given === undefined) throw new RejectedSpan(`${field} is all zeros`);
  return given;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

type Data = Readonly<Record<string, unknown>>;

function record(value: unknown, at: string): Data {
  if (isRecord(value)) return value;
  throw new DecodeError(`${at}: expected an object`);
}

function isRecord(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function optional(value: unknown, at: string): Data {
  return value === undefined || value === null ? {} : record(value, at);
}

/** The items of a list; an absent list is empty. */
function list(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new DecodeError(`${at}: expected a list`);
}
