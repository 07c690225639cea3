import { asList, asRecord, parseJson } from '../explain/read-attributes.ts';
import type {
  Attributes,
  AttributeValue,
  ReceivedEvent,
  ReceivedLink,
  ReceivedSpan,
  SpanKind,
} from '../explain/received-span.ts';
import { ownValue } from '../own-value.ts';
import {
  ATTR_ORCHESTRATION_DEPENDENCY_GROUPS,
  ATTR_ORCHESTRATION_DEPENDS_ON,
  ATTR_ORCHESTRATION_FAILED,
  ATTR_ORCHESTRATION_NOT_STARTED,
  ATTR_ORCHESTRATION_SKIPPED,
  ATTR_ORCHESTRATION_TOOL_IDS,
} from '../semconv.ts';
import { type DecodedTraces, DecodeError } from './decode-json.ts';

/** Largest time that OpenTelemetry's 64-bit unsigned nanoseconds can hold. */
const MAX_UINT64 = 2n ** 64n - 1n;
const KINDS: readonly SpanKind[] = ['internal', 'server', 'client', 'producer', 'consumer'];
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
  'orchestration.critical_path',
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
  const spans: ReceivedSpan[] = [];
  let rejectedSpans = 0;
  let reason: string | undefined;
  const data = ownValue(body, 'data');
  if (data === undefined) throw new DecodeError('the body: expected an object with "data"');
  for (const trace of list(data, 'data')) {
    if (typeof trace !== 'object' || trace === null) throw new DecodeError('data: expected objects');
    const resources = new Resources(ownValue(trace, 'processes'));
    for (const item of list(ownValue(trace, 'spans'), 'spans')) {
      try {
        spans.push(readSpan(asRecord(item), resources));
      } catch (error) {
        if (!(error instanceof RejectedSpan)) throw error;
        rejectedSpans++;
        reason ??= `span "${text(ownValue(item, 'operationName')).slice(0, 100)}": ${error.message}`;
      }
    }
  }
  return reason === undefined ? { spans, rejectedSpans } : { spans, rejectedSpans, reason };
}

/** One span cannot be read, but the others can. */
class RejectedSpan extends Error {}

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

function readSpan(data: Data, resources: Resources): ReceivedSpan {
  const traceId = id(data.traceID, 32, 'traceID');
  const spanId = id(data.spanID, 16, 'spanID');
  const startNs = nanoseconds(data.startTime, 'startTime');
  const endNs = startNs + nanoseconds(data.duration, 'duration');
  if (endNs > MAX_UINT64) throw new RejectedSpan('startTime and duration are too large');

  const attributes = readTags(data.tags);
  const kind = KINDS.find((one) => one === attributes.get('span.kind'));
  if (kind) attributes.delete('span.kind');
  attributes.delete('w3c.tracestate');
  return {
    traceId,
    spanId,
    ...readReferences(asList(data.references), traceId),
    name: text(data.operationName),
    kind: kind ?? 'unspecified',
    startNs,
    endNs,
    status: takeStatus(attributes),
    scope: takeScope(attributes),
    attributes,
    events: asList(data.logs).map((log) => readEvent(asRecord(log))),
    resource: resources.of(data.processID),
  };
}

/** The first CHILD_OF in the same trace is the parent; every other reference was a link. */
function readReferences(items: readonly unknown[], traceId: string): Pick<ReceivedSpan, 'parentSpanId' | 'links'> {
  const links: ReceivedLink[] = [];
  let parentSpanId: string | undefined;
  for (const item of items) {
    const { refType, traceID, spanID } = asRecord(item);
    const link = { traceId: id(traceID, 32, 'reference.traceID'), spanId: id(spanID, 16, 'reference.spanID') };
    if (parentSpanId === undefined && refType === 'CHILD_OF' && link.traceId === traceId) parentSpanId = link.spanId;
    else links.push({ ...link, attributes: new Map() });
  }
  return parentSpanId === undefined ? { links } : { parentSpanId, links };
}

function readEvent(log: Data): ReceivedEvent {
  const attributes = readTags(log.fields);
  const name = takeText(attributes, 'event') ?? '';
  return { timeNs: nanoseconds(log.timestamp, 'log.timestamp'), name, attributes };
}

function takeStatus(attributes: Map<string, AttributeValue>): ReceivedSpan['status'] {
  const said = takeText(attributes, 'otel.status_code');
  const message = takeText(attributes, 'otel.status_description');
  const error = attributes.get('error');
  const isError = said === 'ERROR' || (said !== 'OK' && (error === true || error === 'true'));
  if (isError && (error === true || error === 'true')) attributes.delete('error');
  const code = isError ? 'error' : said === 'OK' ? 'ok' : 'unset';
  return message ? { code, message } : { code };
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

/** Of equal keys the first counts, as in OTLP. */
function readTags(items: unknown): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const item of asList(items)) {
    const { key, type, value } = asRecord(item);
    if (typeof key !== 'string' || attributes.has(key)) continue;
    attributes.set(key, (LISTS.has(key) ? listIn(value) : undefined) ?? readValue(type, value));
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
    if (type === 'int64') return integer(value);
    if (type === 'float64') return value.trim() === '' ? null : Number(value);
    if (type === 'binary') return Buffer.from(value, 'base64');
  }
  return isScalar(value) ? value : null;
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Integers that a number cannot hold come as text. */
function integer(value: string): number | bigint | null {
  if (!/^-?\d{1,20}$/.test(value)) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

/** From microseconds; absent is 0. */
function nanoseconds(value: unknown, field: string): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new RejectedSpan(`${field} is no unsigned integer`);
  }
  const time = BigInt(value) * 1000n;
  if (time > MAX_UINT64) throw new RejectedSpan(`${field} is too large`);
  return time;
}

/** An id in lower case and in full length: older versions of Jaeger leave leading zeros out. */
function id(value: unknown, digits: number, field: string): string {
  if (typeof value !== 'string' || value.length > digits || !/^[0-9a-f]+$/i.test(value)) {
    throw new RejectedSpan(`${field} is no id of ${digits} hex digits`);
  }
  if (/^0+$/.test(value)) throw new RejectedSpan(`${field} is all zeros`);
  return value.toLowerCase().padStart(digits, '0');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The items of a list; an absent list is empty. */
function list(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new DecodeError(`${at}: expected a list`);
}
