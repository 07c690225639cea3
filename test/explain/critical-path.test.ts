import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCriticalPath, lengthsWithout } from '../../src/explain/critical-path.ts';
import { edges } from '../../src/explain/step-graph.ts';
import { type Graph, layerGraph } from '../../src/graph.ts';
import { type Case, casesOf } from './simulate.ts';

const small = fc.integer({ min: 0, max: 9 });
/** Whole nanoseconds of days, which nine times make less than 2^53. */
const nanoseconds = fc.oneof(fc.constantFrom(0, 1, 2 ** 49), fc.integer({ min: 0, max: 2 ** 49 }));

describe('the critical path', () => {
  it('is computed by hand', () => {
    // a 3 > b 4 > d 2: 3 + 4 + 2 = 9. a 3 > c 1 > d 2: 6, so c may take 9 - 6 = 3 more. e 5 alone: 9 - 5 = 4 more.
    const { needs, durations } = { needs: [[], [0], [0], [1, 2], []], durations: [3, 4, 1, 2, 5] };
    const found = solve({ needs, durations });
    expect(found).toMatchObject({ length: 9, path: [0, 1, 3] });
    expect([...found.earliest]).toEqual([0, 3, 3, 7, 0]);
    expect([...found.slack]).toEqual([0, 0, 3, 0, 4]);
    // Whole chains that avoid a: e alone, 5. That avoid b: a > c > d, 3 + 1 + 2 = 6. That avoid d: e alone, 5.
    expect([...without({ needs, durations })]).toEqual([5, 6, 5]);
  });

  it('of equally long chains ends at the node that comes first', () => {
    expect(solve({ needs: [[], [], [0], [1]], durations: [1, 1, 1, 1] }).path).toEqual([0, 2]);
  });

  it('of nothing is nothing', () => {
    expect(solve({ needs: [], durations: [] })).toMatchObject({ length: 0, path: [] });
    expect(without({ needs: [], durations: [] })).toHaveLength(0);
  });

  it.each([
    ['small numbers', small],
    ['whole nanoseconds', nanoseconds],
  ])('is as long as the longest of all chains, to the unit, with %s', (_, durations) => {
    fc.assert(
      fc.property(anyOrder(casesOf(durations, { maxLength: 8 })), (graph) => {
        const { length, path, earliest } = solve(graph);
        expect(BigInt(length)).toBe(longest(chainsOf(graph), graph));
        expect(lengthOf(path, graph)).toBe(BigInt(length));
        for (const [place, node] of path.entries()) if (place > 0) expect(graph.needs[node]).toContain(path[place - 1]);
        for (const node of graph.needs.keys()) {
          const leading = chainsOf(graph).filter((chain) => chain.at(-1) === node);
          expect(BigInt(earliest[node]!) + BigInt(graph.durations[node]!)).toBe(longest(leading, graph));
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['small numbers', small],
    ['whole nanoseconds', nanoseconds],
  ])('lets each node grow by its slack and not by one more, with %s', (_, durations) => {
    fc.assert(
      fc.property(anyOrder(casesOf(durations, { minLength: 1, maxLength: 8 })), (graph) => {
        const { length, slack, path } = solve(graph);
        const grown = (node: number, by: number): bigint => {
          const longer = graph.durations.map((duration, at) => (at === node ? duration + by : duration));
          return longest(chainsOf(graph), { ...graph, durations: longer });
        };
        for (const node of graph.needs.keys()) {
          expect(slack[node]).toBeGreaterThanOrEqual(0);
          expect(grown(node, slack[node]!)).toBe(BigInt(length));
          expect(grown(node, slack[node]! + 1)).toBe(BigInt(length) + 1n);
        }
        expect(path.map((node) => slack[node])).toEqual(path.map(() => 0));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['small numbers', small],
    ['whole nanoseconds', nanoseconds],
  ])('without each of its nodes is the longest whole chain that avoids it, with %s', (_, durations) => {
    fc.assert(
      fc.property(anyOrder(casesOf(durations, { minLength: 1, maxLength: 8 })), (graph) => {
        const isNeeded = new Set(graph.needs.flat());
        const isWhole = (chain: readonly number[]): boolean =>
          graph.needs[chain[0]!]!.length === 0 && !isNeeded.has(chain.at(-1)!);
        const chains = chainsOf(graph).filter(isWhole);
        const expected = solve(graph).path.map((node) =>
          longest(
            chains.filter((chain) => !chain.includes(node)),
            graph,
          ),
        );
        expect([...without(graph)].map(BigInt)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('of a chain of 100,000 nodes takes no deep stack', () => {
    const size = 100_000;
    const chain = {
      needs: Array.from({ length: size }, (_, node) => (node === 0 ? [] : [node - 1])),
      durations: Array.from({ length: size }, (_, node) => node),
    };
    // 0 + 1 + ... + 99,999 = 99,999 * 100,000 / 2
    expect(solve(chain).length).toBe(4_999_950_000);
    expect(new Set(without(chain))).toEqual(new Set([0])); // each node is on the only chain
    const beside = { needs: [...chain.needs, []], durations: [...chain.durations, 7] };
    expect(new Set(without(beside))).toEqual(new Set([7]));
  });
});

/** The same graph with its nodes told in any order. */
function anyOrder(cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return cases.chain(({ needs, durations }) => {
    const nodes = [...needs.keys()];
    return fc.shuffledSubarray(nodes, { minLength: nodes.length }).map((order) => ({
      needs: order.map((node) => needs[node]!.map((needed) => order.indexOf(needed))),
      durations: order.map((node) => durations[node]!),
    }));
  });
}

function graphOf({ needs }: Case): Graph {
  return edges(needs.length, (node, add) => needs[node]!.forEach(add));
}

function solve(tools: Case): ReturnType<typeof findCriticalPath> {
  const graph = graphOf(tools);
  return findCriticalPath(graph, layerGraph(graph).order, Float64Array.from(tools.durations));
}

function without(tools: Case): Float64Array {
  const graph = graphOf(tools);
  return lengthsWithout(graph, layerGraph(graph).order, Float64Array.from(tools.durations), solve(tools));
}

/** Every chain there is: from any node to any that needs it, directly or not. */
function chainsOf({ needs }: Case): number[][] {
  const chains: number[][] = [];
  const extend = (chain: readonly number[]): void => {
    chains.push([...chain]);
    for (const [node, sources] of needs.entries()) if (sources.includes(chain.at(-1)!)) extend([...chain, node]);
  };
  for (const node of needs.keys()) extend([node]);
  return chains;
}

function lengthOf(chain: readonly number[], { durations }: Case): bigint {
  return chain.reduce((sum, node) => sum + BigInt(durations[node]!), 0n);
}

function longest(chains: readonly (readonly number[])[], tools: Case): bigint {
  return chains.map((chain) => lengthOf(chain, tools)).reduce((most, length) => (length > most ? length : most), 0n);
}
