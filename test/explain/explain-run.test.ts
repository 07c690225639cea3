import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainFacts, explainRun, type Explanation } from '../../src/explain/explain-run.ts';
import { PlanFacts, type RunFacts } from '../../src/explain/facts.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { ours, overviewSpans } from './made-spans.ts';
import { MS, stepFacts } from './simulate.ts';

describe('a run that was read back', () => {
  it('is explained with all that its spans say', () => {
    const explanation = explain(overviewSpans());
    // The run takes 100 ms; secondary 29 (1-30), then audit 68 (30-98): 97. Two steps at once in both groups.
    expect(explanation).toMatchObject({
      durationMs: 100,
      completeness: { planned: 5, seen: 5 },
      criticalPath: { steps: [nameOf('secondary'), nameOf('audit')], ms: 97 },
      rootCause: 'audit',
      affected: ['publish'],
      done: ['primary', 'secondary', 'aggregate'],
      notDone: [
        { toolId: 'audit', reason: 'failure: audit answered 503' },
        { toolId: 'publish', reason: 'skipped: dependency failed: audit' },
      ],
      dataFlow: { unresolved: [{ toolId: 'aggregate', field: 'limit', ref: '{secondary.data.limit}' }] },
    });
    // By durations alone: primary 19 and aggregate 1 leave 97 - 20 = 77; secondary 29 and aggregate 1 leave aggregate 97 - 30 = 67.
    const slack = Object.fromEntries(explanation.steps.map(({ toolId, slackMs }) => [toolId, slackMs]));
    expect(slack).toEqual({ primary: 77, secondary: 0, aggregate: 67, audit: 0, publish: 0 });
    expect(explanation.differences.map(({ kind, toolId }) => [kind, toolId])).toEqual([
      ['skipped', 'publish'],
      ['retried', 'audit'],
    ]);
    // The second attempt began 40 ms after the first (70 - 30); without that the run had been 40 ms shorter.
    expect(explanation.whatIf.withoutRetries).toEqual([{ ...nameOf('audit'), savesMs: 40 }]);
    expect(explanation.verdict).toBe(
      'Failed after 100 ms: audit failed after 2 attempts (audit answered 503); publish did not run because of it. aggregate got nothing for limit: {secondary.data.limit} found nothing.',
    );
  });

  it('without its plan is explained by what its steps say of their dependencies', () => {
    const { criticalPath, completeness, steps } = explain(overviewSpans().filter(({ name }) => name !== 'plan'));
    expect(criticalPath).toEqual({ steps: [nameOf('secondary'), nameOf('audit')], ms: 97 });
    expect(completeness).toEqual({ planned: 0, seen: 0 });
    expect(steps.find(({ toolId }) => toolId === 'audit')?.dependency).toEqual({
      toolId: 'secondary',
      iteration: 1,
      ms: 30,
    });
  });

  it('without plan and dependencies has no critical path and no differences, but the time of each step', () => {
    const { criticalPath, differences, steps, verdict } = explain([
      ours('run', 'run', { ms: [0, 30], attributes: { outcome: 'success', 'plan.source': 'none' } }),
      stepSpan('a', [0, 10]),
      stepSpan('b', [10, 30]),
    ]);
    expect({ criticalPath, differences }).toEqual({ criticalPath: undefined, differences: [] });
    expect(steps.map(({ toolId, durationMs }) => [toolId, durationMs])).toEqual([
      ['a', 10],
      ['b', 20],
    ]);
    expect(verdict).toMatch(/^Succeeded in 30 ms: b took 20 ms .*67 %.*\.$/);
  });

  it('without plan and dependencies has no savings: nobody knows what would have to wait for what', () => {
    const step = (id: string, from: number, to: number): ReceivedSpan =>
      ours('step', id, { parent: 'run', ms: [from, to], attributes: { tool_id: id, outcome: 'success' } });
    const run = ours('run', 'run', { ms: [0, 100], attributes: { outcome: 'success', 'plan.source': 'none' } });
    const { bottlenecks, whatIf, steps, findings } = explain([run, step('think', 0, 60), step('act', 60, 100)]);
    expect(findings.map(({ kind, savesMs }) => [kind, savesMs])).toEqual([['bottleneck', 0]]);
    expect({ bottlenecks, widths: whatIf.widths, saves: steps.map(({ savesMs }) => savesMs) }).toEqual({
      bottlenecks: [],
      widths: [],
      saves: [0, 0],
    });
  });

  it('takes skipped steps in the middle for steps that took no time', () => {
    // a 10 > b skipped > c 5: the critical path is a and c, 15.
    const { criticalPath, steps, differences } = explain([
      ours('run', 'run', { ms: [0, 15], attributes: { outcome: 'success' } }),
      planSpan([[tool('a')], [tool('b', 'a')], [tool('c', 'b')]]),
      stepSpan('a', [0, 10]),
      stepSpan('b', [10, 10], { outcome: 'skip', skip_reason: 'condition not met' }),
      stepSpan('c', [10, 15]),
    ]);
    expect(criticalPath).toEqual({ steps: [nameOf('a'), nameOf('c')], ms: 15 });
    expect(steps.map(({ waitMs }) => waitMs)).toEqual([0, 0, 0]);
    expect(differences.map(({ kind }) => kind)).toEqual(['skipped']);
  });

  it('connects the passes of a loop: each after the one before', () => {
    // think 10, act 20, think 10, act 20: 60, all on the critical path.
    const { criticalPath, differences, steps } = explain([
      ours('run', 'run', { ms: [0, 60], attributes: { outcome: 'success' } }),
      planSpan([[tool('think')], [tool('act', 'think')]]),
      stepSpan('think', [0, 10]),
      stepSpan('act', [10, 30]),
      stepSpan('think', [30, 40], { iteration: 2 }),
      stepSpan('act', [40, 60], { iteration: 2 }),
    ]);
    expect(criticalPath).toEqual({
      steps: [nameOf('think'), nameOf('act'), nameOf('think', 2), nameOf('act', 2)],
      ms: 60,
    });
    expect(differences.map(({ kind, toolId }) => [kind, toolId])).toEqual([
      ['repeated', 'think'],
      ['repeated', 'act'],
    ]);
    expect(steps.map(({ waitMs }) => waitMs)).toEqual([0, 0, 0, 0]);
  });

  it('of a loop whose start reads what its end gave shows no early start, and the same path', () => {
    const passes: [string, [number, number], number][] = [
      ['think', [0, 10], 1],
      ['act', [10, 30], 1],
      ['think', [30, 40], 2],
      ['act', [40, 60], 2],
    ];
    const { criticalPath, differences, findings, verdict } = explain([
      ours('run', 'run', { ms: [0, 60], attributes: { outcome: 'success' } }),
      planSpan([[{ ...tool('think'), output_mapping: { seen: '{act.data}' } }], [tool('act', 'think')]]),
      ...passes.map(([id, ms, iteration]) => {
        const mappings = JSON.stringify([{ field: 'seen', ref: '{act.data}', resolved: iteration > 1 }]);
        return stepSpan(id, ms, { iteration, ...(id === 'think' && { mappings }) });
      }),
    ]);
    expect(criticalPath?.ms).toBe(60);
    expect(criticalPath?.steps).toEqual(passes.map(([id, , iteration]) => nameOf(id, iteration)));
    expect(differences.map(({ kind }) => kind)).toEqual(['repeated', 'repeated']);
    expect(findings.filter(({ savesMs }) => savesMs === 0)).toEqual([]);
    expect(verdict).toBe(
      'Succeeded in 60 ms: act took 20 ms in its first pass (33 % of the run). Critical path think > act > think #2 > act #2, 60 ms.',
    );
  });

  it('does not count spans of nested runs and of steps that steps call among its own steps', () => {
    const { steps, completeness } = explain([
      ours('run', 'run', { ms: [0, 20], attributes: { outcome: 'success' } }),
      planSpan([[tool('a')]]),
      stepSpan('a', [0, 20]),
      ours('run', 'inner', { parent: 'a1', ms: [1, 9], attributes: { outcome: 'success' } }),
      ours('step', 'deep', { parent: 'inner', ms: [1, 9], attributes: { tool_id: 'deep', outcome: 'success' } }),
      ours('step', 'called', { parent: 'a1', ms: [9, 12], attributes: { tool_id: 'called', planned: false } }),
    ]);
    expect(steps.map(({ toolId }) => toolId)).toEqual(['a']);
    expect(completeness).toEqual({ planned: 1, seen: 1 });
  });

  it('with nothing in it is explained all the same', () => {
    expect(explain([ours('run', 'run', { ms: [0, 5], attributes: { outcome: 'success' } })])).toMatchObject({
      verdict: 'Succeeded in 5.0 ms; it had no steps.',
      durationMs: 5,
      criticalPath: undefined,
      steps: [],
      differences: [],
      findings: [],
      bottlenecks: [],
      parallelism: { workMs: 0, busyMs: 0, achieved: 0, peak: 0, idleMs: 5 },
      whatIf: { readyMs: undefined, widths: [], withoutRetries: [] },
    });
    const empty = explain([ours('run', 'run', { attributes: { outcome: 'success' } }), planSpan([])]);
    expect(empty).toMatchObject({ completeness: { planned: 0, seen: 0 }, criticalPath: undefined });
  });

  it('of steps that took no time at equal times has no NaN in it', () => {
    const explanation = explain([
      ours('run', 'run', { ms: [0, 0], attributes: { outcome: 'success' } }),
      planSpan([[tool('a'), tool('b')], [tool('c', 'a', 'b')]]),
      ...['a', 'b', 'c'].map((id) => stepSpan(id, [0, 0])),
    ]);
    expectFinite(explanation);
    expect(explanation).toMatchObject({ durationMs: 0, criticalPath: { ms: 0 }, parallelism: { achieved: 0 } });
  });
});

