import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/explain/analysis.ts';
import { explainFacts, explainRun } from '../../src/explain/explain-run.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { ours } from './made-spans.ts';
import { type Case, casesOf, levelsOf, MS, runFactsOf, simulate, type Simulated } from './simulate.ts';

describe('how much ran at once', () => {
  it('is computed by hand', () => {
    // a 0-4, b 1-3, c 6-8: work 4 + 2 + 2 = 8, busy 0-4 and 6-8 = 6, on average 8 / 6, at most 2; idle 8 - 6 = 2.
    const tools = { needs: [[], [], []], durations: [4, 2, 2] };
    const run = { start: [0, 1, 6], end: [4, 3, 8], ready: [], open: [], makespan: 8 };
    expect(explainFacts(runFactsOf(tools, run)).parallelism).toEqual({
      workMs: 8,
      busyMs: 6,
      achieved: 8 / 6,
      peak: 2,
      idleMs: 2,
    });
  });

  it('is what counting millisecond by millisecond gives, for the run and each of its groups', () => {
    const time = fc.integer({ min: 0, max: 20 });
    const times = fc.array(fc.tuple(time, time), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(casesOf(time), times, (tools, times) => {
        const start = tools.needs.map((_, tool) => times[tool]![0]);
        const end = tools.needs.map((_, tool) => times[tool]![0] + times[tool]![1]);
        const analysis = new Analysis(runFactsOf(tools, { start, end, ready: [], open: [], makespan: 40 }));
        expect(analysis.parallelism).toMatchObject(counted({ start, end }, [...start.keys()]));
        const levels = levelsOf(tools);
        expect(analysis.groups.map(({ groupIndex }) => groupIndex)).toEqual(
          [...new Set(levels)].toSorted((a, b) => a - b),
        );
        for (const group of analysis.groups) {
          const members = [...levels.keys()].filter((tool) => levels[tool] === group.groupIndex);
          expect(group.declared).toBe(members.length);
          expect(group.parallelism).toMatchObject(counted({ start, end }, members));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('could have been more only by what steps waited', () => {
    const even = fc.integer({ min: 1, max: 10 }).map((ms) => 2 * ms); // waits of one are the event loop's
    fc.assert(
      fc.property(casesOf(even), fc.integer({ min: 1, max: 4 }), (tools, width) => {
        const run = simulate(tools, { width });
        const { parallelism } = new Analysis(runFactsOf(tools, run));
        const asReady = counted({ start: run.ready, end: run.end }, [...run.start.keys()]);
        expect(parallelism.possiblePeak).toBe(asReady.peak);
        expect(parallelism.peak).toBeLessThanOrEqual(width);
      }),
      { numRuns: 300 },
    );
  });

  it('does not count steps that were skipped', () => {
    const tools = { needs: [[], []], durations: [4, 4] };
    const facts = runFactsOf(tools, simulate(tools));
    const [first, second] = facts.steps;
    const skipped = { ...facts, steps: [first!, { ...second!, outcome: 'skip' as const }] };
    expect(new Analysis(skipped).parallelism).toMatchObject({ workNs: 4e6, busyNs: 4e6, peak: 1 });
  });
});

describe('a clock that starts spans on whole milliseconds', () => {
  const microseconds = fc.oneof(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: 6_000 }));
  const anyWidth = fc.integer({ min: 1, max: 4 });

  it('shows no early starts, and nothing at once that ran one after another', () => {
    fc.assert(
      fc.property(casesOf(microseconds), anyWidth, fc.boolean(), (tools, width, barriers) => {
        const { differences, parallelism, groups } = read(tools, simulate(tools, { width, barriers }));
        expect(differences.filter(({ kind }) => kind === 'early' || kind === 'wider')).toEqual([]);
        expect(parallelism.peak).toBeLessThanOrEqual(width);
        for (const { peak, declared } of groups) expect(peak).toBeLessThanOrEqual(Math.min(width, declared));
      }),
      { numRuns: 500 },
    );
  });

  it('shows no waits where every step started when it could', () => {
    fc.assert(
      fc.property(casesOf(microseconds), (tools) => {
        const { steps, barrier, differences } = read(tools, simulate(tools));
        expect(steps.map(({ waitReason }) => waitReason).filter((reason) => reason !== 'dependency')).toEqual(
          steps.filter(({ dependency }) => dependency === undefined).map(() => undefined),
        );
        expect(barrier).toEqual({ waitedMs: 0, costMs: 0 });
        expect(differences).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('does not say that more could have run at once where a step started a moment late', () => {
    // c could start when a had ended, at 4.643, but its span starts on 4; d needs b, 3.643, and starts on 3, until 3 + 1.644.
    const tools = { needs: [[], [], [0], [1]], durations: [4643, 3643, 1001, 1644] };
    expect(read(tools, simulate(tools)).differences).toEqual([]);
  });

  it('takes a wait of a few milliseconds for one for a slot, even if steps took less than its own step', () => {
    // One at a time: t1 till 5.253, then t3 till 7.101, then t2 till 7.643, then t4.
    const tools = { needs: [[], [0], [1], [0], [1]], durations: [0, 5253, 542, 1848, 0] };
    const { steps } = read(tools, simulate(tools, { width: 1 }));
    expect(steps.map(({ toolId, waitReason }) => [toolId, waitReason])).toContainEqual(['t4', 'slot']);
  });

  it('shows no barriers where steps waited for slots', () => {
    fc.assert(
      fc.property(casesOf(microseconds), anyWidth, (tools, width) => {
        const { steps } = read(tools, simulate(tools, { width }));
        expect(steps.filter(({ waitReason }) => waitReason === 'group')).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('shows a serial run as one after another', () => {
    fc.assert(
      fc.property(casesOf(microseconds), (tools) => {
        const { differences } = read(tools, simulate(inOrder(tools)), 'serial');
        expect(differences).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

/** By counting. Steps that take no time at all are at no time. */
function counted(
  { start, end }: Pick<Simulated, 'start' | 'end'>,
  members: readonly number[],
): { workNs: number; busyNs: number; peak: number; achieved: number } {
  let [work, busy, peak] = [0, 0, 0];
  for (let ms = 0; ms < 400; ms += 1) {
    const running = members.filter((tool) => start[tool]! <= ms && ms < end[tool]!).length;
    work += running;
    if (running > 0) busy += 1;
    peak = Math.max(peak, running);
  }
  return { workNs: work * MS, busyNs: busy * MS, peak, achieved: busy > 0 ? work / busy : 0 };
}

/** Each tool after the one before it in the plan, whatever it needs. */
function inOrder(tools: Case): Case {
  const levels = levelsOf(tools);
  const order = [...levels.keys()].toSorted((a, b) => levels[a]! - levels[b]! || a - b);
  const before = new Map(order.slice(1).map((tool, place) => [tool, order[place]!]));
  return { ...tools, needs: tools.needs.map((_, tool) => (before.has(tool) ? [before.get(tool)!] : [])) };
}

/** Explains a simulated run, whose times are microseconds, from spans that the SDK would make: starts floored, durations exact. */
function read(tools: Case, run: Simulated, strategy = 'dag'): ReturnType<typeof explainRun> {
  const [explained] = reconstruct(flooredSpans(tools, run, strategy)).map(explainRun);
  return explained!;
}

function flooredSpans(tools: Case, { start, end, makespan }: Simulated, strategy: string): ReceivedSpan[] {
  // The run starts somewhere within a millisecond.
  const floored = (from: number, to: number): readonly [number, number] => {
    const floor = Math.floor((from + 357) / 1000);
    return [floor, floor + (to - from) / 1000];
  };
  const { plan } = runFactsOf(tools, { start, end, ready: [], open: [], makespan }, strategy);
  const groups = Array.from({ length: plan.groupCount }, (_, group) => ({
    tools: plan.tools
      .filter((_, tool) => plan.groupOf[tool] === group)
      .map(({ toolId, dependsOn }) => ({ tool_id: toolId, depends_on: dependsOn })),
  }));
  return [
    ours('run', 'run', { ms: floored(0, makespan), attributes: { outcome: 'success', strategy } }),
    ours('plan', 'plan', {
      parent: 'run',
      ms: floored(0, 0),
      attributes: { execution_plan: JSON.stringify({ strategy, execution_groups: groups }) },
    }),
    ...tools.needs.map((_, tool) =>
      ours('step', `t${tool}`, {
        parent: 'run',
        ms: floored(start[tool]!, end[tool]!),
        attributes: {
          tool_id: `t${tool}`,
          group_index: plan.groupOf[plan.index.get(`t${tool}`)!]!,
          outcome: 'success',
        },
      }),
    ),
  ];
}
