import { setTimeout as sleep } from 'node:timers/promises';

/** A value with the type that it has in OTLP. 64-bit integers are text in OTLP's JSON. */
export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values?: readonly OtlpValue[] } };

export type OtlpAttributes = Readonly<Record<string, OtlpValue>>;

/** A span as Jaeger gives it back. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  /** Nanoseconds since 1970, as text. */
  readonly start: string;
  readonly end: string;
  readonly attributes: OtlpAttributes;
  /** What Jaeger has to say about the span. */
  readonly warnings: readonly string[];
  readonly events: readonly { readonly name: string; readonly attributes: OtlpAttributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: OtlpAttributes }[];
  readonly status: { readonly code: number; readonly message: string };
  readonly resource: OtlpAttributes;
  readonly scope: { readonly name: string; readonly version: string };
}

const WARNINGS = '@jaeger@warnings';
const DEADLINE_MS = 30_000;
const INTERVAL_MS = 100;

/**
 * Reads a trace from Jaeger's `/api/v3` as soon as it holds so many spans.
 *
 * @throws {Error} it does not within 30 s; the message has the spans that are there
 */
export async function readTrace(jaegerUrl: string, traceId: string, count: number): Promise<StoredSpan[]> {
  return readTraceWhen(jaegerUrl, traceId, `${count} spans`, (spans) => spans.length >= count);
}

/** The same with a condition, which `expected` says in words. */
export async function readTraceWhen(
  jaegerUrl: string,
  traceId: string,
  expected: string,
  isThere: (spans: readonly StoredSpan[]) => boolean,
): Promise<StoredSpan[]> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    // Raw, because Jaeger remembers what it warned of while spans were missing.
    const spans = await readTraceNow(jaegerUrl, traceId, 'raw');
    if (isThere(spans)) return readTraceNow(jaegerUrl, traceId);
    if (Date.now() > deadline) {
      const names = spans.slice(-20).map(({ name }) => name);
      throw new Error(
        `expected ${expected} in trace ${traceId} within ${DEADLINE_MS / 1000} s; there are ${spans.length}, the last are: ${names.join(', ')}`,
      );
    }
    await sleep(INTERVAL_MS);
  }
}

/** What Jaeger has of a trace now, in the order in which the spans started. `raw` is without what it says about them. */
export async function readTraceNow(jaegerUrl: string, traceId: string, raw?: 'raw'): Promise<StoredSpan[]> {
  // Before Jaeger 2.20 the parameter is called raw_traces, after it rawTraces.
  const url = `${jaegerUrl}/api/v3/traces/${traceId}${raw ? '?raw_traces=true&rawTraces=true' : ''}`;
  const response = await fetch(url);
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const { result } = (await response.json()) as { result: TracesData };
  const spans = result.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => toStoredSpan(span, resource, scope))),
  );
  return spans.toSorted((a, b) => compare(BigInt(a.start), BigInt(b.start)));
}

interface KeyValues {
  readonly attributes?: readonly { readonly key: string; readonly value: OtlpValue }[];
}

interface JsonSpan extends KeyValues {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly events?: readonly (KeyValues & { readonly name: string })[];
  readonly links?: readonly (KeyValues & { readonly traceId: string; readonly spanId: string })[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

type JsonScope = { readonly name?: string; readonly version?: string } | undefined;

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto as JSON: what is empty is left out. */
interface TracesData {
  readonly resourceSpans: readonly {
    readonly resource?: KeyValues;
    readonly scopeSpans: readonly { readonly scope?: JsonScope; readonly spans: readonly JsonSpan[] }[];
  }[];
}

function toStoredSpan(span: JsonSpan, resource: KeyValues | undefined, scope: JsonScope): StoredSpan {
  const { traceId, spanId, parentSpanId, name, kind = 0, events = [], links = [], status } = span;
  const { [WARNINGS]: warnings, ...attributes } = toRecord(span);
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    name,
    kind,
    start: span.startTimeUnixNano,
    end: span.endTimeUnixNano,
    attributes,
    warnings: warnings && 'arrayValue' in warnings ? (warnings.arrayValue.values ?? []).map(textOf) : [],
    events: events.map((event) => ({ name: event.name, attributes: toRecord(event) })),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId, attributes: toRecord(link) })),
    status: { code: status?.code ?? 0, message: status?.message ?? '' },
    resource: toRecord(resource),
    scope: { name: scope?.name ?? '', version: scope?.version ?? '' },
  };
}

function textOf(value: OtlpValue): string {
  return String(Object.values(value)[0]);
}

function toRecord(holder: KeyValues | undefined): OtlpAttributes {
  return Object.fromEntries((holder?.attributes ?? []).map(({ key, value }) => [key, value]));
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
