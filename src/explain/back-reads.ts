import { type Graph, reverseGraph } from '../graph.ts';

/** Edges that are followed in all; what is not known then is taken for a read of the pass before, of which less is said. */
const MAX_FOLLOWED = 2_000_000;

/**
 * Finds what tools read of tools that need them: in a loop, what the pass before gave. In the first pass nothing is there, and nothing has
 * to be.
 *
 * @param needs what each tool depends on, as positions; asked for only where it matters
 * @param reads whose output each tool reads; only tools that do not stand before it are looked at, for those cannot need it
 * @returns the positions among `reads` that are such, by tool
 */
export function findBackReads(
  needs: () => Graph,
  reads: readonly (readonly number[])[],
): Map<number, ReadonlySet<number>> {
  const found = new Map<number, ReadonlySet<number>>();
  let dependants: Graph | undefined;
  let followed = 0;
  for (const [tool, sources] of reads.entries()) {
    const candidates = sources.filter((source) => source >= tool);
    if (candidates.length === 0) continue;
    dependants ??= reverseGraph(needs());
    const reached = new Set([tool]);
    for (const next of reached) {
      if (followed > MAX_FOLLOWED) break;
      for (let edge = dependants.start[next]!; edge < dependants.start[next + 1]!; edge += 1) {
        followed += 1;
        reached.add(dependants.needs[edge]!);
      }
    }
    const back = candidates.filter((source) => followed > MAX_FOLLOWED || reached.has(source));
    if (back.length > 0) found.set(tool, new Set(back));
  }
  return found;
}
