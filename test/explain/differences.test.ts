import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Difference } from '../../src/explain/differences.ts';
import { explainFacts, explainRun } from '../../src/explain/explain-run.ts';
import { PlanFacts, type RunFacts, type StepFacts } from '../../src/explain/facts.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import { ours } from './made-spans.ts';
import { casesOf, MS, runFactsOf, simulate, stepFacts } from './simulate.ts';

/** Two groups: a and b, then c, which needs a. */
const PLAN = planOf('dag', [[tool('a'), tool('b')], [tool('c', 'a')]]);
const AS_PLANNED = { a: [0, 10], b: [0, 20], c: [10, 30] } as const;

describe('a run that did what its plan says', () => {
  it('has no differences', () => {
    expect(differencesOf(PLAN, AS_PLANNED)).toEqual([]);
  });

  it('has none, whatever the plan, in groups or as soon as it can', () => {
    fc.assert(
      fc.property(casesOf(fc.integer({ min: 0, max: 30 }), { minLength: 1 }), fc.boolean(), (tools, barriers) => {
        const run = simulate(tools, { barriers });
        expect(explainFacts(runFactsOf(tools, run)).differences).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('has none where starts are late by what an event loop takes', () => {
    const late = fc.array(fc.integer({ min: 0, max: 900_000 }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(casesOf(fc.integer({ min: 0, max: 9 }), { minLength: 1 }), late, (tools, late) => {
        const { needs, durations } = tools;
        const [start, end]: number[][] = [[], []] as const;
        for (const [tool, sources] of needs.entries()) {
          start[tool] = Math.max(0, ...sources.map((source) => end[source]!)) + late[tool]! / MS;
          end[tool] = start[tool] + durations[tool]!;
        }
        const run = { start, end, ready: [], open: [], makespan: Math.max(...end) };
        expect(explainFacts(runFactsOf(tools, run)).differences).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what was not as planned', () => {
  it('is a step that did not start', () => {
    expect(differencesOf(PLAN, { a: [0, 10], b: [0, 20] })).toEqual([
      { kind: 'not_started', toolId: 'c', groupIndex: 1, text: 'c did not start' },
    ]);
  });

  it('is, of a run that has not ended, a step without a span', () => {
    expect(differencesOf(PLAN, { a: [0, 10], b: [0, 20] }, { hasEnded: false, outcome: undefined })).toEqual([
      { kind: 'not_started', toolId: 'c', groupIndex: 1, text: 'c has no span yet' },
    ]);
  });

  it('is a span that did not arrive', () => {
    expect(differencesOf(PLAN, { a: [0, 10], b: [0, 20] }, { lost: new Set(['c']) })).toEqual([
      { kind: 'no_span', toolId: 'c', groupIndex: 1, text: 'c has no span: it did not arrive' },
    ]);
  });

  it('is a step that was skipped, with the reason', () => {
    const skipped = { outcome: 'skip', skipReason: 'condition not met' } as const;
    expect(differencesOf(PLAN, AS_PLANNED, {}, { c: skipped })).toEqual([
      { kind: 'skipped', toolId: 'c', groupIndex: 1, text: 'c was skipped: condition not met' },
    ]);
  });

  it('is a step that the plan does not have', () => {
    expect(differencesOf(PLAN, { ...AS_PLANNED, d: [3, 4] })).toEqual([
      { kind: 'extra', toolId: 'd', groupIndex: undefined, text: 'd ran, and the plan does not have it' },
    ]);
  });

  it('is a step that started before what it needs had ended', () => {
    // a ends at 10, c starts at 6.
    expect(differencesOf(PLAN, { ...AS_PLANNED, c: [6, 30] })).toEqual([
      { kind: 'early', toolId: 'c', groupIndex: 1, text: 'c started 4.0 ms before a, which it needs, had ended' },
    ]);
  });

  it('is a step that started after any of its dependencies, not all (join: any)', () => {
    const plan = planOf('dag', [[tool('a'), tool('b')], [tool('c', 'a', 'b')]]);
    expect(differencesOf(plan, AS_PLANNED)).toEqual([
      { kind: 'early', toolId: 'c', groupIndex: 1, text: 'c started 10 ms before b, which it needs, had ended' },
    ]);
  });

  it('is a step of a serial plan that started before the one before it', () => {
    const plan = planOf('serial', [[tool('a')], [tool('b')], [tool('c')]]);
    expect(differencesOf(plan, { a: [0, 10], b: [20, 30], c: [10, 20] })).toEqual([
      {
        kind: 'out_of_order',
        toolId: 'c',
        groupIndex: 2,
        text: 'c started before b, which comes before it in the plan',
      },
    ]);
  });

  it('is a step that was tried again', () => {
    expect(differencesOf(PLAN, AS_PLANNED, {}, { c: { attempts: 3, retryNs: 12 * MS } })).toEqual([
      { kind: 'retried', toolId: 'c', groupIndex: 1, text: 'c took 3 attempts; the last started after 12 ms' },
    ]);
  });

  it('is a step that ran more than once', () => {
    const facts = factsOf(PLAN, AS_PLANNED);
    const again = { ...stepFacts(PLAN, 'c', 30 * MS, 35 * MS), iteration: 2 };
    expect(explainFacts({ ...facts, steps: [...facts.steps, again] }).differences).toEqual([
      { kind: 'repeated', toolId: 'c', groupIndex: 1, text: 'c ran 2 times' },
    ]);
  });

  it('is a group that ran more at once than it may', () => {
    const facts = factsOf(PLAN, AS_PLANNED);
    const again = { ...stepFacts(PLAN, 'c', 12 * MS, 35 * MS), iteration: 2 };
    expect(kindsOf({ ...facts, steps: [...facts.steps, again] })).toEqual(['repeated', 'wider']);
  });

  it('is a serial plan of which steps ran at once', () => {
    const plan = planOf('serial', [[tool('a')], [tool('b')]]);
    expect(differencesOf(plan, { a: [0, 10], b: [5, 15] })).toEqual([
      {
        kind: 'wider',
        toolId: undefined,
        groupIndex: undefined,
        text: 'the plan is serial, but up to 2 steps ran at once',
      },
    ]);
  });

  it('is a group that ran one after another', () => {
    // b could have started with a, but did when a had ended.
    expect(differencesOf(PLAN, { a: [0, 10], b: [10, 20], c: [10, 30] })).toEqual([
      {
        kind: 'narrower',
        toolId: undefined,
        groupIndex: 0,
        text: 'group 0 may run 2 tools at once; at most 1 did',
      },
    ]);
  });

  it('is told in an order that is always the same', () => {
    const facts = factsOf(PLAN, { a: [0, 10], d: [0, 5], b: [0, 20], c: [6, 30] });
    const steps = facts.steps.map((step) => (step.toolId === 'b' ? { ...step, attempts: 2, retryNs: MS } : step));
    const shuffled = fc.shuffledSubarray(steps, { minLength: 4 });
    fc.assert(
      fc.property(shuffled, (steps) => {
        expect(kindsOf({ ...facts, steps })).toEqual(['extra', 'early', 'retried']);
      }),
    );
  });

  it('is nothing where there is no plan to differ from', () => {
    const none = planOf(undefined, []);
    expect(differencesOf(none, { a: [0, 10], b: [5, 6] })).toEqual([]);
  });
});

describe('a step without a span', () => {
  const groups = [[{ tool_id: 'a' }], [{ tool_id: 'b', depends_on: ['a'] }], [{ tool_id: 'c', depends_on: ['b'] }]];
  const plan = { strategy: 'dag', execution_groups: groups.map((tools) => ({ tools })) };

  /** a 0-10, b, of which no span arrived, c 30-40. */
  const withoutB = (strategy: string, said: Record<string, string[]>): ReturnType<typeof explainRun> => {
    const [run] = reconstruct([
      ours('run', 'run', { ms: [0, 40], attributes: { outcome: 'success', ...said } }),
      ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: JSON.stringify({ ...plan, strategy }) } }),
      ...(['a', 'c'] as const).map((id) =>
        ours('step', id, {
          parent: 'run',
          ms: id === 'a' ? [0.5, 10] : [30, 40], // the clock is exact to the microsecond
          attributes: { tool_id: id, group_index: id === 'a' ? 0 : 2, outcome: 'success' },
        }),
      ),
    ]);
    return explainRun(run!);
  };

  it.each(['dag', 'serial'])('that was skipped is a skip all the same, as the run says (%s)', (strategy) => {
    const { differences, notDone, completeness, steps, criticalPath, verdict } = withoutB(strategy, { skipped: ['b'] });
    expect(differences.map(({ kind, toolId }) => [kind, toolId])).toEqual([['skipped', 'b']]);
    expect(notDone).toEqual([{ toolId: 'b', reason: 'skipped: it has no span' }]);
    expect(completeness).toEqual({ planned: 3, seen: 3 });
    expect(steps.map(({ toolId, startMs, durationMs }) => [toolId, startMs, durationMs])).toEqual([
      ['a', 0.5, 9.5],
      ['b', 10, 0],
      ['c', 30, 10],
    ]);
    expect(criticalPath).toEqual({ steps: [step('a'), step('c')], ms: 19.5 });
    expect(verdict).toContain('20 ms passed between the end of b and the start of c');
  });

  it.each(['dag', 'serial'])('does not cut what needs it off from what it needs (%s)', (strategy) => {
    const { differences, steps, criticalPath, findings } = withoutB(strategy, {});
    expect(differences.map(({ kind, toolId }) => [kind, toolId])).toEqual([['no_span', 'b']]);
    expect(criticalPath).toBeUndefined(); // b may have been on it
    expect(steps.at(-1)).toMatchObject({ toolId: 'c', waitMs: 20, dependency: { toolId: 'a' } });
    expect(findings.map(({ text }) => text).join()).not.toContain('needs nothing');
  });

  it('lets nothing be called early for what only the lost step needs', () => {
    // c needs b, which was lost, and b needs a. If it was too early, b was: c kept to the plan as far as anybody saw.
    const facts = factsOf(planOf('dag', [[tool('a')], [tool('b', 'a')], [tool('c', 'b')]]), { a: [0, 10], c: [5, 20] });
    expect(kindsOf({ ...facts, lost: new Set(['b']) })).toEqual(['no_span']);
  });
});

function step(toolId: string): { toolId: string; iteration: number } {
  return { toolId, iteration: 1 };
}

type Times = Readonly<Record<string, readonly [number, number]>>;

function tool(toolId: string, ...dependsOn: readonly string[]): PlanFacts['tools'][number] {
  return { toolId, toolType: undefined, dependsOn, outputMapping: {} };
}

function planOf(strategy: string | undefined, groups: readonly (readonly PlanFacts['tools'][number][])[]): PlanFacts {
  return new PlanFacts({ strategy, groups, error: undefined });
}

/** Times in milliseconds. */
function factsOf(plan: PlanFacts, times: Times, more: Readonly<Record<string, Partial<StepFacts>>> = {}): RunFacts {
  const steps = Object.entries(times).map(([toolId, [from, to]]) => ({
    ...stepFacts(plan, toolId, from * MS, to * MS),
    ...more[toolId],
  }));
  const durationNs = Math.max(...steps.map(({ endNs }) => endNs));
  return { plan, hasEnded: true, outcome: 'success', error: undefined, durationNs, clockNs: 0, steps, lost: new Set() };
}

function differencesOf(
  plan: PlanFacts,
  times: Times,
  run: Partial<RunFacts> = {},
  steps: Readonly<Record<string, Partial<StepFacts>>> = {},
): readonly Difference[] {
  return explainFacts({ ...factsOf(plan, times, steps), ...run }).differences;
}

function kindsOf(facts: RunFacts): string[] {
  return explainFacts(facts).differences.map(({ kind }) => kind);
}
