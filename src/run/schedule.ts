import type { ExecutionPlanTrace, TracedTool } from '../plan-trace.ts';
import type { Outcome } from '../semconv.ts';
import { isFailing } from '../spans/failure.ts';
import type { FailurePolicy, Scheduling } from './types.ts';

/** What is to be done with a tool now: to run it, or with a reason to skip it. */
export interface Decision {
  readonly toolId: string;
  readonly skipReason: string | undefined;
}

interface Entry {
  readonly traced: TracedTool;
  /** Number of dependencies that have not settled. */
  waiting: number;
  readonly dependents: Entry[];
  outcome: Outcome | undefined;
}

/**
 * Which tool of a plan is next, and whether it runs or is skipped. Knows neither functions nor time nor spans: {@link next} is asked while
 * there is room, {@link settle} is told how each tool ended. Gives every tool exactly once, after everything that it depends on.
 */
export class Schedule {
  readonly #entries = new Map<string, Entry>();
  readonly #groups: Entry[][];
  readonly #onFailure: FailurePolicy;
  readonly #byGroup: boolean;
  /** May be given; from `#head` on, first in, first out. */
  readonly #ready: Entry[] = [];
  #head = 0;
  #openGroup = -1;
  #unsettledInGroup = 0;
  #haltedBy: string | undefined;
  #isCancelled = false;

  constructor(plan: ExecutionPlanTrace, options: { onFailure: FailurePolicy; scheduling: Scheduling }) {
    this.#onFailure = options.onFailure;
    this.#byGroup = options.scheduling === 'group' || plan.strategy !== 'dag';
    this.#groups = plan.execution_groups.map((group) => group.tools.map((traced) => this.#enter(traced)));
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

  /** Notes how a tool ended that {@link next} gave. */
  settle(toolId: string, outcome: Outcome): void {
    const entry = this.#entries.get(toolId)!;
    entry.outcome = outcome;
    if (this.#onFailure === 'stop' && isFailing(outcome)) this.#haltedBy ??= toolId;
    if (this.#byGroup) {
      if (--this.#unsettledInGroup === 0) this.#openNextGroup();
    } else {
      for (const dependent of entry.dependents) if (--dependent.waiting === 0) this.#ready.push(dependent);
    }
  }

  /** From here on, every tool is skipped. */
  cancel(): void {
    this.#isCancelled = true;
  }

  #enter(traced: TracedTool): Entry {
    const entry: Entry = { traced, waiting: 0, dependents: [], outcome: undefined };
    this.#entries.set(traced.tool_id, entry);
    return entry;
  }

  #connect(): void {
    for (const entry of this.#entries.values()) {
      const sources = new Set(entry.traced.depends_on);
      for (const source of sources) this.#entries.get(source)!.dependents.push(entry);
      entry.waiting = sources.size;
      if (entry.waiting === 0) this.#ready.push(entry);
    }
  }

  #openNextGroup(): void {
    const group = this.#groups[++this.#openGroup] ?? [];
    this.#unsettledInGroup = group.length;
    for (const entry of group) this.#ready.push(entry);
  }

  #skipReason(entry: Entry): string | undefined {
    if (this.#isCancelled) return 'run cancelled';
    let skipped: string | undefined;
    for (const source of entry.traced.depends_on) {
      const outcome = this.#entries.get(source)?.outcome;
      if (outcome === 'skip') skipped ??= source;
      else if (outcome !== 'success' && this.#onFailure !== 'continue') return `dependency failed: ${source}`;
    }
    if (skipped !== undefined) return `dependency skipped: ${skipped}`;
    return this.#haltedBy === undefined ? undefined : `run stopped: ${this.#haltedBy} failed`;
  }
}
