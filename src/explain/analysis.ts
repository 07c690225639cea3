import { type CriticalPath, findCriticalPath } from './critical-path.ts';
import { type Failures, findFailures } from './failures.ts';
import { hasOneClock, ran, type RunFacts } from './facts.ts';
import { Wording } from './format.ts';
import { ObservedRun } from './observed.ts';
import { type GroupParallelism, measureGroups, measureRun, type Parallelism } from './parallelism.ts';
import { connectSteps, type StepGraph } from './step-graph.ts';
import { findWaits, type Waits } from './waits.ts';

/** What can be computed of a run, each part once and only when it is asked for. */
export class Analysis {
  readonly facts: RunFacts;
  /** How names and texts are put into sentences. */
  readonly say: Wording;
  #graph: StepGraph | undefined;
  #criticalPath: CriticalPath | undefined;
  #outlasting: number | undefined;
  #isReplayable: boolean | undefined;
  #waits: Waits | undefined;
  #observed: ObservedRun | undefined;
  #parallelism: Parallelism | undefined;
  #groups: readonly GroupParallelism[] | undefined;
  #failures: Failures | undefined;

  constructor(facts: RunFacts, say: Wording = new Wording()) {
    this.facts = facts;
    this.say = say;
  }

  get graph(): StepGraph {
    return (this.#graph ??= connectSteps(this.facts));
  }

  /** By the dependencies of the plan and the order of a serial one, and by how long each step took. */
  get criticalPath(): CriticalPath {
    const { needs, order, duration } = this.graph;
    return (this.#criticalPath ??= findCriticalPath(needs, order, duration));
  }

  /**
   * Whether all that ran is known, and what each step needed: no step started before the run or ended after it, no spans were lost, no other
   * process has some of the tools, loops could be followed. Else only single steps can be judged.
   */
  get isWhole(): boolean {
    const { hasEnded, lost, hasLostPass, elsewhere, running } = this.facts;
    return (
      hasEnded &&
      lost.size === 0 &&
      !hasLostPass &&
      !elsewhere &&
      !running &&
      this.outlasting < 0 &&
      !startsBefore(this.facts, this.graph) &&
      !this.graph.isPartial
    );
  }

  /** The steps of the critical path that took some time; empty where it is not known: without a plan, or of a run that is not whole. */
  get path(): readonly number[] {
    if (this.facts.plan.tools.length === 0 || !this.isWhole) return [];
    return this.criticalPath.path.filter((step) => ran(this.facts.steps[step]!));
  }

  /** The step that ended last, if it went on after the run had ended: nobody waited for it. -1 without one. */
  get outlasting(): number {
    return (this.#outlasting ??= findOutlasting(this.facts, this.graph));
  }

  get waits(): Waits {
    return (this.#waits ??= findWaits(this.facts, this.graph));
  }

  get observed(): ObservedRun {
    return (this.#observed ??= new ObservedRun(this.facts, this.graph, this.waits));
  }

  get parallelism(): Parallelism {
    return (this.#parallelism ??= measureRun(this.graph, this.waits, this.facts.clockNs));
  }

  get groups(): readonly GroupParallelism[] {
    return (this.#groups ??= measureGroups(this.facts, this.graph, this.waits));
  }

  get failures(): Failures {
    return (this.#failures ??= findFailures(this.facts));
  }

  /** Whether the run can be replayed, so that it can be said what other durations had changed. */
  get isReplayable(): boolean {
    return (this.#isReplayable ??= this.isWhole && hasOneClock(this.facts));
  }

  /** Whether a replay tells what other durations of single steps had changed: not without a plan, for then nobody knows what needs what. */
  get isForeseeable(): boolean {
    return this.isReplayable && this.facts.plan.tools.length > 0;
  }

  /** By how much the run had been shorter, had this step taken half as long, in nanoseconds; 0 where that cannot be told. */
  savedByHalf(step: number): number {
    return this.isForeseeable ? this.observed.savedBy(step, this.graph.duration[step]! / 2) : 0;
  }
}

/** A step whose end is so much later than that of its run was not waited for, one that starts so much earlier is not its; less is the clocks'. */
const OUTLASTING_NS = 5e6;

/** Whether a step started before its run, by the clock of the run. */
function startsBefore({ steps }: RunFacts, { start, byStart }: StepGraph): boolean {
  for (const step of byStart) {
    if (start[step]! >= -OUTLASTING_NS) return false;
    if (steps[step]!.clock === 0) return true;
  }
  return false;
}

function findOutlasting({ steps, hasEnded, durationNs }: RunFacts, { end }: StepGraph): number {
  if (!hasEnded) return -1;
  let last = -1;
  // The clock of another machine says nothing of the end of this run.
  for (let step = 0; step < steps.length; step += 1)
    if (steps[step]!.clock === 0 && end[step]! > durationNs + OUTLASTING_NS && (last < 0 || end[step]! > end[last]!))
      last = step;
  return last;
}
