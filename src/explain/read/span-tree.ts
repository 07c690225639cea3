import type { ReceivedSpan } from './received-span.ts';

/** The spans of one trace with their parents and children, safe to walk. */
export interface SpanTree {
  /** Each span once, parents before children, siblings by start. */
  readonly spans: readonly ReceivedSpan[];
  readonly byId: ReadonlyMap<string, ReceivedSpan>;
  /** The parent, if it arrived. */
  readonly parents: ReadonlyMap<ReceivedSpan, ReceivedSpan>;
  /** How many spans came more than once, and how many of them as something else. */
  readonly duplicates: number;
  readonly conflicts: number;
  /** Spans whose parent is below them: each is where a cycle of parents was cut. */
  readonly cut: ReadonlySet<ReceivedSpan>;
}

/**
 * Orders the spans of one trace. Of spans with one id the one that ends last counts; a cycle of parents is cut above its earliest span.
 * Iterative and linear but for the sorting, so that no trace can overflow the stack or hang it.
 */
export function buildSpanTree(received: readonly ReceivedSpan[]): SpanTree {
  const byId = new Map<string, ReceivedSpan>();
  let conflicts = 0;
  for (const span of received) {
    const known = byId.get(span.spanId);
    if (known && byContent(known, span) !== 0) conflicts += 1;
    if (!known || byContent(known, span) < 0) byId.set(span.spanId, span);
  }
  const sorted = [...byId.values()].toSorted(byStart);
  const parents = new Map<ReceivedSpan, ReceivedSpan>();
  for (const span of sorted) {
    const parent = span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
    if (parent) parents.set(span, parent);
  }
  let ordered = parentsFirst(sorted, parents);
  let cut: ReadonlySet<ReceivedSpan> = new Set();
  // Those in a cycle, and what hangs on it, are below no root.
  if (ordered.length < sorted.length) {
    cut = cutCycles(sorted, parents);
    ordered = parentsFirst(sorted, parents);
  }
  return {
    spans: ordered,
    byId,
    parents,
    duplicates: received.length - sorted.length,
    conflicts,
    cut,
  };
}

/** Spans with one id, that which counts last: the same for every order of arrival. */
function byContent(a: ReceivedSpan, b: ReceivedSpan): number {
  return (
    compare(a.endNs, b.endNs) ||
    compare(b.startNs, a.startNs) ||
    compare(a.attributes.size, b.attributes.size) ||
    compare(a.name, b.name) ||
    compare(a.parentSpanId ?? '', b.parentSpanId ?? '')
  );
}

function compare<T extends bigint | number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By start, then id: the same for every order of arrival. */
export function byStart(a: ReceivedSpan, b: ReceivedSpan): number {
  return compare(a.startNs, b.startNs) || compare(a.spanId, b.spanId);
}

/** `sorted` is by start, so the first span of a walk that comes back to itself is not always the earliest of the cycle. */
function cutCycles(sorted: readonly ReceivedSpan[], parents: Map<ReceivedSpan, ReceivedSpan>): Set<ReceivedSpan> {
  const walkOf = new Map<ReceivedSpan, number>();
  const cut = new Set<ReceivedSpan>();
  for (const [walk, start] of sorted.entries()) {
    let span: ReceivedSpan | undefined = start;
    while (span && !walkOf.has(span)) {
      walkOf.set(span, walk);
      span = parents.get(span);
    }
    if (!span || walkOf.get(span) !== walk) continue;
    let earliest = span;
    for (let on = parents.get(span); on && on !== span; on = parents.get(on)) {
      if (byStart(on, earliest) < 0) earliest = on;
    }
    parents.delete(earliest);
    cut.add(earliest);
  }
  return cut;
}

function parentsFirst(
  sorted: readonly ReceivedSpan[],
  parents: ReadonlyMap<ReceivedSpan, ReceivedSpan>,
): ReceivedSpan[] {
  const children = Map.groupBy(sorted, (span) => parents.get(span));
  const ordered = children.get(undefined) ?? [];
  // The list grows while it is walked: every span brings its children.
  for (const span of ordered) {
    for (const child of children.get(span) ?? []) ordered.push(child);
  }
  return ordered;
}
