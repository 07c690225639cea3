/** OTLP JSON as `encodeTracesJson` writes it. */
export interface OtlpTraces {
  readonly resourceSpans: readonly OtlpResourceSpans[];
}

interface OtlpResourceSpans {
  readonly resource: { readonly attributes?: readonly OtlpKeyValue[] };
  readonly scopeSpans: readonly {
    readonly scope: OtlpScope;
    readonly spans: readonly OtlpSpan[];
  }[];
}

interface OtlpScope {
  readonly name: string;
  readonly version?: string;
}

export interface OtlpKeyValue {
  readonly key: string;
  readonly value: unknown;
}

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly OtlpKeyValue[];
  readonly events?: readonly OtlpEvent[];
  readonly links?: readonly OtlpLink[];
  readonly status?: { readonly code: number; readonly message?: string };
}

interface OtlpEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes?: readonly OtlpKeyValue[];
}

interface OtlpLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes?: readonly OtlpKeyValue[];
}

/** A span with what stands around it in OTLP. */
export interface SpanRecord {
  readonly span: OtlpSpan;
  readonly resource: readonly OtlpKeyValue[];
  readonly scope: OtlpScope;
}

/** Names of span kinds, by their number. */
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUS_ERROR = 2;

/** All spans in one list. */
export function recordsOf({ resourceSpans }: OtlpTraces): SpanRecord[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({ span, resource: resource.attributes ?? [], scope })),
    ),
  );
}

export function kindOf({ kind }: OtlpSpan): string {
  return KINDS[kind] ?? `kind ${kind}`;
}

export function hasFailed({ status }: OtlpSpan): boolean {
  return status?.code === STATUS_ERROR;
}

/** A time of OTLP as milliseconds since another. Digits are split, because nanoseconds since 1970 do not fit into a number. */
export function msSince(timeUnixNano: string, zeroMs: number): number {
  return Number(timeUnixNano.slice(0, -6)) - zeroMs + Number(timeUnixNano.slice(-6)) / 1e6;
}

/** An attribute by its name; undefined where there is none. */
export function attributeAt(attributes: readonly OtlpKeyValue[] = [], key: string): unknown {
  const found = attributes.find((attribute) => attribute.key === key);
  return found && plainOf(found.value);
}

/** An attribute that is a text; empty where it is none. */
export function textAt(attributes: readonly OtlpKeyValue[], key: string): string {
  const value = attributeAt(attributes, key);
  return typeof value === 'string' ? value : '';
}

/** A value of OTLP as plain JSON. What a number cannot hold stays a text, bytes are base64. */
export function plainOf(value: unknown): unknown {
  const [[type, inner] = ['', null]] = Object.entries(value ?? {}) as [string, unknown][];
  if (type === 'intValue') return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
  if (type === 'arrayValue') return ((inner as { values?: unknown[] }).values ?? []).map(plainOf);
  if (type !== 'kvlistValue') return inner;
  const { values = [] } = inner as { values?: OtlpKeyValue[] };
  return Object.fromEntries(values.map(({ key, value }) => [key, plainOf(value)]));
}

/** A value as it is shown and copied: texts that hold JSON, lists and objects on lines of their own. */
export function textOf(value: unknown): string {
  const plain = plainOf(value);
  if (typeof plain === 'object' && plain !== null) return prettyJson(plain);
  if (typeof plain !== 'string') return String(plain);
  // Numbers of more digits would change.
  if (!/^\s*[[{]/.test(plain) || /\d{16}/.test(plain)) return plain;
  try {
    return prettyJson(JSON.parse(plain));
  } catch {
    return plain;
  }
}

/** Short ones stay on one line. */
function prettyJson(value: unknown): string {
  const line = JSON.stringify(value);
  return line.length <= 60 ? line : JSON.stringify(value, null, 2);
}
