import { asList, asRecord, parseJson } from '../explain/read/read-attributes.ts';
import type { Attributes, AttributeValue, ReceivedSpan } from '../explain/read/received-span.ts';
import { ownValue } from '../own-value.ts';
import {
  ATTR_ORCHESTRATION_CRITICAL_PATH,
  ATTR_ORCHESTRATION_DEPENDENCY_GROUPS,
  ATTR_ORCHESTRATION_DEPENDS_ON,
  ATTR_ORCHESTRATION_FAILED,
  ATTR_ORCHESTRATION_NOT_STARTED,
  ATTR_ORCHESTRATION_SKIPPED,
  ATTR_ORCHESTRATION_TOOL_IDS,
} from '../semconv.ts';
import {
  addAttribute,
  type DecodedTraces,
  DecodeError,
  narrowInteger,
  type RawEvent,
  type RawLink,
  KINDS,
  type RawSpan,
  SpanCollector,
} from './decoded-traces.ts';
import { isSet, list, MAX_UINT64, text } from './json-values.ts';

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
/** What Jaeger writes as the service of a resource that names none. */
const NO_SERVICE = 'OTLPResourceNoServiceName';
/** Attributes that are lists: Jaeger's format has none and gives them as JSON. Others that look like JSON may be texts and stay. */
const LISTS: ReadonlySet<string> = new Set([
  ATTR_ORCHESTRATION_DEPENDS_ON,
  ATTR_ORCHESTRATION_DEPENDENCY_GROUPS,
  ATTR_ORCHESTRATION_TOOL_IDS,
  ATTR_ORCHESTRATION_FAILED,
  ATTR_ORCHESTRATION_SKIPPED,
  ATTR_ORCHESTRATION_NOT_STARTED,
  ATTR_ORCHESTRATION_CRITICAL_PATH,
]);

/**
 * Reads the JSON of Jaeger's own format, `{"data":[{"spans":[...],"processes":{...}}]}`: what its page downloads, and what `/api/traces`
 * answers. It has microseconds, no attributes on links and no lists; those of orchestrations are made lists again.
 *
 * @param body what `JSON.parse` gave
 * @throws {DecodeError} the envelope has another shape
 * @see https://github.com/jaegertracing/jaeger/blob/main/internal/uimodel/model.go
 */
export function decodeJaegerJson(body: unknown): DecodedTraces {
  const collected = new SpanCollector();
  const traces = ownValue(body, 'data');
  if (traces === undefined) throw new DecodeError('the body: expected an object with "data"');
  for (const trace of list(traces, 'data')) {
    if (typeof trace !== 'object' || trace === null) throw new DecodeError('data: expected objects');
    const resources = new Resources(ownValue(trace, 'processes'));
    for (const item of list(ownValue(trace, 'spans'), 'spans')) {
      const data = asRecord(item);
      const attributes = readTags(data.tags);
      const scope = takeScope(attributes);
      collected.add(readSpan(data, attributes), resources.of(data.processID), scope);
    }
  }
  return collected.result();
}

type Data = Readonly<Record<string, unknown>>;

/** The processes of a trace as resources: one object for all spans of one. A process that is missing says nothing. */
class Resources {
  readonly #processes: unknown;
  readonly #read = new Map<unknown, Attributes>();

  constructor(processes: unknown) {
    this.#processes = processes;
  }

