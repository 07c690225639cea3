import { describe, expect, it } from 'vitest';
import { explainFacts, type Explanation } from '../../src/explain/explain-run.ts';
import { PlanFacts, type RunFacts, type StepFacts } from '../../src/explain/facts.ts';
import { factsOfRun } from '../../src/explain/facts-of-run.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { DeclaredTool } from '../../src/explain/read/run.ts';
import { createExecutionPlanTrace } from '../../src/index.ts';
import { made, ours } from './made-spans.ts';
import { MS, stepFacts } from './simulate.ts';

type Told = readonly [toolId: string, from: number, to: number, more?: Partial<StepFacts>];

function tool(toolId: string, dependsOn: readonly string[] = [], more: Partial<DeclaredTool> = {}): DeclaredTool {
  return { toolId, toolType: undefined, dependsOn, outputMapping: {}, ...more };
}

function planOf(strategy: string, ...groups: readonly DeclaredTool[][]): PlanFacts {
  return new PlanFacts({ strategy, groups, error: undefined });
}

function explain(plan: PlanFacts, ms: number, told: readonly Told[], run: Partial<RunFacts> = {}): Explanation {
  const steps = told.map(([toolId, from, to, more]) => ({ ...stepFacts(plan, toolId, from * MS, to * MS), ...more }));
  const ended = { hasEnded: true, outcome: 'success' as const, error: undefined, durationNs: ms * MS };
  return explainFacts({ plan, ...ended, clockNs: 0, steps, lost: new Set(), ...run });
}

const NO_PLAN = planOf('dag');

describe('a run that was computed by hand', () => {
  const plan = planOf('dag', [tool('a'), tool('b')], [tool('c', ['a']), tool('d', ['b'])]);
  const explained = explain(plan, 150, [
    ['a', 0, 40, { attempts: 2, retryNs: 10 * MS }],
    ['b', 0, 100, { attempts: 3, retryNs: 30 * MS }],
    ['c', 100, 150],
    ['d', 100, 120],
  ]);

  it('would have been shorter so', () => {
    const { barrier, bottlenecks, whatIf, criticalPath } = explained;
    expect(criticalPath).toEqual({ steps: ['b', 'd'].map((toolId) => ({ toolId, iteration: 1 })), ms: 120 });
    // Without the group c ends after 90 ms, and d is the last.
    expect(barrier).toEqual({ waitedMs: 60, costMs: 30 });
    expect(bottlenecks.map(({ toolId, durationMs, savesMs }) => [toolId, durationMs, savesMs])).toEqual([
      ['b', 100, 50],
      ['c', 50, 25],
    ]);
    expect(whatIf).toEqual({
      readyMs: 120,
      widths: [
        { width: 1, ms: 210 },
        { width: 2, ms: 120 },
        { width: 4, ms: 120 },
      ],
      withoutRetries: [
        { toolId: 'b', iteration: 1, savesMs: 30 },
        { toolId: 'a', iteration: 1, savesMs: 0 },
      ],
    });
  });

  it('waited for this, and for whom', () => {
    const waits = explained.steps.map(({ toolId, dependency, waitMs, waitReason, waitedFor }) => {
      return [toolId, dependency?.toolId, dependency?.ms, waitMs, waitReason, waitedFor?.toolId];
    });
    expect(waits).toEqual([
      ['a', undefined, undefined, 0, undefined, undefined],
      ['b', undefined, undefined, 0, undefined, undefined],
      ['c', 'a', 40, 60, 'group', 'b'],
      ['d', 'b', 100, 0, 'dependency', undefined],
    ]);
    const told: Told[] = [
      ['x', 0, 30],
      ['y', 0, 50],
      ['z', 30, 60],
    ];
    const { steps } = explain(planOf('parallel', [tool('x'), tool('y'), tool('z')]), 60, told);
    expect(steps.at(-1)).toMatchObject({ toolId: 'z', waitMs: 30, waitReason: 'slot', waitedFor: { toolId: 'x' } });
  });
});

