import type { Loop } from '../plan.ts';
import type { Entry } from './schedule.ts';

/** An edge that goes back, with how often it was gone. */
export interface Repeat {
  readonly loop: Loop;
  readonly last: Entry;
  /** What comes again. */
  readonly restarted: ReadonlySet<Entry>;
  /** From 1. */
  passes: number;
}

/** What a loop repeats, and how far it is; loops that overlap are one, with several edges back. */
export class LoopBody {
  readonly repeats: readonly Repeat[];
  /** Every tool on a way from a start to an end; in a serial plan, every tool between the two. */
  readonly members: ReadonlySet<Entry>;
  /** Bodies within this one, which start anew in each of its passes. */
  readonly inner: LoopBody[] = [];
  /** Members that have not settled in this pass. */
  unsettled: number;
  /** Whether it was asked if this pass is the last. */
  isAsked = false;
  isEnded = false;

  constructor(repeats: readonly Repeat[], members: ReadonlySet<Entry>) {
    this.repeats = repeats;
    this.members = members;
    this.unsettled = members.size;
  }

  /** Whether everything in it has settled. */
  get isOver(): boolean {
    return this.unsettled === 0;
  }

  reset(): void {
    for (const repeat of this.repeats) repeat.passes = 1;
    this.unsettled = this.members.size;
    this.isAsked = false;
    this.isEnded = false;
  }
}

/** What comes after what: by the dependencies, or in a serial plan by the order of its groups. */
interface Order {
  /** Everything that comes after some of these, they included. */
  after(entries: Iterable<Entry>): Set<Entry>;
  before(entries: Iterable<Entry>): Set<Entry>;
}

/** One or more edges back, before it is known what they overlap. */
interface Draft {
  readonly loops: readonly Loop[];
  readonly members: ReadonlySet<Entry>;
  readonly after: ReadonlySet<Entry>;
}

/**
 * The loops of a plan, inner ones before those around them, and each known to its members.
 *
 * @param groups those of a serial plan, where their order counts and not the dependencies
 */
export function loopBodies(
  loops: readonly Loop[],
  entries: ReadonlyMap<string, Entry>,
  groups: readonly (readonly Entry[])[] | undefined,
): LoopBody[] {
  const order = groups ? orderOf(groups) : BY_DEPENDENCIES;
  const unique = new Map(loops.map((loop) => [JSON.stringify([loop.from, loop.to]), loop]));
  const endsOf = ({ from, to }: Loop): Entry[] => [entries.get(to)!, entries.get(from)!];
  const drafts = merge(
    [...unique.values()].map((loop) => draftOf([loop], endsOf(loop), order)),
    order,
  );
  const bodies = drafts
    .toSorted((a, b) => a.members.size - b.members.size)
    .map(({ loops, members }) => {
      const repeats = loops.map((loop) => {
        const [first, last] = endsOf(loop) as [Entry, Entry];
        return { loop, last, restarted: intersect(order.after([first]), members), passes: 1 };
      });
      return new LoopBody(repeats, members);
    });
  for (const [index, body] of bodies.entries()) {
    for (const entry of body.members) entry.bodies.push(body);
    body.inner.push(...bodies.slice(0, index).filter(({ members }) => isWithin(members, body.members)));
  }
  return bodies;
}

function draftOf(loops: readonly Loop[], entries: Iterable<Entry>, order: Order): Draft {
  const after = order.after(entries);
  return { loops, members: new Set([...entries, ...intersect(after, order.before(entries))]), after };
}

/** Makes one of loops that overlap, or that read each other's results, so that none of them waits for the end of the other. */
function merge(drafts: readonly Draft[], order: Order): Draft[] {
  const merged: Draft[] = [];
  for (let draft of drafts) {
    for (let other = merged.find(isEntangled, draft); other; other = merged.find(isEntangled, draft)) {
      merged.splice(merged.indexOf(other), 1);
      draft = draftOf([...other.loops, ...draft.loops], new Set([...other.members, ...draft.members]), order);
    }
    merged.push(draft);
  }
  return merged;
}

function isEntangled(this: Draft, other: Draft): boolean {
  if (!overlaps(this.after, other.members) || !overlaps(other.after, this.members)) return false;
  const isNested = isWithin(this.members, other.members) || isWithin(other.members, this.members);
  return !isNested || this.members.size === other.members.size;
}

const BY_DEPENDENCIES: Order = {
  after: (entries) => reach(entries, ({ dependents }) => dependents),
  before: (entries) => reach(entries, ({ sources }) => sources),
};

function orderOf(groups: readonly (readonly Entry[])[]): Order {
  return {
    after: (entries) => new Set(groups.slice(Math.min(...placesOf(entries))).flat()),
    before: (entries) => new Set(groups.slice(0, Math.max(...placesOf(entries)) + 1).flat()),
  };
}

function placesOf(entries: Iterable<Entry>): number[] {
  return [...entries].map(({ groupIndex }) => groupIndex);
}

/** Everything that can be reached, the start included. */
function reach(start: Iterable<Entry>, next: (entry: Entry) => readonly Entry[]): Set<Entry> {
  const reached = new Set(start);
  for (const entry of reached) for (const other of next(entry)) reached.add(other); // a set grows while it is gone through
  return reached;
}

function intersect(left: ReadonlySet<Entry>, right: ReadonlySet<Entry>): Set<Entry> {
  return new Set([...left].filter((entry) => right.has(entry)));
}

function overlaps(whole: ReadonlySet<Entry>, part: ReadonlySet<Entry>): boolean {
  for (const entry of part) if (whole.has(entry)) return true;
  return false;
}

export function isWithin(part: ReadonlySet<Entry>, whole: ReadonlySet<Entry>): boolean {
  if (part.size > whole.size) return false;
  for (const entry of part) if (!whole.has(entry)) return false;
  return true;
}
