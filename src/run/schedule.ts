import type { ExecutionPlanTrace, TracedTool } from '../plan-trace.ts';
import type { Loop } from '../plan.ts';
import type { Outcome } from '../semconv.ts';
import { isFailing } from '../spans/failure.ts';
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

interface Entry {
  readonly traced: TracedTool;
  readonly groupIndex: number;
  readonly dependents: Entry[];
  /** Number of dependencies that have not settled, and of loops that have not ended. */
  waiting: number;
  /** Loops whose end it waits for, because it reads what is in them. */
  readonly gates: LoopBody[];
  isGiven: boolean;
  outcome: Outcome | undefined;
}

/** A loop and what it repeats: every tool on a way from its start to its end. */
interface LoopBody {
  readonly loop: Loop;
  readonly members: ReadonlySet<Entry>;
}

/**
 * Which tool of a plan is next, and whether it runs or is skipped. Knows neither functions nor time nor spans: {@link next} is asked while
 * there is room, {@link settle} is told how each tool ended. Gives every tool after everything that it depends on, and once in each pass.
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #groups: Entry[][];
  readonly #byGroup: boolean;
  readonly #bodies: readonly LoopBody[];
  /** May be given; from `#head` on, first in, first out. */
  readonly #ready: Entry[] = [];
  #head = 0;
  #openGroup = -1;
  #unsettledInGroup = 0;
  #repeating: LoopBody | undefined;
  #haltedBy: string | undefined;
  #isCancelled = false;

  constructor(plan: ExecutionPlanTrace, options: ScheduleOptions) {
    this.#options = options;
    this.#byGroup = options.scheduling === 'group' || plan.strategy !== 'dag';
    this.#groups = plan.execution_groups.map((group) =>
      group.tools.map((traced) => this.#enter(traced, group.group_index)),
    );
    for (const entry of this.#entries.values()) {
      for (const source of new Set(entry.traced.depends_on)) this.#entries.get(source)?.dependents.push(entry);
    }
    this.#bodies = options.loops.map((loop) => ({ loop, members: this.#membersOf(loop, plan.strategy === 'serial') }));
    if (this.#byGroup) this.#openNextGroup();
    else this.#connect();
  }

  /** The next tool; undefined while all that are left wait for others. */
  next(): Decision | undefined {
    const entry = this.#ready[this.#head];
    if (!entry) return undefined;
    this.#head++;
    return { toolId: entry.traced.tool_id, skipReason: this.#skipReason(entry) };
  }

  /** Notes how a tool ended that {@link next} gave. With a loop that starts over, what is in it comes again. */
  settle(toolId: string, outcome: Outcome, repeat?: Loop): void {
    const entry = this.#entries.get(toolId)!;
    entry.outcome = outcome;
    if (this.#options.onFailure === 'stop' && isFailing(outcome)) this.#haltedBy ??= toolId;
    const repeated = repeat && this.#bodies.find(({ loop }) => loop === repeat);
    if (this.#byGroup) {
      this.#repeating ??= repeated;
      if (--this.#unsettledInGroup === 0) this.#openNextGroup();
      return;
    }
    if (repeated) return this.#startOver(repeated);
    for (const dependent of entry.dependents) this.#release(dependent, outcome === 'success');
    for (const body of this.#bodies) if (body.loop.from === toolId) this.#openGates(body);
  }

  /** From here on, every tool is skipped. */
  cancel(): void {
    this.#isCancelled = true;
  }

  #enter(traced: TracedTool, groupIndex: number): Entry {
    const entry: Entry = {
      traced,
      groupIndex,
      dependents: [],
      waiting: 0,
      gates: [],
      isGiven: false,
      outcome: undefined,
    };
    this.#entries.set(traced.tool_id, entry);
    return entry;
  }

  #connect(): void {
    for (const body of this.#bodies) {
      const waiting = new Set([...body.members].flatMap(({ dependents }) => dependents));
      for (const entry of waiting) if (!body.members.has(entry)) entry.gates.push(body);
    }
    for (const entry of this.#entries.values()) {
      entry.waiting = new Set(entry.traced.depends_on).size + entry.gates.length;
      if (entry.waiting === 0) this.#give(entry);
    }
  }

  #give(entry: Entry): void {
    if (entry.isGiven) return;
    entry.isGiven = true;
    this.#ready.push(entry);
  }

  /** Notes that something settled that an entry waits for. */
  #release(entry: Entry, isSuccess: boolean): void {
    entry.waiting--;
    const isEnough = isSuccess && this.#options.joinAny.has(entry.traced.tool_id) && entry.gates.length === 0;
    if (entry.waiting === 0 || isEnough) this.#give(entry);
  }

  #openGates(body: LoopBody): void {
    for (const entry of this.#entries.values()) if (entry.gates.includes(body)) this.#release(entry, false);
  }

  #startOver({ members }: LoopBody): void {
    for (const entry of members) {
      entry.isGiven = false;
      entry.outcome = undefined;
    }
    for (const entry of members) {
      const sources = [...new Set(entry.traced.depends_on)].filter((id) => members.has(this.#entries.get(id)!));
      const gates = entry.gates.filter(({ loop }) => members.has(this.#entries.get(loop.from)!));
      entry.waiting = sources.length + gates.length;
      if (entry.waiting === 0) this.#give(entry);
    }
  }

  /** Opens the group that comes next, or that a loop goes back to. Of a group that came before, only what starts over is in it. */
  #openNextGroup(): void {
    const repeated = this.#repeating;
    this.#repeating = undefined;
    if (repeated) {
      for (const entry of repeated.members) [entry.isGiven, entry.outcome] = [false, undefined];
      this.#openGroup = this.#entries.get(repeated.loop.to)!.groupIndex - 1;
    }
    while (++this.#openGroup < this.#groups.length) {
      const waiting = this.#groups[this.#openGroup]!.filter(({ isGiven }) => !isGiven);
      if (waiting.length === 0) continue;
      this.#unsettledInGroup = waiting.length;
      for (const entry of waiting) this.#give(entry);
      return;
    }
  }

  #membersOf({ from, to }: Loop, isSerial: boolean): ReadonlySet<Entry> {
    const [first, last] = [this.#entries.get(to), this.#entries.get(from)];
    if (!first || !last) return new Set();
    if (isSerial) return new Set(this.#groups.slice(first.groupIndex, last.groupIndex + 1).flat());
    const after = reach(first, ({ dependents }) => dependents);
    const before = reach(last, ({ traced }) => traced.depends_on.map((id) => this.#entries.get(id)!));
    return new Set([first, last, ...[...after].filter((entry) => before.has(entry))]);
  }

  #skipReason(entry: Entry): string | undefined {
    if (this.#isCancelled) return 'run cancelled';
    const sources = entry.traced.depends_on.map((id) => [id, this.#entries.get(id)?.outcome] as const);
    const isJoined =
      this.#options.joinAny.has(entry.traced.tool_id) && sources.some(([, outcome]) => outcome === 'success');
    if (!isJoined) {
      const failed = sources.find(([, outcome]) => outcome !== 'success' && outcome !== 'skip');
      if (failed && this.#options.onFailure !== 'continue') return `dependency failed: ${failed[0]}`;
      const skipped = sources.find(([, outcome]) => outcome === 'skip');
      if (skipped) return `dependency skipped: ${skipped[0]}`;
    }
    return this.#haltedBy === undefined ? undefined : `run stopped: ${this.#haltedBy} failed`;
  }
}

/** Everything that can be reached, the start included. */
function reach(start: Entry, next: (entry: Entry) => readonly Entry[]): Set<Entry> {
  const reached = new Set([start]);
  for (const entry of reached) for (const other of next(entry)) reached.add(other); // a set grows while it is gone through
  return reached;
}
