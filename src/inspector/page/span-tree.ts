import { nameSpan } from '../../explain/tell/name-span.ts';
import {
  attributeAt,
  hasFailed,
  kindOf,
  msSince,
  type OtlpTraces,
  recordsOf,
  type SpanRecord,
  textAt,
} from './otlp-json.ts';

/** A span below a step, whoever wrote it. Times in milliseconds since the start of the run. */
export interface SpanItem {
  readonly spanId: string;
  /** 0 directly below the step. */
  readonly depth: number;
  readonly name: string;
  readonly kind: string;
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly hasFailed: boolean;
  /** Of an attempt, its number. */
  readonly attempt: number | undefined;
}

/** The spans of a trace, or of a part of it, as a tree. */
export class SpanTree {
  readonly records: readonly SpanRecord[];
  readonly #byId = new Map<string, SpanRecord>();
  readonly #children: Map<string | undefined, SpanRecord[]>;

  constructor(traces: OtlpTraces) {
    // Of one length, they are in order of time as texts are.
    this.records = recordsOf(traces).toSorted((a, b) => compare(a.span.startTimeUnixNano, b.span.startTimeUnixNano));
    for (const record of this.records) this.#byId.set(record.span.spanId, record);
    this.#children = Map.groupBy(this.records, ({ span }) => span.parentSpanId);
  }

  find(spanId: string): SpanRecord | undefined {
    return this.#byId.get(spanId);
  }

  /** Every span from top to bottom: those without a parent here, each with all below it. Cycles of parents have no top, and are left out. */
  *all(): Generator<{ record: SpanRecord; depth: number }, void, undefined> {
    for (const record of this.records) {
      const { spanId, parentSpanId = '' } = record.span;
      if (this.#byId.has(parentSpanId)) continue;
      yield { record, depth: 0 };
      for (const { record, depth } of this.below(spanId)) yield { record, depth: depth + 1 };
    }
  }

  /**
   * All below a span from top to bottom, by start: depth first.
   *
   * @param isOther whether a span, with all below it, belongs to somebody else
   */
  *below(
    spanId: string,
    isOther: (spanId: string) => boolean = () => false,
  ): Generator<{ record: SpanRecord; depth: number }, void, undefined> {
    const seen = new Set([spanId]);
    // A stack, because spans may be nested deeper than calls may be.
    const waiting: { record: SpanRecord; depth: number }[] = [];
    const wait = (parent: string, depth: number): void => {
      for (const record of this.#children.get(parent)?.toReversed() ?? []) waiting.push({ record, depth });
    };
    wait(spanId, 0);
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { spanId: child } = next.record.span;
      if (seen.has(child) || isOther(child)) continue;
      seen.add(child);
      yield next;
      wait(child, next.depth + 1);
    }
  }
}

/** @param zeroMs the start of the run, in milliseconds since 1970 */
export function spanItem({ span, resource }: SpanRecord, depth: number, zeroMs: number): SpanItem {
  const { attributes = [] } = span;
  const [from, endMs = 0] = [span.startTimeUnixNano, span.endTimeUnixNano].map((time) =>
    Number(time) > 0 ? msSince(time, zeroMs) : undefined,
  );
  const startMs = from ?? endMs;
  const attempt = Number(attributeAt(attributes, 'orchestration.attempt') ?? Number.NaN);
  return {
    spanId: span.spanId,
    depth,
    name: nameSpan(span.name, (key) => attributeAt(attributes, key)),
    kind: kindOf(span),
    service: textAt(resource, 'service.name'),
    startMs,
    endMs: Math.max(startMs, endMs),
    hasFailed: hasFailed(span),
    attempt:
      textAt(attributes, 'orchestration.span.type') === 'attempt' && Number.isFinite(attempt) ? attempt : undefined,
  };
}

function compare(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : Number(a > b);
}
