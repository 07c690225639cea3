import type { Attributes, AttributeValue, ReceivedSpan, SpanKind } from '../explain/read/received-span.ts';
import { cut } from '../words.ts';

/** Deepest nesting of an attribute's value: the limit of OpenTelemetry's specification (`common/README.md`). */
const MAX_VALUE_DEPTH = 64;
/** Most of a span's name that is repeated to its sender. */
const MAX_SHOWN_NAME = 100;
/** By their numbers in OTLP. */
export const KINDS: readonly SpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
export const STATUS_CODES = ['unset', 'ok', 'error'] as const;

/** What a request held. A span that cannot be read is counted with the reason; the others are kept. */
export interface DecodedTraces {
  readonly spans: ReceivedSpan[];
  readonly rejectedSpans: number;
  /** Why the first rejected span was rejected. */
  readonly reason?: string;
}

/** The data are not OTLP: nothing of the request was taken. The message says where. */
export class DecodeError extends Error {
  override readonly name: string = 'DecodeError';
}

/** A span as an encoding gives it, not judged yet. Undefined stands for what is there and cannot be read. */
export interface RawSpan {
  /** Hex digits of any case; what else comes is not an id. */
  traceId: unknown;
  spanId: unknown;
  /** Empty for none. */
  parentSpanId: unknown;
  name: string;
  kind: number | undefined;
  startNs: bigint | undefined;
  endNs: bigint | undefined;
  attributes: Attributes;
  events: RawEvent[];
  links: RawLink[];
  status: { code: number | undefined; message: string };
}

export interface RawEvent {
  timeNs: bigint | undefined;
  name: string;
  attributes: Attributes;
}

export interface RawLink {
  traceId: unknown;
  spanId: unknown;
  attributes: Attributes;
}

/** Collects the spans of one request and judges each: the rules that both encodings share. */
export class SpanCollector {
  readonly #spans: ReceivedSpan[] = [];
  #rejectedSpans = 0;
  #reason: string | undefined;

  add(raw: RawSpan, resource: Attributes, scope: ReceivedSpan['scope']): void {
    try {
      this.#spans.push(judge(raw, resource, scope));
    } catch (error) {
      if (!(error instanceof RejectedSpan)) throw error;
      this.#rejectedSpans++;
      this.#reason ??= `span "${cut(raw.name, MAX_SHOWN_NAME)}": ${error.message}`;
    }
  }

  result(): DecodedTraces {
    const decoded = { spans: this.#spans, rejectedSpans: this.#rejectedSpans };
    return this.#reason === undefined ? decoded : { ...decoded, reason: this.#reason };
  }
}

/** Adds an attribute. Of equal keys the first counts: the protocol says that they are unique. */
export function addAttribute(attributes: Map<string, AttributeValue>, key: string, value: AttributeValue): void {
  if (!attributes.has(key)) attributes.set(key, value);
}

/** A bigint only where a number cannot hold it. */
export function narrowInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * @param depth of a value: 1 is an attribute's own
 * @throws {DecodeError} it is too deep
 */
export function checkDepth(depth: number): void {
  if (depth > MAX_VALUE_DEPTH) throw new DecodeError(`an attribute is nested deeper than ${MAX_VALUE_DEPTH} levels`);
}

/** One span cannot be read, but the request can. */
class RejectedSpan extends Error {}

function judge(raw: RawSpan, resource: Attributes, scope: ReceivedSpan['scope']): ReceivedSpan {
  const parentSpanId = raw.parentSpanId === '' ? undefined : id(raw.parentSpanId, 16, 'parentSpanId');
  const { code, message } = raw.status;
  return {
    traceId: requiredId(raw.traceId, 32, 'traceId'),
    spanId: requiredId(raw.spanId, 16, 'spanId'),
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name: raw.name,
    kind: KINDS[enumeration(raw.kind, 'kind')] ?? 'unspecified',
    startNs: time(raw.startNs, 'startTimeUnixNano'),
    endNs: time(raw.endNs, 'endTimeUnixNano'),
    attributes: raw.attributes,
    events: raw.events.map(({ timeNs, ...event }) => ({ timeNs: time(timeNs, 'timeUnixNano'), ...event })),
    links: raw.links.map(({ traceId, spanId, attributes }) => ({
      traceId: requiredId(traceId, 32, 'link.traceId'),
      spanId: requiredId(spanId, 16, 'link.spanId'),
      attributes,
    })),
    status: {
      code: STATUS_CODES[enumeration(code, 'status.code')] ?? 'unset',
      ...(message === '' ? {} : { message }),
    },
    resource,
    scope,
  };
}

function time(value: bigint | undefined, field: string): bigint {
  if (value === undefined) throw new RejectedSpan(`${field} is not an unsigned 64-bit integer`);
  return value;
}

function enumeration(value: number | undefined, field: string): number {
  if (value === undefined) throw new RejectedSpan(`${field} is not an integer`);
  return value;
}

/** An id in lower case; undefined if it is all zeros, which stands for none. */
function id(value: unknown, digits: number, field: string): string | undefined {
  if (typeof value !== 'string' || value.length !== digits || !/^[0-9a-f]+$/i.test(value)) {
    throw new RejectedSpan(`${field} is not an id of ${digits} hex digits`);
  }
  return /^0+$/.test(value) ? undefined : value.toLowerCase();
}

function requiredId(value: unknown, digits: number, field: string): string {
  const given = id(value, digits, field);
  if (given === undefined) throw new RejectedSpan(`${field} is all zeros`);
  return given;
}
