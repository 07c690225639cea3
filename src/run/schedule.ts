import { isFailing, RUN_CANCELLED } from '../explain/failures.ts';
import type { ExecutionPlanTrace, TracedTool } from '../plan-trace.ts';
import type { Loop } from '../plan.ts';
import type { Outcome } from '../semconv.ts';
import { isWithin, loopBodies, type LoopBody, type Repeat } from './loop-body.ts';
import type { FailurePolicy, Scheduling } from './types.ts';

/** What is to be done with a tool now: to run it, or with a reason to skip it. */
export interface Decision {
  readonly toolId: string;
  readonly skipReason: string | undefined;
}

export interface ScheduleOptions {
  readonly onFailure: FailurePolicy;
  readonly scheduling: Scheduling;
  /** Tools that start after one of their dependencies. */
  readonly joinAny: ReadonlySet<string>;
  readonly loops: readonly Loop[];
}

/** A tool with where it stands. */
export interface Entry {
  readonly traced: TracedTool;
  readonly groupIndex: number;
  /** What it depends on, each once. */
  readonly sources: Entry[];
  readonly dependents: Entry[];
  /** The loops that repeat it. */
  readonly bodies: LoopBody[];
  /** Number of sources that it waits for. */
  waiting: number;
  isGiven: boolean;
  /** How it ended in this pass; undefined until then. */
  outcome: Outcome | undefined;
}

