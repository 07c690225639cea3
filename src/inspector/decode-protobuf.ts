import type { AttributeValue } from '../explain/read/received-span.ts';
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
import { MessageReader } from './message-reader.ts';

// Field numbers of opentelemetry-proto 1.11. All others are passed over.
const REQUEST = { resourceSpans: 1 } as const;
const RESOURCE_SPANS = { resource: 1, scopeSpans: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_SPANS = { scope: 1, spans: 2 } as const;
const SCOPE = { name: 1, version: 2 } as const;
const SPAN = {
  traceId: 1,
  spanId: 2,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  startTime: 7,
  endTime: 8,
  attributes: 9,
  events: 11,
  links: 13,
  status: 15,
} as const;
const EVENT = { time: 1, name: 2, attributes: 3 } as const;
const LINK = { traceId: 1, spanId: 2, attributes: 4 } as const;
const STATUS = { message: 2, code: 3 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const VALUE = { string: 1, bool: 2, int: 3, double: 4, array: 5, keyValues: 6, bytes: 7 } as const;
/** Of ArrayValue and of KeyValueList. */
const LIST = { values: 1 } as const;

type Scope = { name: string; version?: string };
type AttributeMap = Map<string, AttributeValue>;

/**
 * Reads an ExportTraceServiceRequest in protobuf: what `decodeTracesJson` gives for the same data. As protobuf has it, the last of
 * several values of a field counts, and those that are messages are merged.
 *
 * @throws {DecodeError} the bytes are not such a message, a text is not UTF-8, or a value is nested too deep
 * @see https://opentelemetry.io/docs/specs/otlp/#binary-protobuf-encoding
 */
export function decodeTracesProtobuf(bytes: Uint8Array): DecodedTraces {
  const collected = new SpanCollector();
  const reader = new MessageReader(bytes);
  try {
    for (let field = reader.next(reader.end); field !== 0; field = reader.next(reader.end)) {
      if (field === REQUEST.resourceSpans) readResourceSpans(reader, collected);
      else reader.skip();
    }
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError(`the body is not protobuf: ${(error as Error).message}`, { cause: error });
  }
  return collected.result();
}

function readResourceSpans(reader: MessageReader, collected: SpanCollector): void {
  const resource: AttributeMap = new Map(); // filled when it comes, which may be after the spans
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === RESOURCE_SPANS.resource) readResource(reader, resource);
    else if (field === RESOURCE_SPANS.scopeSpans) readScopeSpans(reader, collected, resource);
    else reader.skip();
  }
}

function readResource(reader: MessageReader, resource: AttributeMap): void {
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === RESOURCE.attributes) readAttribute(reader, resource);
    else reader.skip();
  }
}

function readScopeSpans(reader: MessageReader, collected: SpanCollector, resource: AttributeMap): void {
  const scope: Scope = { name: '' }; // as the resource
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === SCOPE_SPANS.scope) readScope(reader, scope);
    else if (field === SCOPE_SPANS.spans) collected.add(readSpan(reader), resource, scope);
    else reader.skip();
  }
}

function readScope(reader: MessageReader, scope: Scope): void {
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === SCOPE.name) scope.name = reader.string();
    else if (field === SCOPE.version) scope.version = reader.string();
    else reader.skip();
  }
  if (scope.version === '') delete scope.version;
}

function readSpan(reader: MessageReader): RawSpan {
  const attributes: AttributeMap = new Map();
  const span: RawSpan = {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    name: '',
    kind: 0,
    startNs: 0n,
    endNs: 0n,
    attributes,
    events: [],
    links: [],
    status: { code: 0, message: '' },
  };
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === SPAN.attributes) readAttribute(reader, attributes);
    else if (field === SPAN.traceId) span.traceId = reader.bytes().toString('hex');
    else if (field === SPAN.spanId) span.spanId = reader.bytes().toString('hex');
    else if (field === SPAN.parentSpanId) span.parentSpanId = reader.bytes().toString('hex');
    else if (field === SPAN.name) span.name = reader.string();
    else if (field === SPAN.kind) span.kind = reader.int32();
    else if (field === SPAN.startTime) span.startNs = reader.fixed64();
    else if (field === SPAN.endTime) span.endNs = reader.fixed64();
    else if (field === SPAN.events) span.events.push(readEvent(reader));
    else if (field === SPAN.links) span.links.push(readLink(reader));
    else if (field === SPAN.status) readStatus(reader, span.status);
    else reader.skip();
  }
  return span;
}

function readEvent(reader: MessageReader): RawEvent {
  const attributes: AttributeMap = new Map();
  const event: RawEvent = { timeNs: 0n, name: '', attributes };
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === EVENT.time) event.timeNs = reader.fixed64();
    else if (field === EVENT.name) event.name = reader.string();
    else if (field === EVENT.attributes) readAttribute(reader, attributes);
    else reader.skip();
  }
  return event;
}

function readLink(reader: MessageReader): RawLink {
  const attributes: AttributeMap = new Map();
  const link: RawLink = { traceId: '', spanId: '', attributes };
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === LINK.traceId) link.traceId = reader.bytes().toString('hex');
    else if (field === LINK.spanId) link.spanId = reader.bytes().toString('hex');
    else if (field === LINK.attributes) readAttribute(reader, attributes);
    else reader.skip();
  }
  return link;
}

function readStatus(reader: MessageReader, status: RawSpan['status']): void {
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === STATUS.message) status.message = reader.string();
    else if (field === STATUS.code) status.code = reader.int32();
    else reader.skip();
  }
}

/** Reads a KeyValue into a map. */
function readAttribute(reader: MessageReader, attributes: AttributeMap, depth = 1): void {
  let key = '';
  let value: AttributeValue = null;
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === KEY_VALUE.key) key = reader.string();
    else if (field === KEY_VALUE.value) value = readValue(reader, value, depth);
    else reader.skip();
  }
  addAttribute(attributes, key, value);
}

/** Reads an AnyValue. @param value what it is merged into: null, or what came before for the same field */
function readValue(reader: MessageReader, value: AttributeValue, depth: number): AttributeValue {
  checkDepth(depth);
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === VALUE.string) value = reader.string();
    else if (field === VALUE.bool) value = reader.bool();
    else if (field === VALUE.int) value = narrowInteger(reader.int64());
    else if (field === VALUE.double) value = reader.double();
    else if (field === VALUE.array) value = readArray(reader, Array.isArray(value) ? value : [], depth + 1);
    else if (field === VALUE.keyValues)
      value = readKeyValues(reader, value instanceof Map ? value : new Map(), depth + 1);
    else if (field === VALUE.bytes) value = reader.bytes();
    else reader.skip();
  }
  return value;
}

function readArray(reader: MessageReader, values: AttributeValue[], depth: number): AttributeValue[] {
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === LIST.values) values.push(readValue(reader, null, depth));
    else reader.skip();
  }
  return values;
}

function readKeyValues(reader: MessageReader, map: AttributeMap, depth: number): AttributeMap {
  const end = reader.enter();
  for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
    if (field === LIST.values) readAttribute(reader, map, depth);
    else reader.skip();
  }
  return map;
}