describe('loops', () => {
  it('of thousands of passes are followed from pass to pass', () => {
    const plan = planOf('dag', [tool('think')], [tool('act', ['think'])]);
    const passes = 3000;
    const told = Array.from({ length: passes }, (_, pass): Told[] => [
      ['think', 20 * pass, 20 * pass + 10, { iteration: pass + 1 }],
      ['act', 20 * pass + 10, 20 * pass + 20, { iteration: pass + 1 }],
    ]).flat();
    const { criticalPath, findings } = explain(plan, 20 * passes, told);
    expect(criticalPath?.steps).toHaveLength(2 * passes);
    expect(criticalPath?.ms).toBe(20 * passes);
    expect(findings.map(({ kind }) => kind)).not.toContain('early_start');
  });

  it('of passes that are shorter than the clock can tell are followed by their links, and by what comes first in the plan', () => {
    const plan = {
      strategy: 'serial',
      execution_groups: [['a'], ['b', 'a'], ['c', 'b']].map(([id, need]) => ({
        tools: [{ tool_id: id, depends_on: need ? [need] : [] }],
      })),
    };
    // Starts are whole milliseconds, and ends are early by as much as starts are.
    const told = [
      ['a1', 0, 0.4],
      ['b1', 0, 0.4],
      ['a2', 1, 1.3],
      ['b2', 1, 1.2],
      ['c1', 1, 1.1],
    ] as const;
    const linksOf: Record<string, string> = { b1: 'a1', b2: 'a2', a2: 'b1', c1: 'b2' };
    const spans = (isLinked: boolean) =>
      told.map(([id, from, to]) => {
        const attributes = { tool_id: id[0]!, iteration: Number(id[1]), outcome: 'success' };
        const linked = linksOf[id];
        const links =
          isLinked && linked ? [{ traceId: 'any', spanId: made(linked).spanId, attributes: new Map() }] : [];
        return ours('step', id, { parent: 'run', ms: [from, to], attributes, links });
      });
    for (const isLinked of [true, false]) {
      const [run] = reconstruct([
        ours('run', 'run', { ms: [0, 2], attributes: { execution_plan: JSON.stringify(plan), outcome: 'success' } }),
        ...spans(isLinked),
      ]);
      const { criticalPath, steps } = explainFacts(factsOfRun(run!));
      expect(criticalPath?.steps.map(({ toolId, iteration }) => toolId + iteration)).toEqual([
        'a1',
        'b1',
        'a2',
        'b2',
        ...(isLinked ? ['c1'] : []), // else it may have come after the first pass
      ]);
      expect(steps.map(({ waitMs }) => waitMs).filter((ms) => ms > 1)).toEqual([]);
    }
  });

  it('that are too many and too long to follow make no critical path', () => {
    const [size, passes] = [300, 60];
    const plan = planOf(
      'dag',
      ...Array.from({ length: size }, (_, at) => [tool(`t${at}`, at > 0 ? [`t${at - 1}`] : [])]),
    );
    const told = Array.from({ length: size * passes }, (_, at): Told => {
      return [`t${at % size}`, at, at + 1, { iteration: Math.floor(at / size) + 1 }];
    });
    expect(explain(plan, told.length, told).criticalPath).toBeUndefined();
    expect(explain(plan, 2 * size, told.slice(0, 2 * size)).criticalPath?.ms).toBe(2 * size);
  });

  it('hold only what was repeated with them', () => {
    const plan = planOf('dag', [tool('loop')], [tool('after', ['loop'])]);
    const told: Told[] = [
      ['loop', 0, 10],
      ['after', 10, 15],
      ['loop', 20, 40, { iteration: 2 }],
    ];
    expect(explain(plan, 40, told).criticalPath?.steps.map(({ toolId }) => toolId)).toEqual(['loop', 'loop']);
  });

  it('are no group that ran one after another', () => {
    const plan = planOf('dag', [tool('a'), tool('b')]);
    const told = Array.from({ length: 5 }, (_, pass): Told[] => [
      ['a', 20 * pass, 20 * pass + 10, { iteration: pass + 1 }],
      ['b', 20 * pass + 10, 20 * pass + 20, { iteration: pass + 1 }],
    ]).flat();
    expect(explain(plan, 100, told).findings.map(({ kind }) => kind)).not.toContain('serialised');
  });
});