  of(processId: unknown): Attributes {
    let resource = this.#read.get(processId);
    if (!resource) {
      const { serviceName, tags } = asRecord(ownValue(this.#processes, text(processId)));
      const named = typeof serviceName === 'string' && serviceName !== NO_SERVICE;
      resource = new Map([...(named ? [['service.name', serviceName] as const] : []), ...readTags(tags)]);
      this.#read.set(processId, resource);
    }
    return resource;
  }
}

function readSpan(data: Data, attributes: Map<string, AttributeValue>): RawSpan {
  const traceId = id(data.traceID, TRACE_ID_DIGITS);
  const startNs = nanoseconds(data.startTime);
  const durationNs = nanoseconds(data.duration);
  const endNs = startNs === undefined || durationNs === undefined ? undefined : startNs + durationNs;
  const kind = Math.max((KINDS as readonly unknown[]).indexOf(attributes.get('span.kind')), 0);
  if (kind > 0) attributes.delete('span.kind');
  attributes.delete('w3c.tracestate');
  return {
    traceId,
    spanId: id(data.spanID, SPAN_ID_DIGITS),
    ...readReferences(asList(data.references), traceId),
    name: text(data.operationName),
    kind,
    startNs,
    endNs: endNs !== undefined && endNs <= MAX_UINT64 ? endNs : undefined,
    status: takeStatus(attributes),
    attributes,
    events: asList(data.logs).map((log) => readEvent(asRecord(log))),
  };
}

/** The first CHILD_OF in the same trace is the parent; every other reference was a link. */
function readReferences(items: readonly unknown[], ownTraceId: unknown): Pick<RawSpan, 'parentSpanId' | 'links'> {
  const links: RawLink[] = [];
  let parentSpanId: unknown = '';
  for (const item of items) {
    const { refType, traceID, spanID } = asRecord(item);
    const [traceId, spanId] = [id(traceID, TRACE_ID_DIGITS), id(spanID, SPAN_ID_DIGITS)];
    if (parentSpanId === '' && refType === 'CHILD_OF' && traceId === ownTraceId) parentSpanId = spanId;
    else links.push({ traceId, spanId, attributes: new Map() });
  }
  return { parentSpanId, links };
}

function readEvent(log: Data): RawEvent {
  const attributes = readTags(log.fields);
  return { timeNs: nanoseconds(log.timestamp), name: takeText(attributes, 'event') ?? '', attributes };
}

function takeStatus(attributes: Map<string, AttributeValue>): RawSpan['status'] {
  const said = takeText(attributes, 'otel.status_code');
  const message = takeText(attributes, 'otel.status_description') ?? '';
  if (said === 'OK') return { code: 1, message };
  const error = attributes.get('error');
  const isTag = error === true || error === 'true';
  if (isTag) attributes.delete('error');
  return { code: isTag || said === 'ERROR' ? 2 : 0, message };
}

function takeScope(attributes: Map<string, AttributeValue>): ReceivedSpan['scope'] {
  const name = takeText(attributes, 'otel.scope.name') ?? takeText(attributes, 'otel.library.name') ?? '';
  const version = takeText(attributes, 'otel.scope.version') ?? takeText(attributes, 'otel.library.version');
  return version ? { name, version } : { name };
}

/** The text of an attribute that stands for something else, and is none then. */
function takeText(attributes: Map<string, AttributeValue>, key: string): string | undefined {
  const value = attributes.get(key);
  if (typeof value !== 'string') return undefined;
  attributes.delete(key);
  return value;
}

function readTags(items: unknown): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const item of asList(items)) {
    const { key, type, value } = asRecord(item);
    if (typeof key !== 'string') continue;
    addAttribute(attributes, key, (LISTS.has(key) ? listIn(value) : undefined) ?? readValue(type, value));
  }
  return attributes;
}

/** The list that is meant by a text; undefined for what is none: a text that was cut, for example. */
function listIn(value: unknown): readonly AttributeValue[] | undefined {
  const items = typeof value === 'string' ? parseJson(value) : undefined;
  return Array.isArray(items) && items.every(isScalar) ? items : undefined;
}

function readValue(type: unknown, value: unknown): AttributeValue {
  if (typeof value === 'string') {
    // Integers that a number cannot hold come as text.
    if (type === 'int64') return /^-?\d{1,20}$/.test(value) ? narrowInteger(BigInt(value)) : null;
    if (type === 'float64') return value.trim() === '' ? null : Number(value);
    if (type === 'binary') return Buffer.from(value, 'base64');
  }
  return isScalar(value) ? value : null;
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** From microseconds; absent is 0. Undefined when it cannot be read. */
function nanoseconds(value: unknown): bigint | undefined {
  if (!isSet(value)) return 0n;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return undefined;
  const time = BigInt(value) * 1000n;
  return time <= MAX_UINT64 ? time : undefined;
}

/** An id in lower case and in full length: older versions of Jaeger leave leading zeros out. What is no text is none. */
function id(value: unknown, digits: number): unknown {
  return typeof value === 'string' && value !== '' ? value.toLowerCase().padStart(digits, '0') : undefined;
}
