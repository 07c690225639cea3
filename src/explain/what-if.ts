import type { Graph } from '../graph.ts';
import { reverseGraph } from '../graph.ts';

/**
 * How long a run takes in which at most `width` steps run at once: list scheduling. A step is taken up as soon as what it needs has ended and
 * a place is free, first come, first served, ties by their order.
 *
 * @param durations how long each step takes, in any unit
 * @param width 1 or more; `Infinity` for no bound
 * @returns the end of the last step, in the unit of `durations`
 */
export function replayWithWidth(needs: Graph, durations: Float64Array, width: number): number {
  const { size, start } = needs;
  const { start: from, needs: dependants } = reverseGraph(needs);
  const missing = new Int32Array(size);
  const ready: number[] = [];
  for (let step = 0; step < size; step += 1) {
    missing[step] = start[step + 1]! - start[step]!;
    if (missing[step] === 0) ready.push(step);
  }
  const running = new EarliestEnd();
  let now = 0;
  for (let head = 0; head < ready.length || running.size > 0;) {
    while (head < ready.length && running.size < width) {
      const step = ready[head++]!;
      running.push(now + durations[step]!, step);
    }
    const { at, step } = running.pop();
    now = at;
    for (let edge = from[step]!; edge < from[step + 1]!; edge += 1) {
      if (--missing[dependants[edge]!]! === 0) ready.push(dependants[edge]!);
    }
  }
  return now;
}

/** A binary heap of what runs, by its end, then by the order of the steps. */
class EarliestEnd {
  readonly #at: number[] = [];
  readonly #step: number[] = [];

  get size(): number {
    return this.#at.length;
  }

  push(at: number, step: number): void {
    let place = this.#at.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#isBefore(at, step, above)) break;
      this.#move(above, place);
      place = above;
    }
    this.#at[place] = at;
    this.#step[place] = step;
  }

  pop(): { at: number; step: number } {
    const first = { at: this.#at[0]!, step: this.#step[0]! };
    const at = this.#at.pop()!;
    const step = this.#step.pop()!;
    const size = this.#at.length;
    for (let place = 0; size > 0;) {
      let below = 2 * place + 1;
      if (below + 1 < size && this.#isBefore(this.#at[below + 1]!, this.#step[below + 1]!, below)) below += 1;
      if (below >= size || this.#isBefore(at, step, below)) {
        this.#at[place] = at;
        this.#step[place] = step;
        break;
      }
      this.#move(below, place);
      place = below;
    }
    return first;
  }

  #isBefore(at: number, step: number, place: number): boolean {
    return at < this.#at[place]! || (at === this.#at[place]! && step < this.#step[place]!);
  }

  #move(from: number, to: number): void {
    this.#at[to] = this.#at[from]!;
    this.#step[to] = this.#step[from]!;
  }
}