describe('a tool that starts after any of its dependencies', () => {
  const plan = planOf('dag', [tool('fast'), tool('slow')], [tool('c', ['fast', 'slow'], { joinsAny: true })]);

  it('did not wait for the others, and did not start early', () => {
    const { verdict, criticalPath, differences, steps } = explain(plan, 200, [
      ['fast', 0, 20],
      ['slow', 0, 200],
      ['c', 20, 60],
    ]);
    expect(differences).toEqual([]);
    expect(verdict).not.toContain('which it needs');
    expect(criticalPath).toEqual({ steps: [{ toolId: 'slow', iteration: 1 }], ms: 200 });
    expect(steps.find(({ toolId }) => toolId === 'c')).toMatchObject({ dependency: { toolId: 'fast' }, waitMs: 0 });
  });

  it('waited for the first that succeeded', () => {
    const { steps } = explain(plan, 300, [
      ['fast', 0, 20, { outcome: 'failure' }],
      ['slow', 0, 200],
      ['c', 200, 300],
    ]);
    expect(steps.at(-1)?.dependency?.toolId).toBe('slow');
  });

  it('started early before all of them had ended', () => {
    const { differences } = explain(plan, 200, [
      ['fast', 0, 20],
      ['slow', 0, 200],
      ['c', 10, 60],
    ]);
    expect(differences.map(({ text }) => text)).toEqual(['c started 10 ms before fast, which it needs, had ended']);
  });

  it('has all it needs when one of them has succeeded', () => {
    const { verdict } = explain(plan, 20, [['fast', 0, 20]], { hasEnded: false, outcome: undefined });
    expect(verdict).toContain('slow and c could run, and no end of them arrived');
  });

  it('did not wait for what it reads besides', () => {
    const reads = { joinsAny: true, outputMapping: { text: '{draft}' } };
    const looped = planOf(
      'dag',
      [tool('draft'), tool('other')],
      [tool('review', ['draft'])],
      [tool('publish', ['review', 'other'], reads)],
    );
    const told: Told[] = [
      ['draft', 0, 20],
      ['review', 20, 50],
      ['draft', 50, 70, { iteration: 2 }],
      ['review', 70, 100, { iteration: 2 }],
    ];
    const { criticalPath, findings, steps, whatIf } = explain(looped, 120, [
      ...told,
      ['other', 0, 110, { outcome: 'failure' }],
      ['publish', 100, 120],
    ]);
    expect(criticalPath?.steps.map(({ toolId, iteration }) => toolId + iteration)).toEqual([
      'draft1',
      'review1',
      'draft2',
      'review2',
      'publish1',
    ]);
    expect(steps.at(-1)).toMatchObject({ dependency: { toolId: 'review' }, waitMs: 0, waitReason: 'dependency' });
    expect([findings.map(({ kind }) => kind), whatIf?.readyMs]).toEqual([['bottleneck'], 120]);
    const unended = explain(looped, 20, told.slice(0, 1), { hasEnded: false, outcome: undefined });
    expect(unended.verdict).toContain('other and review could run');
  });

  it('did not wait for a loop that goes on', () => {
    const looped = planOf('dag', [tool('loop'), tool('slow')], [tool('c', ['loop', 'slow'], { joinsAny: true })]);
    const { steps } = explain(looped, 100, [
      ['loop', 0, 30],
      ['slow', 0, 50],
      ['loop', 30, 60, { iteration: 2 }],
      ['c', 50, 100],
    ]);
    expect(steps.at(-1)).toMatchObject({ dependency: { toolId: 'slow' }, waitMs: 0 });
  });

  it('is told by the execution plan trace', () => {
    const trace = createExecutionPlanTrace({
      tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'], join: 'any' }],
    });
    expect(trace.execution_groups.flatMap(({ tools }) => tools.map(({ join }) => join))).toEqual([undefined, 'any']);
    expect(PlanFacts.of(trace).tools.map(({ joinsAny }) => joinsAny)).toEqual([false, true]);
    const spans = [
      ours('run', 'run'),
      ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: JSON.stringify(trace) } }),
    ];
    const [run] = reconstruct(spans);
    expect(factsOfRun(run!).plan.tools.map(({ joinsAny }) => joinsAny === true)).toEqual([false, true]);
  });
});