describe('a plan of others', () => {
  it('that is broken is said to be, and its steps are explained without it', () => {
    const { findings, verdict, steps } = explain([
      ours('run', 'run', { ms: [0, 9], attributes: { outcome: 'success' } }),
      planSpan([], { error: 'a cycle: a > b' }),
      stepSpan('a', [0, 9]),
    ]);
    expect(findings[0]).toMatchObject({ kind: 'broken_plan', text: 'the plan is broken: a cycle: a > b' });
    expect(verdict).toMatch(/^Succeeded in 9.0 ms, but the plan is broken: a cycle: a > b\./);
    expect(steps).toHaveLength(1);
  });

  it('with a cycle is read forwards in time', () => {
    // a needs c, c needs b, b needs a. a ran first: its own need cannot have been met.
    const facts = factsOf([tool('a', 'c'), tool('b', 'a'), tool('c', 'b')], { a: [0, 10], b: [10, 20], c: [20, 35] });
    const { criticalPath, differences } = explainFacts(facts);
    expect(criticalPath).toEqual({ steps: [nameOf('a'), nameOf('b'), nameOf('c')], ms: 35 });
    expect(differences.map(({ kind, toolId }) => [kind, toolId])).toEqual([['early', 'a']]);
  });

  it('of a plan that has a tool twice counts it once, and says so', () => {
    const spans = [
      ours('run', 'run', { ms: [0, 100], attributes: { outcome: 'success' } }),
      planSpan([[tool('a')], [tool('a'), tool('b', 'a')]]),
      stepSpan('a', [0, 50]),
      stepSpan('b', [50, 100], { group_index: 1 }),
    ];
    expect(explain(spans)).toMatchObject({ completeness: { planned: 2, seen: 2 }, done: ['a', 'b'], notDone: [] });
    expect(reconstruct(spans)[0]!.notes).toEqual(['the plan has a more than once: the first counts']);
  });

  it('with ids twice, unknown needs and tools that need themselves is explained', () => {
    const tools = [tool('a', 'a'), tool('a', 'nobody'), tool('__proto__', 'a', 'a'), tool('constructor', '__proto__')];
    const times = Object.fromEntries<readonly [number, number]>([
      ['a', [0, 10]],
      ['__proto__', [10, 20]],
      ['constructor', [20, 30]],
    ]);
    const facts = factsOf(tools, times);
    const { criticalPath, steps } = explainFacts(facts);
    expect(criticalPath?.ms).toBe(30);
    expect(steps.map(({ waitMs }) => waitMs)).toEqual([0, 0, 0]);
  });
});

