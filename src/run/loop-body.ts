import type { Loop } from '../plan.ts';
import type { Entry } from './schedule.ts';

/** A loop with what it repeats, and how far it is. */
export class LoopBody {
  readonly loop: Loop;
  /** Every tool on a way from its start to its end; in a serial plan, every tool between the two. */
  readonly members: ReadonlySet<Entry>;
  /** The tool at its end. */
  readonly last: Entry;
  /** Loops within this one, which start anew in each of its passes. */
  readonly inner: LoopBody[] = [];
  /** Members that have not settled in this pass. */
  unsettled: number;
  /** From 1. */
  passes = 1;
  /** Whether it was asked if this pass is the last. */
  isAsked = false;
  isEnded = false;

  constructor(loop: Loop, members: ReadonlySet<Entry>, last: Entry) {
    this.loop = loop;
    this.members = members;
    this.last = last;
    this.unsettled = members.size;
  }

  /** Whether everything in it has settled. */
  get isOver(): boolean {
    return this.unsettled === 0;
  }

  reset(): void {
    this.unsettled = this.members.size;
    this.passes = 1;
    this.isAsked = false;
    this.isEnded = false;
  }
}

/**
 * The loops of a plan, inner ones before those around them, and each known to its members.
 *
 * @param order the groups of a serial plan, where the order of the groups counts and not the dependencies
 */
export function loopBodies(
  loops: readonly Loop[],
  entries: ReadonlyMap<string, Entry>,
  order: readonly (readonly Entry[])[] | undefined,
): LoopBody[] {
  const unique = new Map(loops.map((loop) => [JSON.stringify([loop.from, loop.to]), loop]));
  const bodies = [...unique.values()].map((loop) => {
    const first = entries.get(loop.to)!;
    const last = entries.get(loop.from)!;
    return new LoopBody(loop, order ? between(first, last, order) : onTheWay(first, last), last);
  });
  const sorted = bodies.toSorted((a, b) => a.members.size - b.members.size);
  for (const [index, body] of sorted.entries()) {
    for (const entry of body.members) entry.bodies.push(body);
    for (const other of sorted.slice(0, index)) {
      if ([...other.members].every((entry) => body.members.has(entry))) body.inner.push(other);
    }
  }
  return sorted;
}

function between(first: Entry, last: Entry, order: readonly (readonly Entry[])[]): Set<Entry> {
  const [from, to] = [first.groupIndex, last.groupIndex];
  return new Set(order.slice(Math.min(from, to), Math.max(from, to) + 1).flat());
}

/** Every entry on a way from the first to the last; only the two where there is none. */
function onTheWay(first: Entry, last: Entry): Set<Entry> {
  const after = reach(first, ({ dependents }) => dependents);
  const before = reach(last, ({ sources }) => sources);
  return new Set([first, last, ...[...after].filter((entry) => before.has(entry))]);
}

/** Everything that can be reached, the start included. */
function reach(start: Entry, next: (entry: Entry) => readonly Entry[]): Set<Entry> {
  const reached = new Set([start]);
  for (const entry of reached) for (const other of next(entry)) reached.add(other); // a set grows while it is gone through
  return reached;
}