describe('a step that outlives its run', () => {
  const plan = planOf('dag', [tool('a'), tool('b'), tool('c')], [tool('d', ['a'])]);

  it('and of which no more is known did run', () => {
    const failed = explain(plan, 10, [['a', 0, 10, { outcome: 'failure', error: 'boom' }]], {
      outcome: 'failure',
      running: ['b', 'c'],
    });
    expect(failed.verdict).toBe(
      'Failed after 10 ms: a failed (boom); d did not run because of it. b and c still ran when it ended.',
    );
    expect([failed.affected, failed.criticalPath]).toEqual([['d'], undefined]);
    const succeeded = explain(
      plan,
      10,
      [
        ['a', 0, 5],
        ['d', 5, 10],
        ['c', 0, 9],
      ],
      { running: ['b'] },
    );
    expect(succeeded.verdict).toMatch(/^Succeeded in 10 ms, but b still ran when it ended\./);
    expect(succeeded.findings.map(({ kind }) => kind)).not.toContain('plan_not_followed');
    expect(explain(plan, 10, [['a', 0, 5]], { outcome: 'cancellation', running: ['b', 'c'] }).verdict).toBe(
      'Cancelled after 10 ms while b and c ran: 1 of 4 steps had succeeded. d did not run.',
    );
  });

  it('makes no critical path of the run', () => {
    const { criticalPath, findings } = explain(plan, 100, [
      ['a', 0, 90],
      ['b', 0, 90],
      ['c', 0, 400],
      ['d', 90, 100],
    ]);
    expect(criticalPath).toBeUndefined();
    expect(findings[0]).toMatchObject({ kind: 'outlived', text: 'c went on for 300 ms after the run had ended' });
  });
});

describe('a step that started too early', () => {
  it('waited for nothing', () => {
    const plan = planOf('dag', [tool('a'), tool('b', ['a'])]);
    const { steps, findings } = explain(plan, 900, [
      ['a', 0, 800],
      ['b', 500, 900],
    ]);
    expect(steps.map(({ waitMs }) => waitMs)).toEqual([0, 0]);
    expect(findings.map(({ kind }) => kind)).not.toContain('gap');
  });
});

describe('a plan that was not followed', () => {
  it('is none where what did not start needs what was skipped, or where a step failed', () => {
    const plan = planOf('dag', [tool('a')], [tool('b', ['a'])], [tool('c', ['b'])], [tool('d', ['c'])]);
    const kinds = (told: readonly Told[]): string[] => explain(plan, 10, told).findings.map(({ kind }) => kind);
    const skip = { outcome: 'skip', skipReason: 'no rows' } as const;
    expect(
      kinds([
        ['a', 0, 10],
        ['b', 10, 10, skip],
      ]),
    ).not.toContain('plan_not_followed');
    expect(kinds([['a', 0, 10, { outcome: 'failure' }]])).not.toContain('plan_not_followed');
    expect(kinds([['a', 0, 10]])).toContain('plan_not_followed');
  });
});

describe('skips for several reasons', () => {
  it('are told with the reason of the first, and how many others there are', () => {
    const plan = planOf('dag', [tool('a'), tool('b'), tool('c'), tool('d')]);
    const skip = (skipReason: string) => ({ outcome: 'skip', skipReason }) as const;
    const told: Told[] = [
      ['a', 0, 1],
      ['b', 1, 1, skip('off.')],
      ['c', 1, 1, skip('off.')],
      ['d', 1, 1, skip('no rows')],
    ];
    expect(explain(plan, 1, told).verdict).toContain('b and c skipped: off.; 1 other step skipped for other reasons.');
    const three = planOf('dag', [tool('a'), tool('b'), tool('c')]);
    expect(explain(three, 1, told.slice(0, 3)).verdict).toBe('Succeeded in 1.0 ms; b and c skipped: off.');
  });
});

