import { type Graph, reverseGraph } from '../graph.ts';
import type { PlanFacts, RunFacts, StepFacts } from './facts.ts';

/** Steps and edges that are looked at, at most, to find loops and what is behind lost spans: a bound for traces that nobody's run made. */
const BUDGET = 2_000_000;

/** Finds steps by their tools. A tool that ran several times has several passes. */
export class Passes {
  /** One step of each tool, else -1. */
  readonly #one: Int32Array;
  /** The steps of each tool that has several, by their end. */
  readonly #several = new Map<number, number[]>();
  readonly #steps: readonly StepFacts[];
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  readonly #clockNs: number;
  readonly #plan: PlanFacts;
  #dependants: Graph | undefined;
  #bySpanId: ReadonlyMap<string, number> | undefined;
  readonly #loops = new Map<number, readonly number[]>();
  readonly #behind = new Map<number, readonly number[]>();
  #budget = BUDGET;

  constructor({ plan, steps, clockNs }: RunFacts, start: Float64Array, end: Float64Array) {
    this.#plan = plan;
    this.#steps = steps;
    this.#start = start;
    this.#clockNs = clockNs;
    this.#end = end;
    this.#one = new Int32Array(plan.tools.length).fill(-1);
    for (let step = 0; step < steps.length; step += 1) {
      const { tool } = steps[step]!;
      if (tool < 0) continue;
      const one = this.#one[tool]!;
      if (one < 0) this.#one[tool] = step;
      else if (!this.#several.get(tool)?.push(step)) this.#several.set(tool, [one, step]);
    }
    for (const [tool, passes] of this.#several)
      this.#several.set(
        tool,
        passes.toSorted((a, b) => end[a]! - end[b]! || a - b),
      );
  }

  /** Whether there was more to look at than the bound allows, so that edges of loops and behind lost spans are missing. */
  get isExhausted(): boolean {
    return this.#budget <= 0;
  }

  has(tool: number): boolean {
    return this.#one[tool]! >= 0;
  }

  /** Whether a tool ran several times. */
  isRepeated(tool: number): boolean {
    return this.#several.has(tool);
  }

  /** Whether a step is the last of its tool that ended. */
  isLast(step: number): boolean {
    return (this.#several.get(this.#steps[step]!.tool)?.at(-1) ?? step) === step;
  }

  /** For each tool the one before it in the plan that has a step; -1 without one. */
  previous(): Int32Array {
    let last = -1;
    return this.#one.map((step, tool) => {
      const before = last;
      if (step >= 0) last = tool;
      return before;
    });
  }

  /**
   * The step of a tool that another came after: the one that its span links to, else the one that ended last, not after it started; where
   * there is none the one that ended first; -1 if there is no other.
   *
   * @param latest the last iteration that it can be, where the clock does not tell what came first; default: its own
   */
  before(tool: number, self: number, latest: number = this.#steps[self]!.iteration): number {
    const passes = this.#several.get(tool);
    if (!passes) return this.#one[tool] === self ? -1 : this.#one[tool]!;
    const linked = this.#linked(tool, self);
    if (linked >= 0) return linked;
    const startNs = this.#start[self]!;
    for (let at = this.#countEnded(passes, startNs + this.#clockNs) - 1; at >= 0; at -= 1) {
      const step = passes[at]!;
      const isCertain = this.#end[step]! <= startNs;
      if (step !== self && (isCertain || this.#steps[step]!.iteration <= latest)) return step;
      if (this.#budget-- <= 0) break;
    }
    return passes[0] === self ? (passes[1] ?? -1) : passes[0]!;
  }

  /** What a further pass of a tool came after: the step that ended last, of the tool and of those that need it and were repeated too; -1 without one. */
  lastOfPass(tool: number, self: number): number {
    const atNs = this.#start[self]! + this.#clockNs;
    let last = -1;
    for (const member of this.#loopOf(tool)) {
      if (this.#budget-- <= 0) return -1;
      // What ran once was not repeated with it.
      if (!this.isRepeated(member)) continue;
      const step = this.before(member, self, this.#steps[self]!.iteration - 1);
      if (step < 0 || this.#end[step]! > atNs) continue;
      const laterNs = last < 0 ? Infinity : this.#end[step]! - this.#end[last]!;
      // Where the clock does not tell, the plan's order does.
      const isLater = Math.abs(laterNs) > this.#clockNs ? laterNs > 0 : member > this.#steps[last]!.tool;
      if (isLater) last = step;
    }
    return last;
  }

  /** The pass of a tool that the span of a step links to; -1 without one. */
  #linked(tool: number, self: number): number {
    const links = this.#steps[self]!.span?.links ?? [];
    if (links.length === 0) return -1;
    this.#bySpanId ??= new Map(this.#steps.flatMap(({ span }, step) => (span ? [[span.spanId, step] as const] : [])));
    for (const { spanId } of links) {
      const step = this.#bySpanId.get(spanId) ?? self;
      if (step !== self && this.#steps[step]!.tool === tool) return step;
    }
    return -1;
  }

  /** How many of a tool's passes had ended. */
  #countEnded(passes: readonly number[], atNs: number): number {
    let [low, high] = [0, passes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#end[passes[middle]!]! <= atNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What a tool needs by others of which there is no step, because they were not seen: the nearest that have one. */
  behindUnseen(tool: number): readonly number[] {
    const known = this.#behind.get(tool);
    if (known) return known;
    const found: number[] = [];
    this.#walk(this.#plan.needs, tool, (needed, from) => {
      if (!this.has(needed)) return true;
      if (from !== tool) found.push(needed);
      return false;
    });
    this.#behind.set(tool, found);
    return found;
  }

  /** A tool and all that need it, directly or not. */
  #loopOf(tool: number): readonly number[] {
    const known = this.#loops.get(tool);
    if (known) return known;
    this.#dependants ??= reverseGraph(this.#plan.needs);
    const members = this.#walk(this.#dependants, tool, () => true);
    this.#loops.set(tool, members);
    return members;
  }

  /** Follows edges from a tool on, each tool once; gives those that were gone through. */
  #walk({ start, needs }: Graph, tool: number, goesThrough: (next: number, from: number) => boolean): number[] {
    const open = [tool];
    const seen = new Set(open);
    for (let head = 0; head < open.length && this.#budget > 0; head += 1) {
      const from = open[head]!;
      for (let edge = start[from]!; edge < start[from + 1]!; edge += 1) {
        this.#budget -= 1;
        const next = needs[edge]!;
        if (seen.has(next)) continue;
        seen.add(next);
        if (goesThrough(next, from)) open.push(next);
      }
    }
    return open;
  }
}