it('of steps that failed within a millisecond has the root cause that who ran it names', () => {
  const failed = (rootCause: string, ms: number): Explanation =>
    explain([
      ours('run', 'run', { ms: [0, 10], attributes: { outcome: 'failure', root_cause: rootCause } }),
      planSpan([[tool('a'), tool('b')], [tool('c', 'a')]]),
      stepSpan('a', [0, ms], { outcome: 'failure' }),
      stepSpan('b', [0, 1], { outcome: 'failure' }),
      stepSpan('c', [2, 2], { outcome: 'skip', group_index: 1 }),
    ]);
  expect(failed('a', 1.9)).toMatchObject({ rootCause: 'a', affected: ['c'] });
  expect(failed('b', 1.9)).toMatchObject({ rootCause: 'b', affected: [] });
  expect(failed('a', 3)).toMatchObject({ rootCause: 'b' });
});

describe('a run with a step that does not go together with its times', () => {
  const twoSteps = (a: readonly [number, number], b: readonly [number, number]): Explanation =>
    explain([
      ours('run', 'run', { ms: [0, 100], attributes: { outcome: 'success' } }),
      planSpan([[tool('a')], [tool('b', 'a')]]),
      stepSpan('a', a),
      stepSpan('b', b, { group_index: 1 }),
    ]);

  it('has neither path nor savings where one started before it, and no part of it that is more than all', () => {
    const { criticalPath, verdict, whatIf, findings } = twoSteps([-5000, 20], [20, 90]);
    expect(criticalPath).toBeUndefined();
    expect(verdict).toBe('Succeeded in 100 ms: a took 5.02 s.');
    expect([whatIf.widths, findings.map(({ savesMs }) => savesMs).filter((ms) => ms > 100)]).toEqual([[], []]);
    expect(twoSteps([-5000, -4000], [-4000, -3000]).verdict).toBe('Succeeded in 100 ms: a took 1.00 s.');
  });

  it('tells nothing of other widths where one went on after it', () => {
    expect(twoSteps([0, 50], [50, 5000]).whatIf.widths).toEqual([]);
    expect(twoSteps([0, 50], [50, 100]).whatIf.widths).not.toEqual([]);
  });
});