describe('a step that fails in a serial plan', () => {
  it('lets the next one not be what is waited for', () => {
    const plan = planOf('serial', [tool('a'), tool('b')]);
    const told: Told[] = [['a', 0, 10, { outcome: 'failure', error: 'x' }]];
    expect(explain(plan, 10, told, { hasEnded: false, outcome: undefined }).verdict).not.toContain('b could run');
  });
});

describe('a step whose parent did not arrive', () => {
  it('is not said to have run outside of any run', () => {
    const step = ours('step', 's', { parent: 'gone', ms: [0, 11], attributes: { tool_id: 'x' } });
    const [run] = reconstruct([step]);
    expect(explainFacts(factsOfRun(run!)).verdict).toBe('x ran in 11 ms; no run, and no parent of it, arrived.');
  });
});

describe('what another process did', () => {
  const plan = planOf('dag', [tool('a')], [tool('b', ['a'])], [tool('c', ['b'])]);

  it('is not explained away by the process that does not see it', () => {
    const { verdict, criticalPath, findings, notDone } = explain(
      plan,
      240,
      [
        ['a', 0, 20],
        ['c', 220, 240],
      ],
      { elsewhere: new Set(['b']) },
    );
    expect(verdict).toBe('Succeeded in 240 ms. What became of b in another process is not counted.');
    expect([criticalPath, findings]).toEqual([undefined, []]);
    expect(notDone.map(({ toolId }) => toolId)).toEqual(['b']);
  });

  it('is on a clock of its own: the order of the plan counts, and nothing is called early', () => {
    const { verdict, differences, criticalPath } = explain(plan, 240, [
      ['a', 0, 20],
      ['b', 12, 200, { clock: 1 }],
      ['c', 210, 240],
    ]);
    expect(differences).toEqual([]);
    expect(verdict).not.toContain('which it needs');
    expect(criticalPath).toMatchObject({ ms: 238, steps: [{ toolId: 'a' }, { toolId: 'b' }, { toolId: 'c' }] });
  });

  it('on a clock that is ahead neither waited nor outlived the run, nor left it idle', () => {
    const told: Told[] = [
      ['a', 0, 20],
      ['b', 520, 540, { clock: 1 }],
      ['c', 60, 80],
    ];
    const { verdict, steps, findings, whatIf, bottlenecks } = explain(plan, 80, told);
    expect(verdict).toBe('Succeeded in 80 ms: a took 20 ms (25 % of the run). Critical path a > b > c, 60 ms.');
    expect(steps.map(({ waitMs }) => waitMs)).toEqual([0, 0, 0]);
    expect(findings.map(({ kind, savesMs }) => [kind, savesMs])).toEqual([['bottleneck', 0]]);
    expect([bottlenecks, whatIf.withoutRetries]).toEqual([[], []]);
    // Without a dependency between them it is the run's start that is of another clock.
    const free = planOf('dag', [tool('x'), tool('y')]);
    const there = { clock: 1 };
    expect(
      explain(free, 80, [
        ['x', 300, 340, there],
        ['y', 340, 380, there],
      ]).verdict,
    ).not.toMatch(/passed|waited|went on/);
  });

  it('on another host is seen by its resource; on the same one it is of the same clock', () => {
    const clocksOf = (...hosts: string[]): number[] => {
      const spans = hosts.map((host, at) =>
        ours('step', `s${at}`, {
          parent: 'run',
          ms: [at, at + 1],
          attributes: { tool_id: `s${at}` },
          resource: new Map([['host.name', host]]),
        }),
      );
      const resource = new Map([['host.name', 'one']]);
      const [run] = reconstruct([ours('run', 'run', { ms: [0, 9], resource }), ...spans]);
      return factsOfRun(run!).steps.map(({ clock }) => clock);
    };
    expect(clocksOf('one', 'two', 'one')).toEqual([0, 1, 0]);
    expect(clocksOf('two', 'two')).toEqual([1, 1]);
  });

  it('with a finer clock does not make the others finer', () => {
    const spans = [
      ours('run', 'run', { ms: [0, 60], attributes: { outcome: 'success' } }),
      ours('step', 'a', { parent: 'run', ms: [0, 10.9], attributes: { tool_id: 'a' } }),
      ours('step', 'b', { parent: 'run', ms: [10, 50], attributes: { tool_id: 'b', depends_on: ['a'] } }),
      ours('step', 'fine', { parent: 'run', ms: [0.3, 5], attributes: { tool_id: 'fine' } }),
    ];
    const [run] = reconstruct(spans);
    expect(factsOfRun(run!).clockNs).toBe(MS);
  });
});

