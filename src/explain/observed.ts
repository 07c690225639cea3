import { type Graph, layerGraph } from '../graph.ts';
import { type CriticalPath, findCriticalPath, lengthsWithout, longestChain } from './critical-path.ts';
import { ran, type RunFacts } from './facts.ts';
import { edges, forwardsInTime, orderNodes, type StepGraph } from './step-graph.ts';
import type { Waits } from './waits.ts';

/**
 * A run as it went: beside its dependencies, each step needs the one whose slot it took, or the groups whose end it waited for; and what
 * passed between the end of all that and its start stays what it was. Replayed with the durations that were measured, it takes exactly as
 * long as it took; replayed with others, it says what they would have changed, order and slots being the same.
 */
export class ObservedRun {
  readonly #graph: StepGraph;
  readonly #waits: Waits;
  readonly #facts: RunFacts;
  /** Steps, then one node for each group: all groups before it have ended. */
  readonly #needs: Graph;
  readonly #order: Int32Array;
  /** How long each node takes, with what passed before it. */
  readonly #weights: Float64Array;
  readonly #path: CriticalPath;
  #without: Float64Array | undefined;
  #placeOnPath: Map<number, number> | undefined;

  constructor(facts: RunFacts, graph: StepGraph, waits: Waits) {
    this.#facts = facts;
    this.#graph = graph;
    this.#waits = waits;
    [this.#needs, this.#order] = this.#connect();
    this.#weights = this.#weigh();
    this.#path = findCriticalPath(this.#needs, this.#order, this.#weights);
  }

  /** From the start of the run to the end of its last step, in nanoseconds. */
  get lengthNs(): number {
    return this.#path.length;
  }

  /** The steps that decided how long it took, in order. */
  get path(): number[] {
    return this.#path.path.filter((node) => node < this.#graph.steps.length);
  }

  /** What passed between the end of all that a step waited for and its start, in nanoseconds. */
  gapBefore(step: number): number {
    return this.#weights[step]! - this.#graph.duration[step]!;
  }

  /** By how much the run had been shorter, had a step taken so much less, in nanoseconds. */
  savedBy(step: number, lessNs: number): number {
    this.#placeOnPath ??= new Map(this.#path.path.map((node, place) => [node, place]));
    const place = this.#placeOnPath.get(step);
    if (place === undefined) return 0;
    this.#without ??= lengthsWithout(this.#needs, this.#order, this.#weights, this.#path);
    return Math.max(0, Math.min(lessNs, this.#path.length - this.#without[place]!));
  }

  /** By how much the run had been shorter, had some steps not waited for others that they do not need, in nanoseconds. */
  savedWithout(isFree: (step: number) => boolean): number {
    const { steps, duration, needs: dependencies } = this.#graph;
    const isFreed = new Uint8Array(this.#needs.size);
    const weights = this.#weights.slice();
    for (let step = 0; step < steps.length; step += 1) {
      if (!isFree(step)) continue;
      isFreed[step] = 1;
      weights[step] = Math.min(weights[step]!, duration[step]!);
    }
    const needsOf = (node: number): Graph => (isFreed[node] === 1 ? dependencies : this.#needs);
    return Math.max(0, this.#path.length - longestChain(needsOf, this.#order, weights));
  }

  #connect(): [Graph, Int32Array] {
    const { steps, start, end, needs } = this.#graph;
    const { plan } = this.#facts;
    const { reason, releasedBy } = this.#waits;
    const size = steps.length;
    const groupOf = (step: number): number => (steps[step]!.tool < 0 ? -1 : plan.groupOf[steps[step]!.tool]!);
    const members: number[][] = [];
    if (reason.includes('group')) {
      for (let step = 0; step < size; step += 1) (members[groupOf(step) + 1] ??= []).push(step);
    }
    const groups = members.length === 0 ? 0 : plan.groupCount;
    const connected = edges(size + groups, (node, add) => {
      if (node >= size) {
        const group = node - size;
        if (group > 0) add(node - 1);
        for (const member of group > 0 ? (members[group] ?? []) : []) add(member);
        return;
      }
      for (let edge = needs.start[node]!; edge < needs.start[node + 1]!; edge += 1) add(needs.needs[edge]!);
      const why = reason[node];
      if (why === 'slot' && releasedBy[node]! >= 0) add(releasedBy[node]!);
      if (why === 'group' && groupOf(node) >= 0) add(size + groupOf(node));
    });
    const order = orderNodes(connected, groups === 0 ? this.#graph.byStart : undefined);
    if (order) return [connected, order];
    // Times that are rounded can turn an order round.
    const at = new Float64Array(size + groups).fill(-1);
    at.set(end);
    for (let group = 1; group < groups; group += 1)
      at[size + group] = (members[group] ?? []).reduce(
        (most, step) => Math.max(most, end[step]!),
        at[size + group - 1]!,
      );
    const from = at.slice();
    from.set(start);
    const forwards = forwardsInTime(connected, from, at);
    return [forwards, layerGraph(forwards).order];
  }

  #weigh(): Float64Array {
    const { steps, start, end, duration } = this.#graph;
    const { size } = this.#needs;
    const ends = new Float64Array(size);
    const weights = new Float64Array(size);
    for (const node of this.#order) {
      let ready = 0;
      for (let edge = this.#needs.start[node]!; edge < this.#needs.start[node + 1]!; edge += 1)
        ready = Math.max(ready, ends[this.#needs.needs[edge]!]!);
      if (node < steps.length && ran(steps[node]!)) {
        weights[node] = start[node]! - ready + duration[node]!;
        ends[node] = end[node]!;
      } else ends[node] = ready;
    }
    return weights;
  }
}