/**
 * Which tool of a plan is next, and whether it runs or is skipped. Knows neither functions nor time nor spans: {@link next} is asked while
 * there is room, {@link settle} is told how each tool ended, and {@link takeLoop} gives loops whose pass is over. Gives every tool after
 * everything that it depends on, and once in each pass; what is behind a loop comes after its last pass.
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #groups: readonly Entry[][];
  readonly #byGroup: boolean;
  /** Inner loops before those around them. */
  readonly #bodies: readonly LoopBody[];
  /** May be given; from `#head` on, first in, first out. */
  readonly #ready: Entry[] = [];
  #head = 0;
  /** By group: the first that may hold tools that were not given. */
  #group = 0;
  #unsettledInGroup = 0;
  #haltedBy: string | undefined;
  #isCancelled = false;

  constructor(plan: ExecutionPlanTrace, options: ScheduleOptions) {
    this.#options = options;
    this.#byGroup = options.scheduling === 'group' || plan.strategy !== 'dag';
    this.#groups = plan.execution_groups.map((group) =>
      group.tools.map((traced) => this.#enter(traced, group.group_index)),
    );
    for (const entry of this.#entries.values()) this.#connect(entry);
    this.#bodies = loopBodies(options.loops, this.#entries, plan.strategy === 'serial' ? this.#groups : undefined);
    if (this.#byGroup) this.#openGroup();
    else for (const entry of this.#entries.values()) if (entry.waiting === 0) this.#give(entry);
  }

  /** The next tool; undefined while all that are left wait for others. */
  next(): Decision | undefined {
    const entry = this.#ready[this.#head];
    if (!entry) return undefined;
    this.#head++;
    return { toolId: entry.traced.tool_id, skipReason: this.#skipReason(entry) };
  }

  /** How many tools {@link next} could give now, loops aside. */
  get ready(): number {
    return this.#ready.length - this.#head;
  }

  /** Whether a tool waits for all groups before its own, whatever it depends on. */
  get isByGroup(): boolean {
    return this.#byGroup;
  }

  /** Notes how a tool ended that {@link next} gave. */
  settle(toolId: string, outcome: Outcome): void {
    const entry = this.#entries.get(toolId)!;
    entry.outcome = outcome;
    if (this.#options.onFailure === 'stop' && isFailing(outcome)) this.#haltedBy ??= toolId;
    for (const body of entry.bodies) body.unsettled--;
    if (this.#byGroup) {
      this.#unsettledInGroup--;
      this.#openGroup();
      return;
    }
    for (const dependent of entry.dependents) if (isReleased(entry, dependent)) this.#release(dependent, entry);
  }

  /** A loop whose pass is over; undefined when there is none. What is behind it waits for {@link repeat} or {@link leave}. */
  takeLoop(): LoopBody | undefined {
    for (const body of this.#bodies) {
      if (!body.isOver || body.isAsked || body.isEnded || body.inner.some((inner) => !inner.isEnded)) continue;
      body.isAsked = true;
      if (!this.#isCancelled && this.#haltedBy === undefined) return body;
      this.leave(body);
    }
    return undefined;
  }

  /** Goes an edge back: what it leads to, and what of the loop comes after that, comes again. */
  repeat(body: LoopBody, repeat: Repeat): void {
    const { restarted } = repeat;
    repeat.passes++;
    body.isAsked = false;
    const anew = new Set(body.inner.filter(({ members }) => isWithin(members, restarted)));
    for (const inner of anew) inner.reset();
    for (const entry of restarted) {
      entry.isGiven = false;
      entry.outcome = undefined;
      for (const other of entry.bodies) if (!anew.has(other)) other.unsettled++;
    }
    for (const entry of restarted) {
      entry.waiting = entry.sources.filter((source) => !isReleased(source, entry)).length;
      if (entry.waiting === 0 && !this.#byGroup) this.#give(entry);
      this.#group = Math.min(this.#group, entry.groupIndex);
    }
    if (this.#byGroup) this.#openGroup();
  }

  /** Called when nothing runs: whether tools still wait, for loops that wait for each other. Then they wait no more. */
  untangle(): boolean {
    const isTangled = this.#bodies.some(({ isEnded }) => !isEnded);
    for (const body of this.#bodies) if (!body.isEnded) this.leave(body);
    return isTangled;
  }

  /** Goes on behind a loop. */
  leave(body: LoopBody): void {
    body.isEnded = true;
    for (const entry of body.members) {
      for (const dependent of entry.dependents) {
        if (body.members.has(dependent) || !isReleased(entry, dependent)) continue;
        if (this.#byGroup) this.#group = Math.min(this.#group, dependent.groupIndex);
        else this.#release(dependent, entry);
      }
    }
    if (this.#byGroup) this.#openGroup();
  }

  /** From here on, every tool is skipped. */
  cancel(): void {
    this.#isCancelled = true;
  }

  #enter(traced: TracedTool, groupIndex: number): Entry {
    const state = { waiting: 0, isGiven: false, outcome: undefined };
    const entry: Entry = { traced, groupIndex, sources: [], dependents: [], bodies: [], ...state };
    this.#entries.set(traced.tool_id, entry);
    return entry;
  }

  #connect(entry: Entry): void {
    for (const toolId of new Set(entry.traced.depends_on)) {
      const source = this.#entries.get(toolId)!;
      source.dependents.push(entry);
      entry.sources.push(source);
    }
    entry.waiting = entry.sources.length;
  }

  #give(entry: Entry): void {
    if (entry.isGiven) return;
    entry.isGiven = true;
    this.#ready.push(entry);
  }

  /** Notes that an entry need not wait for one of its sources any more. */
  #release(entry: Entry, source: Entry): void {
    entry.waiting--;
    const isEnough = source.outcome === 'success' && this.#options.joinAny.has(entry.traced.tool_id);
    if (entry.waiting === 0 || isEnough) this.#give(entry);
  }

  /** Opens the next group when the one before is done: the first that has tools left, without those that are behind a loop. */
  #openGroup(): void {
    if (this.#unsettledInGroup > 0 || this.#bodies.some((body) => body.isOver && !body.isEnded)) return;
    for (; this.#group < this.#groups.length; this.#group++) {
      const waiting = this.#groups[this.#group]!.filter(
        (entry) => !entry.isGiven && (this.#bodies.length === 0 || this.#isFree(entry)),
      );
      if (waiting.length === 0) continue;
      this.#unsettledInGroup = waiting.length;
      for (const entry of waiting) this.#give(entry);
      return;
    }
  }

  #isFree(entry: Entry): boolean {
    return entry.sources.every((source) => isReleased(source, entry));
  }

  #skipReason(entry: Entry): string | undefined {
    if (this.#isCancelled) return RUN_CANCELLED;
    const isJoined =
      this.#options.joinAny.has(entry.traced.tool_id) && entry.sources.some(({ outcome }) => outcome === 'success');
    if (!isJoined) {
      const failed = entry.sources.find(({ outcome }) => outcome !== 'success' && outcome !== 'skip');
      if (failed && this.#options.onFailure !== 'continue') return `dependency failed: ${failed.traced.tool_id}`;
      const skipped = entry.sources.find(({ outcome }) => outcome === 'skip');
      if (skipped) return `dependency skipped: ${skipped.traced.tool_id}`;
    }
    return this.#haltedBy === undefined ? undefined : `run stopped: ${this.#haltedBy} failed`;
  }
}

/** Whether an entry need not wait for a source any more: it has settled, and so have the loops that repeat it and not the entry. */
function isReleased(source: Entry, entry: Entry): boolean {
  return source.outcome !== undefined && source.bodies.every((body) => body.isEnded || body.members.has(entry));
}