it('a pass that was lost makes the critical path uncertain, though its tool ran', () => {
  const plan = JSON.stringify(
    createExecutionPlanTrace({ tools: [{ tool_id: 'think' }, { tool_id: 'act', depends_on: ['think'] }] }),
  );
  const step = (
    id: string,
    tool: string,
    iteration: number,
    ms: [number, number],
    links: object[] = [],
  ): ReturnType<typeof ours> =>
    ours('step', id, {
      parent: 'run',
      ms,
      attributes: { tool_id: tool, group_index: tool === 'think' ? 0 : 1, iteration, outcome: 'success' },
      links: links as never,
    });
  const link = {
    traceId: ours('run', 'run').traceId,
    spanId: ours('step', 't2').spanId,
    attributes: new Map([
      ['orchestration.tool_id', 'think'],
      ['orchestration.link.type', 'depends_on'],
    ]),
  };
  const [run] = reconstruct([
    ours('run', 'run', { ms: [0, 80], attributes: { outcome: 'success' } }),
    ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: plan } }),
    step('t1', 'think', 1, [0, 20]),
    step('a1', 'act', 1, [20, 40]),
    step('a2', 'act', 2, [60, 80], [link]),
  ]);
  const { criticalPath, findings } = explainFacts(factsOfRun(run!));
  expect(criticalPath).toBeUndefined();
  expect(findings.map(({ kind }) => kind)).not.toContain('lost_spans');
});

