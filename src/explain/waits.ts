import type { WaitReason } from '../semconv.ts';
import { BusyTimes } from './concurrency.ts';
import { ran, type RunFacts } from './facts.ts';
import type { StepGraph } from './step-graph.ts';

/** Shorter waits are the event loop's. */
const NOTICEABLE_NS = 1e6;

/** What each step waited for, by its position. */
export interface Waits {
  /** The dependency that ended last; -1 without one. */
  readonly dependency: Int32Array;
  /** How long that one was the only one missing, in nanoseconds: since the one before it ended, else since the run started. */
  readonly dependencyNs: Float64Array;
  /** Nanoseconds from when all its dependencies had ended, else from the start of the run, to its start. */
  readonly ns: Float64Array;
  /** What held it in that time; `dependency` where that was next to none, undefined where it waited for nothing at all. */
  readonly reason: readonly (WaitReason | undefined)[];
  /** When it could have started: at its start, but for a wait that has a reason other than its dependencies. */
  readonly possibleStart: Float64Array;
  /** Most steps that ran at once; 0 where no step waited long enough to ask. */
  readonly peak: number;
  /** The step whose end let it start, for the reasons `group` and `slot`; else -1. */
  readonly releasedBy: Int32Array;
}

/**
 * Tells what each step waited for. What whoever ran it recorded counts; else `slot` is said where as many steps as ever ran at once were
 * running all the while, and `group` where no step of its group or a later one started until all groups before had ended.
 */
export function findWaits(facts: RunFacts, graph: StepGraph): Waits {
  const { steps, start, end, needs } = graph;
  const { clockNs } = facts;
  const early = new Set(graph.early.map(({ step }) => step));
  const size = steps.length;
  const dependency = new Int32Array(size).fill(-1);
  const dependencyNs = new Float64Array(size);
  const ns = new Float64Array(size);
  const releasedBy = new Int32Array(size).fill(-1);
  const possibleStart = start.slice();
  const reason: (WaitReason | undefined)[] = [];
  let busy: BusyTimes | undefined;
  let barriers: Barriers | undefined;
  for (let step = 0; step < size; step += 1) {
    // What a step that no plan has needs is not known, so nor is what it waited for.
    if (!ran(steps[step]!) || steps[step]!.tool < 0) {
      reason.push(undefined);
      continue;
    }
    let [last, second] = [0, 0];
    for (let edge = needs.start[step]!; edge < needs.start[step + 1]!; edge += 1) {
      const needed = needs.needs[edge]!;
      const at = end[needed]!;
      if (dependency[step]! < 0 || at > last) {
        [second, last] = [last, at];
        dependency[step] = needed;
      } else if (at > second) second = at;
    }
    dependencyNs[step] = last - second;
    const of = dependency[step]! < 0 ? 0 : steps[dependency[step]!]!.clock;
    // Times of two clocks do not tell how long it waited, and one that started too early did not.
    ns[step] = early.has(step) || of !== steps[step]!.clock ? 0 : Math.max(0, start[step]! - last);
    if (ns[step]! <= NOTICEABLE_NS + clockNs) {
      reason.push(dependency[step]! < 0 ? undefined : 'dependency');
      continue;
    }
    possibleStart[step] = last;
    busy ??= new BusyTimes(graph, clockNs, NOTICEABLE_NS);
    barriers ??= new Barriers(facts, graph);
    const recorded = steps[step]!.waitReason;
    // In a serial plan the group before is what a step needs; what it waits for after that is something else.
    const isKnown = recorded === 'slot' || (recorded === 'group' && !facts.plan.isSerial);
    if (isKnown ? recorded === 'slot' : busy.covers(last, start[step]!)) {
      reason.push('slot');
      releasedBy[step] = busy.endedBefore(start[step]!, step);
    } else if (isKnown || barriers.held(step, last)) {
      reason.push('group');
      releasedBy[step] = barriers.lastBefore(step);
    } else {
      reason.push('unknown');
    }
  }
  return { dependency, dependencyNs, ns, reason, possibleStart, peak: busy?.peak ?? 0, releasedBy };
}

/** Whether groups waited for all groups before them. */
class Barriers {
  readonly #groupOf: (step: number) => number;
  /** By group: the first start in it, and in it or a later one. */
  readonly #firstStart: Float64Array;
  readonly #firstFrom: Float64Array;
  /** By group: the step that ended last in the groups before; -1 without one. */
  readonly #lastBefore: Int32Array;
  readonly #end: Float64Array;
  readonly #clockNs: number;

  constructor({ plan, clockNs }: RunFacts, { steps, start, end }: StepGraph) {
    this.#groupOf = (step) => (steps[step]!.tool < 0 ? -1 : plan.groupOf[steps[step]!.tool]!);
    this.#end = end;
    this.#clockNs = clockNs;
    const groups = plan.groupCount;
    this.#firstStart = new Float64Array(groups).fill(Infinity);
    const last = new Int32Array(groups).fill(-1);
    for (let step = 0; step < steps.length; step += 1) {
      const group = this.#groupOf(step);
      if (group < 0 || !ran(steps[step]!)) continue;
      if (start[step]! < this.#firstStart[group]!) this.#firstStart[group] = start[step]!;
      if (last[group]! < 0 || end[step]! > end[last[group]!]!) last[group] = step;
    }
    this.#lastBefore = new Int32Array(groups).fill(-1);
    for (let group = 1; group < groups; group += 1) {
      const [before, own] = [this.#lastBefore[group - 1]!, last[group - 1]!];
      this.#lastBefore[group] = own < 0 || (before >= 0 && end[before]! > end[own]!) ? before : own;
    }
    this.#firstFrom = this.#firstStart.slice();
    for (let group = groups - 2; group >= 0; group -= 1)
      this.#firstFrom[group] = Math.min(this.#firstFrom[group]!, this.#firstFrom[group + 1]!);
  }

  lastBefore(step: number): number {
    const group = this.#groupOf(step);
    return group < 0 ? -1 : this.#lastBefore[group]!;
  }

  /** Whether a step that could have started at `readyNs` waited for the groups before its own. */
  held(step: number, readyNs: number): boolean {
    const group = this.#groupOf(step);
    const last = this.lastBefore(step);
    if (last < 0) return false;
    const opens = this.#end[last]!;
    const waited = opens - readyNs;
    const isPrompt = this.#firstStart[group]! - opens <= Math.max(NOTICEABLE_NS + this.#clockNs, waited / 10);
    return waited > NOTICEABLE_NS && this.#firstFrom[group]! >= opens - this.#clockNs && isPrompt;
  }
}
