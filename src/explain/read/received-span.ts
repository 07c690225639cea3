/** A value of an attribute. Integers beyond 2^53 are bigints; maps are `Map`s, so that no key can reach a prototype. */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly AttributeValue[]
  | ReadonlyMap<string, AttributeValue>;

export type Attributes = ReadonlyMap<string, AttributeValue>;

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** A span as it was read back, from whatever source: plain data, immutable. */
export interface ReceivedSpan {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Absent on a root span. The parent itself may never arrive. */
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Nanoseconds since 1970; 0 when the producer gave none. */
  readonly startNs: bigint;
  /** As `startNs`. May lie before it: producers' clocks jump. */
  readonly endNs: bigint;
  readonly attributes: Attributes;
  readonly events: readonly ReceivedEvent[];
  readonly links: readonly ReceivedLink[];
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message?: string };
  /** What produced the span: `service.name`, `host.name` ... One object for all spans of one resource. */
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version?: string };
}

export interface ReceivedEvent {
  readonly timeNs: bigint;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface ReceivedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}