describe('how a run ended', () => {
  it('is known when its span arrived, even if that does not say how', () => {
    const { verdict } = explain(planOf('dag', [tool('a')]), 10, [['a', 0, 1]], { outcome: undefined });
    expect(verdict).toMatch(/^Ended after 10 ms/);
  });

  it('is none of steps that no run holds', () => {
    const [run] = reconstruct([
      ours('step', 'resize', { ms: [0, 40], attributes: { tool_id: 'resize', outcome: 'success' } }),
    ]);
    expect(explainFacts(factsOfRun(run!)).verdict).toBe('resize ran outside of any run, in 40 ms.');
  });

  it('with a success says what was skipped, before the path', () => {
    const plan = planOf('dag', [tool('a')], [tool('b', ['a'])], [tool('publish', ['b'])]);
    const skip = { outcome: 'skip' as const, skipReason: 'too short' };
    expect(
      explain(plan, 100, [
        ['a', 0, 50],
        ['b', 50, 100],
        ['publish', 100, 100, skip],
      ]).verdict,
    ).toBe('Succeeded in 100 ms: a took 50 ms (50 % of the run). publish skipped: too short.');
  });

  it('is a cancellation even if a step had failed', () => {
    const plan = planOf('dag', [tool('a'), tool('b')]);
    const { verdict } = explain(
      plan,
      100,
      [
        ['a', 0, 50, { outcome: 'failure', error: 'x' }],
        ['b', 0, 100, { outcome: 'cancellation' }],
      ],
      { outcome: 'cancellation' },
    );
    expect(verdict).toBe('Cancelled after 100 ms while b ran: none of 2 steps had succeeded. a had failed (x).');
  });

  it('is a failure even if it was cancelled then, which kept other steps from running', () => {
    const plan = planOf('dag', [tool('a'), tool('b')], [tool('c', ['a']), tool('d', ['a', 'b'])]);
    const explained = (cancelReason: string | undefined): Explanation =>
      explain(
        plan,
        100,
        [
          ['a', 0, 50, { outcome: 'failure', error: 'x' }],
          ['b', 0, 100, { outcome: 'cancellation' }],
          ['c', 50, 50, { outcome: 'skip', skipReason: 'dependency failed: a' }],
          ['d', 100, 100, { outcome: 'skip', skipReason: 'run cancelled' }],
        ],
        { outcome: 'failure', cancelReason },
      );
    const head = 'Failed after 100 ms: a failed (x); c did not run because of it. The run was cancelled';
    expect(explained('no time').verdict).toBe(`${head} (no time); d did not run because of that.`);
    expect(explained(undefined).verdict).toBe(`${head}; d did not run because of that.`);
    expect(explained('no time').affected).toEqual(['c']);
  });

  it('with a success does not hide what the plan has and did not start', () => {
    const plan = planOf('dag', [tool('load')], [tool('save', ['load'])], [tool('mail', ['save'])]);
    const { verdict } = explain(plan, 200, [
      ['laod', 0, 50],
      ['save', 50, 200],
    ]);
    expect(verdict).toContain(
      'Succeeded in 200 ms, but load and mail did not start, and laod ran, which the plan does not have.',
    );
  });

  it('does not wait for a step that nobody awaited, nor is it shorter without it', () => {
    const plan = planOf('dag', [tool('a'), tool('load')]);
    const { verdict, findings } = explain(plan, 26, [
      ['a', 0, 20],
      ['load', 1, 300],
    ]);
    expect(verdict).toContain('but load went on for 274 ms after the run had ended');
    expect(findings.filter(({ savesMs }) => savesMs > 26)).toEqual([]);
  });

  it('says nothing of what would help, of a run that has not ended', () => {
    const plan = planOf('dag', [tool('a')], [tool('b', ['a'])], [tool('stuck', ['b'])]);
    const { findings, criticalPath, verdict } = explain(
      plan,
      800,
      [
        ['a', 0, 400],
        ['b', 400, 800],
      ],
      { hasEnded: false, outcome: undefined },
    );
    expect([findings, criticalPath]).toEqual([[], undefined]);
    expect(verdict).toBe(
      'No end of the run arrived: 2 of 3 planned steps ended, the last 800 ms after the start. stuck could run, and no end of it arrived.',
    );
    expect(explain(plan, 0, [], { hasEnded: false, outcome: undefined }).verdict).toMatch(
      /^No end of the run arrived, nor of any step\. a could run/,
    );
  });
});

describe('why a step failed', () => {
  it('may be that it got nothing of what it was to read', () => {
    const plan = planOf('dag', [tool('primary')]);
    const mappings = [{ field: 'keywords', ref: '{$input.keywords}', resolved: false }];
    const { verdict } = explain(
      plan,
      10,
      [['primary', 0, 10, { outcome: 'failure', error: 'no map of undefined', mappings }]],
      { outcome: 'failure' },
    );
    expect(verdict).toBe(
      'Failed after 10 ms: primary failed (no map of undefined). primary got nothing for keywords: {$input.keywords} found nothing.',
    );
  });

  it('is said of the one that failed after it as well', () => {
    const plan = planOf('dag', [tool('a'), tool('lookup')]);
    const { verdict } = explain(
      plan,
      10,
      [
        ['a', 0, 5, { outcome: 'failure', error: 'x' }],
        ['lookup', 0, 10, { outcome: 'failure', error: 'ECONNREFUSED' }],
      ],
      { outcome: 'failure' },
    );
    expect(verdict).toBe('Failed after 10 ms: a failed (x). lookup failed after it (ECONNREFUSED).');
  });

  it('is said of the attempts that were lost', () => {
    const plan = planOf('dag', [tool('fetch')]);
    const tries = { attempts: 3, retryNs: 900 * MS, retryError: '503 from upstream' };
    expect(explain(plan, 1000, [['fetch', 0, 1000, tries]]).verdict).toBe(
      'Succeeded in 1.00 s: fetch needed 3 attempts (503 from upstream), the last began 900 ms after the first.',
    );
  });

  it('is said of attempts that took no time that can be told', () => {
    const plan = planOf('dag', [tool('upload')]);
    expect(explain(plan, 1, [['upload', 0, 1, { attempts: 3 }]]).verdict).toBe(
      'Succeeded in 1.0 ms: upload needed 3 attempts.',
    );
  });

  it('keeps a great many from running, and is told in no time', () => {
    const many = Array.from({ length: 50_000 }, (_, at) => tool(`t${at}`, ['root']));
    const plan = planOf('dag', [tool('root')], many);
    const told = many.map(({ toolId }): Told => [
      toolId,
      1,
      1,
      { outcome: 'skip', skipReason: 'dependency failed: root' },
    ]);
    const root: Told = ['root', 0, 1, { outcome: 'failure', error: 'x' }];
    expect(explain(plan, 1, [root, ...told], { outcome: 'failure' }).verdict).toContain(
      'and 49997 more did not run because of it',
    );
  });
});