describe('a trace that nobody meant to be explained', () => {
  it('of any spans of ours, in any relation, gives an explanation with finite numbers and a verdict', () => {
    const time = fc.oneof(fc.nat({ max: 50 }).map(BigInt), fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n));
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
    const value = fc.oneof(
      fc.constantFrom('a', 'b', '__proto__', ''),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.string()),
    );
    const names = [
      'tool_id',
      'group_index',
      'execution_order',
      'iteration',
      'attempt_count',
      'attempt',
      'planned',
      'wait_reason',
      'skip_reason',
      'not_started',
      'skipped',
    ];
    const attributes = fc.record(
      {
        outcome: fc.constantFrom('success', 'failure', 'skip', 'cancellation', 'what'),
        depends_on: fc.array(fc.constantFrom('a', 'b', '__proto__', 'x'), { maxLength: 3 }),
        strategy: fc.constantFrom('serial', 'dag'),
        execution_plan: fc.constantFrom(
          '{"strategy":',
          '[]',
          'null',
          JSON.stringify(planOf([[tool('a', 'b')], [tool('b', 'a'), tool('a')], [tool('__proto__', 'a')]])),
        ),
        mappings: fc.constantFrom('[{"field":"x","ref":"{a.data}","resolved":fal', '[{"field":"x","ref":"{a.data}"}]'),
      },
      { requiredKeys: [] },
    );
    const span = fc
      .tuple(
        fc.constantFrom('run', 'plan', 'group', 'step', 'step', 'step', 'attempt', 'other'),
        id,
        id,
        fc.tuple(time, time),
        attributes,
        fc.dictionary(fc.constantFrom(...names), value),
      )
      .map(([type, id, parent, [startNs, endNs], known, more]) =>
        ours(type, id, { parent, startNs, endNs, attributes: { tool_id: id, ...more, ...known } }),
      );
    fc.assert(
      fc.property(fc.array(span, { maxLength: 14 }), (spans) => {
        for (const run of reconstruct(spans)) {
          const explanation = explainRun(run);
          expectFinite(explanation);
          expect(explanation.verdict).toMatch(/^\S.*\S$/);
          expect(explanation.verdict.length).toBeLessThanOrEqual(300);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('with ends before starts has no negative durations', () => {
    const { steps, durationMs, parallelism } = explain([
      ours('run', 'run', { ms: [50, 10], attributes: { outcome: 'success' } }),
      planSpan([[tool('a')], [tool('b', 'a')]]),
      stepSpan('a', [40, 20]),
      stepSpan('b', [45, 46]),
    ]);
    expect([durationMs, ...steps.map((step) => step.durationMs)]).toEqual([0, 0, 1]);
    expect(parallelism.idleMs).toBeGreaterThanOrEqual(0);
  });

  it('whose producer kept only some attributes has steps by their names', () => {
    const spans = overviewSpans().map((span) => ({
      ...span,
      attributes: new Map([...span.attributes].filter(([key]) => key === 'orchestration.span.type')),
    }));
    const { steps, verdict } = explain(spans);
    expect(steps.map(({ toolId }) => toolId)).toContain('step primary');
    expect(verdict).toContain('100 ms');
  });

  it('whose mappings and plan were cut is explained by the rest', () => {
    const cut = overviewSpans().map((span) => ({
      ...span,
      attributes: new Map(
        [...span.attributes].map(([key, value]) => [
          key,
          typeof value === 'string' && value.startsWith('{') ? value.slice(0, value.length / 2) : value,
        ]),
      ),
    }));
    expect(explain(cut)).toMatchObject({ completeness: { planned: 0, seen: 0 }, rootCause: 'audit' });
  });
});

describe('a large run', () => {
  const size = 100_000;

  it.each([
    ['a chain', 'dag', (tool: number) => (tool === 0 ? [] : [`t${tool - 1}`])],
    ['side by side', 'dag', () => []],
    ['one after another', 'serial', () => []],
  ])(
    'of 100,000 tools, %s, is explained in seconds',
    (_, strategy, needs) => {
      const tools = Array.from({ length: size }, (_, tool) => [
        { toolId: `t${tool}`, toolType: undefined, dependsOn: needs(tool), outputMapping: {} },
      ]);
      const plan = new PlanFacts({ strategy, groups: tools, error: undefined });
      const steps = plan.tools.map(({ toolId }, tool) => stepFacts(plan, toolId, tool * MS, (tool + 1) * MS));
      const facts: RunFacts = { ...factsOf([], {}), plan, steps, durationNs: size * MS };
      expect(explainFacts(facts).completeness).toEqual({ planned: size, seen: size });
    },
    30_000,
  );

  it('of 100,000 spans of which nothing is planned is explained in seconds', () => {
    const spans = [ours('run', 'run', { ms: [0, size], attributes: { outcome: 'success' } })];
    for (let at = 0; at < size; at += 1) {
      const step = ours('step', 's', { parent: 'run', ms: [at, at + 1], attributes: { tool_id: `t${at % 1000}` } });
      spans.push({ ...step, spanId: (2 ** 40 + at).toString(16).padStart(16, '0') });
    }
    expect(explain(spans).steps).toHaveLength(size);
  }, 30_000);

  it('in which every step ran 50 times is explained in seconds, though all that need each other make a loop', () => {
    const tools = Array.from({ length: 1000 }, (_, at) => tool(`t${at}`, ...(at === 0 ? [] : [`t${at - 1}`])));
    const plan = new PlanFacts({ strategy: 'dag', groups: tools.map((one) => [declared(one)]), error: undefined });
    const steps = Array.from({ length: 50 }, (_, pass) =>
      plan.tools.map(({ toolId }, tool) => {
        const at = (pass * 1000 + tool) * MS;
        return { ...stepFacts(plan, toolId, at, at + MS), iteration: pass + 1 };
      }),
    ).flat();
    const { steps: explained } = explainFacts({ ...factsOf([], {}), plan, steps, durationNs: 50_000 * MS });
    expect(explained).toHaveLength(50_000);
  }, 30_000);

  it('with a plan of 100,000 tools of which none ran is explained in seconds', () => {
    const tools = Array.from({ length: size }, (_, at) => tool(`t${at}`, ...(at === 0 ? [] : [`t${at - 1}`])));
    const spans = [
      ours('run', 'run', { ms: [0, 5], attributes: { outcome: 'failure' }, status: { code: 'error', message: 'no' } }),
      planSpan(tools.map((one) => [one])),
    ];
    expect(explain(spans).completeness).toEqual({ planned: size, seen: 0 });
  }, 30_000);

  it('with a tool that depends on 200,000 others is explained', () => {
    const many = Array.from({ length: 200_000 }, (_, at) => `t${at}`);
    const tools = [...many.map((id) => tool(id)), { tool_id: 'last', depends_on: many }];
    const facts = factsOf(tools, { last: [0, 5] });
    expect(explainFacts(facts).notDone).toHaveLength(200_000);
  }, 30_000);
});

interface Tool {
  readonly tool_id: string;
  readonly depends_on: readonly string[];
  readonly output_mapping?: Readonly<Record<string, string>>;
}

function tool(tool_id: string, ...depends_on: readonly string[]): Tool {
  return { tool_id, depends_on };
}

function declared({ tool_id, depends_on }: Tool): PlanFacts['tools'][number] {
  return { toolId: tool_id, toolType: undefined, dependsOn: depends_on, outputMapping: {} };
}

function planOf(groups: readonly (readonly Tool[])[]): object {
  return { strategy: 'dag', execution_groups: groups.map((tools) => ({ tools })) };
}

function planSpan(groups: readonly (readonly Tool[])[], more: object = {}): ReceivedSpan {
  const json = JSON.stringify({ ...planOf(groups), ...more });
  return ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: json } });
}

/** A step below the run, called after its tool and pass. */
function stepSpan(
  toolId: string,
  ms: readonly [number, number],
  attributes: Readonly<Record<string, string | number>> = {},
): ReceivedSpan {
  return ours('step', `${toolId}${attributes['iteration'] ?? 1}`, {
    parent: 'run',
    ms,
    attributes: { tool_id: toolId, group_index: 0, outcome: 'success', ...attributes },
  });
}

function explain(spans: readonly ReceivedSpan[]): Explanation {
  const [run, ...more] = reconstruct(spans);
  expect(more).toEqual([]);
  return explainRun(run!);
}

/** A run of tools in one group; times in milliseconds. */
function factsOf(tools: readonly Tool[], times: Readonly<Record<string, readonly [number, number]>>): RunFacts {
  const plan = new PlanFacts({ strategy: 'dag', groups: [tools.map(declared)], error: undefined });
  const steps = Object.keys(times).map((id) => stepFacts(plan, id, times[id]![0] * MS, times[id]![1] * MS));
  const durationNs = steps.reduce((last, { endNs }) => Math.max(last, endNs), 0);
  return { plan, hasEnded: true, outcome: 'success', error: undefined, durationNs, clockNs: 0, steps, lost: new Set() };
}

function nameOf(toolId: string, iteration = 1): { toolId: string; iteration: number } {
  return { toolId, iteration };
}

/** No number anywhere in it is NaN or infinite. */
function expectFinite(value: unknown): void {
  if (typeof value === 'number') expect(value).toSatisfy(Number.isFinite);
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) expectFinite(inner);
}
