import type { Attributes, ReceivedEvent, ReceivedLink, ReceivedSpan } from '../explain/read/received-span.ts';
import { encodeAttributes } from '../otlp-value.ts';
import { KINDS, STATUS_CODES } from './decoded-traces.ts';

/** An ExportTraceServiceRequest in OTLP's JSON encoding, ready for `JSON.stringify`. */
export interface EncodedTraces {
  readonly resourceSpans: readonly object[];
}

/**
 * Writes spans as OTLP JSON, grouped by resource and scope: the inverse of `decodeTracesJson`. Spans of one group stay in order.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function encodeTracesJson(spans: readonly ReceivedSpan[]): EncodedTraces {
  const resources = new Map<string, { resource: object; scopes: Map<string, { scope: object; spans: object[] }> }>();
  for (const span of spans) {
    const resourceKey = resourceJson(span.resource);
    const known = resources.get(resourceKey) ?? { resource: attributesOf(span.resource), scopes: new Map() };
    resources.set(resourceKey, known);
    const scopeKey = JSON.stringify(span.scope);
    const group = known.scopes.get(scopeKey) ?? { scope: span.scope, spans: [] };
    known.scopes.set(scopeKey, group);
    group.spans.push(encodeSpan(span));
  }
  return {
    resourceSpans: [...resources.values()].map(({ resource, scopes }) => ({
      resource,
      scopeSpans: [...scopes.values()],
    })),
  };
}

/**
 * Writes spans as JSON lines, a request a line and trace, each line with its line break: what Jaeger's upload and the Collector's
 * receiver `otlp_json_file` read. Line by line, because all of them may be longer than a text can be.
 */
export function* encodeTracesLines(spans: readonly ReceivedSpan[]): Generator<string, void, undefined> {
  for (const ofTrace of Map.groupBy(spans, ({ traceId }) => traceId).values())
    yield `${JSON.stringify(encodeTracesJson(ofTrace))}\n`;
}

/** Remembered, because one object stands for the resource of many spans. */
const resourceTexts = new WeakMap<Attributes, string>();

function resourceJson(resource: Attributes): string {
  const known = resourceTexts.get(resource);
  if (known !== undefined) return known;
  const text = JSON.stringify(attributesOf(resource));
  resourceTexts.set(resource, text);
  return text;
}

/** Resource and scope of a span, as a JSON list of the two: the same text for all spans of one origin. */
export function originJson({ resource, scope }: ReceivedSpan): string {
  return `[${resourceJson(resource)},${JSON.stringify(scope)}]`;
}

/** One span without its resource and scope. */
export function encodeSpan(span: ReceivedSpan): object {
  const { status } = span;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: KINDS.indexOf(span.kind),
    startTimeUnixNano: String(span.startNs),
    endTimeUnixNano: String(span.endNs),
    ...attributesOf(span.attributes),
    ...(span.events.length === 0 ? {} : { events: span.events.map(encodeEvent) }),
    ...(span.links.length === 0 ? {} : { links: span.links.map(encodeLink) }),
    ...(status.code === 'unset' && status.message === undefined
      ? {}
      : {
          status: {
            code: STATUS_CODES.indexOf(status.code),
            ...(status.message === undefined ? {} : { message: status.message }),
          },
        }),
  };
}

function encodeEvent({ timeNs, name, attributes }: ReceivedEvent): object {
  return { timeUnixNano: String(timeNs), name, ...attributesOf(attributes) };
}

function encodeLink({ traceId, spanId, attributes }: ReceivedLink): object {
  return { traceId, spanId, ...attributesOf(attributes) };
}

/** The field `attributes`, left out when there are none. */
function attributesOf(attributes: Attributes): { attributes?: object[] } {
  return attributes.size === 0 ? {} : { attributes: encodeAttributes(attributes) };
}
