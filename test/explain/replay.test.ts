import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCriticalPath } from '../../src/explain/critical-path.ts';
import { edges } from '../../src/explain/step-graph.ts';
import { replayWithWidth } from '../../src/explain/what-if.ts';
import { layerGraph } from '../../src/graph.ts';
import { type Case, casesOf, simulate } from './simulate.ts';

const duration = fc.integer({ min: 0, max: 12 });
const anyWidth = fc.integer({ min: 1, max: 10 });

describe('a replay with a width', () => {
  it('is computed by hand', () => {
    const tools = { needs: [[], [], [1], [0], []], durations: [4, 2, 3, 1, 2] };
    // a 0-4, b 0-2. e stands in line from the start and takes the slot of b: e 2-4. c, which needs b, has to wait for a slot: c 4-7, d 4-5.
    expect(replay(tools, 2)).toBe(7);
    expect(replay(tools, 1)).toBe(12); // 4 + 2 + 3 + 1 + 2
    expect(replay(tools, 3)).toBe(5); // e 0-2, c 2-5, d 4-5
    expect(replay(tools, Infinity)).toBe(5);
  });

  it('of one after another takes the sum of all, of as many as there are the critical path', () => {
    fc.assert(
      fc.property(casesOf(duration), (tools) => {
        expect(replay(tools, 1)).toBe(sum(tools.durations));
        expect(replay(tools, Infinity)).toBe(criticalPath(tools));
        expect(replay(tools, Math.max(1, tools.needs.length))).toBe(criticalPath(tools));
      }),
    );
  });

  it('equals a simulation wherever no two steps end at the same time', () => {
    fc.assert(
      fc.property(casesOf(duration, { maxLength: 12 }), anyWidth, ({ needs, durations }, width) => {
        // A bit of its own for each step: sums of different steps are different.
        const tools = { needs, durations: durations.map((duration, step) => duration * 2 ** 20 + 2 ** step) };
        expect(replay(tools, width)).toBe(simulate(tools, { width }).makespan);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps the bounds of Graham: no less than the work and the critical path allow, no more than both together', () => {
    fc.assert(
      fc.property(casesOf(duration, { maxLength: 40 }), anyWidth, (tools, width) => {
        const took = replay(tools, width);
        const [work, path] = [sum(tools.durations), criticalPath(tools)];
        expect(took).toBeGreaterThanOrEqual(Math.max(path, work / width));
        expect(took).toBeLessThanOrEqual(work / width + path * (1 - 1 / width) + 1e-9);
      }),
    );
  });

  it('of steps that need nothing never gets longer by more width', () => {
    fc.assert(
      fc.property(fc.array(duration, { maxLength: 20 }), anyWidth, (durations, width) => {
        const tools = { needs: durations.map(() => []), durations };
        expect(replay(tools, width + 1)).toBeLessThanOrEqual(replay(tools, width));
      }),
    );
  });

  it('takes 100,000 steps in a chain, and as many side by side', () => {
    const size = 100_000;
    const durations = Array.from({ length: size }, () => 3);
    const chain = durations.map((_, step) => (step === 0 ? [] : [step - 1]));
    expect(replay({ needs: chain, durations }, 2)).toBe(300_000);
    expect(replay({ needs: durations.map(() => []), durations }, 100)).toBe(3000); // 1,000 rounds of 3
  });
});

function replay({ needs, durations }: Case, width: number): number {
  const graph = edges(needs.length, (node, add) => needs[node]!.forEach(add));
  return replayWithWidth(graph, Float64Array.from(durations), width);
}

function criticalPath({ needs, durations }: Case): number {
  const graph = edges(needs.length, (node, add) => needs[node]!.forEach(add));
  return findCriticalPath(graph, layerGraph(graph).order, Float64Array.from(durations)).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
