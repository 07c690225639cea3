import type { Box } from './graph-camera.ts';

/** Left, top, right, bottom. */
export type Bounds = readonly [number, number, number, number];

/** Finds which of many things are in a part of the graph. Looks at all of them, side by side in memory: 100,000 take less than a millisecond. */
export class Culler<T> {
  readonly #items: readonly T[];
  readonly #bounds: Float64Array;

  constructor(items: readonly T[], boundsOf: (item: T) => Bounds) {
    this.#items = items;
    this.#bounds = new Float64Array(4 * items.length);
    for (const [at, item] of items.entries()) this.#bounds.set(boundsOf(item), 4 * at);
  }

  seen({ x, y, width, height }: Box): T[] {
    const [bounds, right, bottom] = [this.#bounds, x + width, y + height];
    const seen: T[] = [];
    for (let at = 0; at < bounds.length; at += 4) {
      if (bounds[at]! > right || bounds[at + 1]! > bottom || bounds[at + 2]! < x || bounds[at + 3]! < y) continue;
      seen.push(this.#items[at / 4]!);
    }
    return seen;
  }
}

export function boundsOfBox({ x, y, width, height }: Box): Bounds {
  return [x, y, x + width, y + height];
}