describe('what was lost', () => {
  it('by a gap is what the run would have been shorter, not the gap', () => {
    const plan = planOf('dag', [tool('a'), tool('c')], [tool('b', ['a'])]);
    const { findings } = explain(plan, 300, [
      ['a', 0, 100],
      ['b', 200, 300],
      ['c', 0, 270],
    ]);
    expect(findings.find(({ kind }) => kind === 'gap')?.savesMs).toBe(30);
  });

  it('is not said of steps of which nobody knows what they need', () => {
    const { steps } = explain(NO_PLAN, 100, [
      ['a', 0, 50],
      ['b', 50, 100],
    ]);
    expect(steps.map(({ waitMs, waitReason }) => [waitMs, waitReason])).toEqual([
      [0, undefined],
      [0, undefined],
    ]);
  });

  it('by one tool in many passes is told of all, where no plan says what waited for what', () => {
    const told: Told[] = [
      ['llm', 0, 30],
      ['search', 30, 70],
      ['llm', 70, 100, { iteration: 2 }],
      ['lookup', 100, 120],
      ['lookup', 100, 125, { iteration: 2 }],
      ['lookup', 110, 130, { iteration: 3 }],
    ];
    const took = (...more: readonly Told[]): string | undefined =>
      explain(NO_PLAN, 130, [...told, ...more]).findings.find(({ kind }) => kind === 'bottleneck')?.text;
    expect(took()).toBe('llm took 60 ms in 2 passes (46 % of the run)');
    // One or more of them ran from 0 to 30, from 70 to 80 and from 100 to 130.
    expect(took(['lookup', 0, 30], ['lookup', 0, 25], ['lookup', 10, 20], ['lookup', 70, 80])).toBe(
      'lookup took 70 ms in 7 passes (54 % of the run)',
    );
  });

  it('by one pass of a tool is told of that pass, where a plan says what waited for what', () => {
    const plan = planOf('dag', [tool('think')], [tool('act', ['think'])]);
    const took = (...ends: readonly number[]): string | undefined =>
      explain(
        plan,
        ends.at(-1)!,
        ends.map((end, at) => [
          at % 2 === 0 ? 'think' : 'act',
          ends[at - 1] ?? 0,
          end,
          { iteration: Math.floor(at / 2) + 1 },
        ]),
      ).findings.find(({ kind }) => kind === 'bottleneck')?.text;
    expect(took(20, 30, 80, 100)).toBe('think #2 took 50 ms (50 % of the run)');
    expect(took(50, 70, 80, 100)).toBe('think took 50 ms in its first pass (50 % of the run)');
    expect(took(80, 100)).toBe('think took 80 ms (80 % of the run)');
  });

  it('by a step of a run without a plan that was skipped is nothing that ran', () => {
    const plan = planOf('dag', [tool('a')]);
    const { differences } = explain(plan, 10, [
      ['a', 0, 10],
      ['extra', 10, 10, { outcome: 'skip', skipReason: 'not wanted' }],
    ]);
    expect(differences.map(({ kind, toolId }) => [kind, toolId])).toEqual([['skipped', 'extra']]);
  });
});
