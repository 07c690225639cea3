import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/explain/analysis.ts';
import { casesOf, levelsOf, MS, runFactsOf, simulate } from './simulate.ts';

/** Milliseconds. Waits of up to one are the event loop's, so that these have to be longer to be found. */
const duration = fc.integer({ min: 2, max: 30 });
const anyWidth = fc.integer({ min: 1, max: 4 });

describe('what a step waited for', () => {
  it('is a slot exactly where it had all it needs and as many as may run were running', () => {
    fc.assert(
      fc.property(casesOf(duration), anyWidth, (tools, width) => {
        const run = simulate(tools, { width });
        const { waits } = new Analysis(runFactsOf(tools, run));
        const expected = run.start.map((at, tool) => {
          if (at - run.ready[tool]! > 1) return 'slot';
          return tools.needs[tool]!.length > 0 ? 'dependency' : undefined;
        });
        expect(waits.reason).toEqual(expected);
        for (const [tool, at] of run.start.entries()) {
          expect(waits.ns[tool]).toBe((at - run.ready[tool]!) * MS);
          // The step named as the one that gave up its slot ended just then.
          if (waits.reason[tool] === 'slot') expect(run.end[waits.releasedBy[tool]!]).toBe(at);
          else expect(waits.releasedBy[tool]).toBe(-1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is the groups before exactly where it had all it needs and they had not all ended', () => {
    fc.assert(
      fc.property(casesOf(duration), (tools) => {
        const run = simulate(tools, { barriers: true });
        const { waits } = new Analysis(runFactsOf(tools, run));
        const expected = run.start.map((at, tool) => {
          if (at - run.ready[tool]! > 1) return 'group';
          return tools.needs[tool]!.length > 0 ? 'dependency' : undefined;
        });
        expect(waits.reason).toEqual(expected);
        for (const [tool, at] of run.start.entries())
          if (waits.reason[tool] === 'group') expect(run.end[waits.releasedBy[tool]!]).toBe(at);
      }),
      { numRuns: 500 },
    );
  });

  it('with barriers and a width is a slot where all were taken all the while, else the groups before', () => {
    fc.assert(
      fc.property(casesOf(duration), anyWidth, (tools, width) => {
        const run = simulate(tools, { width, barriers: true });
        const { waits } = new Analysis(runFactsOf(tools, run));
        const runningAt = (time: number): number =>
          run.start.filter((at, tool) => at <= time && run.end[tool]! > time).length;
        const peak = Math.max(0, ...run.start.map(runningAt));
        for (const [tool, at] of run.start.entries()) {
          const ready = run.ready[tool]!;
          const wait = Array.from({ length: at - ready }, (_, ms) => runningAt(ready + ms));
          const free = wait.filter((running) => running < peak).length;
          // A moment in which a slot was free may be between two steps; then nothing can be said for certain.
          if (wait.length <= 1) expect(waits.reason[tool]).not.toBe('slot');
          else if (free === 0) expect(waits.reason[tool]).toBe('slot');
          else if (free > 1 && run.open[tool]! - ready > 1) expect(waits.reason[tool]).toBe('group');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('names the dependency that ended last, and how long it was the only one missing', () => {
    fc.assert(
      fc.property(casesOf(duration), anyWidth, fc.boolean(), (tools, width, barriers) => {
        const run = simulate(tools, { width, barriers });
        const { waits } = new Analysis(runFactsOf(tools, run));
        for (const [tool, needs] of tools.needs.entries()) {
          const ends = needs.map((needed) => run.end[needed]!).toSorted((a, b) => b - a);
          expect(waits.dependencyNs[tool]).toBe(((ends[0] ?? 0) - (ends[1] ?? 0)) * MS);
          if (needs.length === 0) expect(waits.dependency[tool]).toBe(-1);
          else {
            expect(needs).toContain(waits.dependency[tool]);
            expect(run.end[waits.dependency[tool]!]).toBe(ends[0]);
          }
        }
      }),
    );
  });

  it('is what whoever ran it said, where that was a slot or a group', () => {
    fc.assert(
      fc.property(
        casesOf(duration),
        anyWidth,
        fc.constantFrom('slot' as const, 'group' as const),
        (tools, width, said) => {
          const run = simulate(tools, { width });
          const facts = runFactsOf(tools, run);
          const recorded = { ...facts, steps: facts.steps.map((step) => ({ ...step, waitReason: said })) };
          const { reason } = new Analysis(recorded).waits;
          for (const [tool, at] of run.start.entries()) if (at - run.ready[tool]! > 1) expect(reason[tool]).toBe(said);
        },
      ),
    );
  });

  it('is not the groups before where another step of its group did not wait for them', () => {
    // a 0-10, b 0-40; then what needs a: c waits till 40, when b has ended, but d does not, and from 15 on b runs alone.
    const [start, end, needs] = [
      [0, 0, 40, 10],
      [10, 40, 50, 15],
      [[], [], [0], [0]],
    ];
    const run = { start, end, ready: [], open: [], makespan: 50 };
    const tools = { needs, durations: [10, 40, 10, 5] };
    expect(new Analysis(runFactsOf(tools, run)).waits.reason).toEqual([undefined, undefined, 'unknown', 'dependency']);
    // Without d nothing speaks against it.
    const alone = { needs: needs.slice(0, 3), durations: [10, 40, 10] };
    const { waits } = new Analysis(runFactsOf(alone, { ...run, start: start.slice(0, 3), end: end.slice(0, 3) }));
    expect(waits.reason[2]).toBe('group');
  });

  it('is unknown where nothing explains it', () => {
    // b could start at 10, when a ended, but does at 30; nothing else ran, and no group before its own had anything left.
    const tools = { needs: [[], [0]], durations: [10, 5] };
    const run = { start: [0, 30], end: [10, 35], ready: [0, 10], open: [0, 10], makespan: 35 };
    const { waits } = new Analysis(runFactsOf(tools, run));
    expect(waits.reason).toEqual([undefined, 'unknown']);
    expect(waits.ns[1]).toBe(20e6);
  });
});

describe('the replay of a run as it went', () => {
  it('takes exactly as long as the run until its last step ended', () => {
    fc.assert(
      fc.property(casesOf(duration), anyWidth, fc.boolean(), (tools, width, barriers) => {
        const run = simulate(tools, { width, barriers });
        expect(new Analysis(runFactsOf(tools, run)).observed.lengthNs).toBe(run.makespan * MS);
      }),
      { numRuns: 300 },
    );
  });

  it('does so for any times at all, and any plan', () => {
    const time = fc.integer({ min: 0, max: 60 });
    const times = fc.array(fc.tuple(time, time), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(casesOf(duration), times, fc.constantFrom('dag', 'serial'), (tools, times, strategy) => {
        const start = tools.needs.map((_, tool) => times[tool]![0]);
        const end = tools.needs.map((_, tool) => times[tool]![0] + times[tool]![1]);
        const run = { start, end, ready: [], open: [], makespan: Math.max(0, ...end) };
        expect(new Analysis(runFactsOf(tools, run, strategy)).observed.lengthNs).toBe(run.makespan * MS);
      }),
      { numRuns: 500 },
    );
  });

  it('says of a shorter step what a full replay says', () => {
    fc.assert(
      fc.property(
        casesOf(duration),
        anyWidth,
        fc.boolean(),
        fc.nat({ max: 100 }),
        (tools, width, barriers, percent) => {
          const facts = runFactsOf(tools, simulate(tools, { width, barriers }));
          const analysis = new Analysis(facts);
          for (const [step, duration] of tools.durations.entries()) {
            const less = Math.round((duration * MS * percent) / 100);
            const shorter = tools.durations.map((duration, at) => duration * MS - (at === step ? less : 0));
            const saved = analysis.observed.lengthNs - replayed(analysis, shorter);
            expect(analysis.observed.savedBy(step, less)).toBe(saved);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('without the bound of slots, or without barriers, takes as long as the critical path', () => {
    fc.assert(
      fc.property(casesOf(duration.map((ms) => 2 * ms)), anyWidth, fc.boolean(), (tools, width, barriers) => {
        const run = simulate(tools, barriers ? { barriers } : { width });
        const { observed, criticalPath } = new Analysis(runFactsOf(tools, run));
        expect(observed.lengthNs - observed.savedWithout(() => true)).toBe(criticalPath.length);
      }),
      { numRuns: 300 },
    );
  });

  it('never gets longer by what steps do not wait for', () => {
    const time = fc.integer({ min: 0, max: 60 });
    const times = fc.array(fc.tuple(time, time), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(casesOf(duration), times, fc.nat(), (tools, times, chosen) => {
        const start = tools.needs.map((_, tool) => times[tool]![0]);
        const end = tools.needs.map((_, tool) => times[tool]![0] + times[tool]![1]);
        const analysis = new Analysis(runFactsOf(tools, { start, end, ready: [], open: [], makespan: 0 }));
        const saved = analysis.observed.savedWithout((step) => (chosen & (1 << step)) !== 0);
        expect(saved).toBeGreaterThanOrEqual(0);
        expect(saved).toBeLessThanOrEqual(analysis.observed.lengthNs);
      }),
      { numRuns: 300 },
    );
  });
});

/** How long the run takes with these durations, everything else as it was: each step waits for what it waited for, then for its gap. */
function replayed({ facts, graph, waits, observed }: Analysis, durations: readonly number[]): number {
  const levels = levelsOf({ needs: facts.steps.map((_, step) => neededBy(graph.needs, step)) });
  const end: number[] = [];
  const endOf = (step: number): number => {
    if (end[step] !== undefined) return end[step];
    const before = neededBy(graph.needs, step);
    if (waits.reason[step] === 'slot') before.push(waits.releasedBy[step]!);
    if (waits.reason[step] === 'group')
      for (const [other, level] of levels.entries()) if (level < levels[step]!) before.push(other);
    const ready = Math.max(0, ...before.map(endOf));
    return (end[step] = ready + observed.gapBefore(step) + durations[step]!);
  };
  return Math.max(0, ...facts.steps.map((_, step) => endOf(step)));
}

function neededBy({ start, needs }: Analysis['graph']['needs'], step: number): number[] {
  return [...needs.subarray(start[step], start[step + 1])];
}
