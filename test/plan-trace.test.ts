import { describe, expect, it } from 'vitest';
import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../src/plan-trace.ts';
import { type PlanInput, parsePlan } from '../src/plan.ts';

const overview = {
  strategy: 'dag',
  tools: [
    { tool_id: 'primary', tool_type: 'ci_lookup' },
    { tool_id: 'secondary', tool_type: 'ci_lookup', output_mapping: { keywords: '{$input.keywords}' } },
    {
      tool_id: 'aggregate',
      tool_type: 'ci_aggregate',
      depends_on: ['primary', 'secondary'],
      output_mapping: { ci_type_filter: '{primary.data.rows[0].ci_type}' },
    },
  ],
} as const satisfies PlanInput;

const traced = {
  strategy: 'dag',
  execution_groups: [
    {
      group_index: 0,
      parallel_execution: true,
      tools: [
        { tool_id: 'primary', tool_type: 'ci_lookup', depends_on: [], dependency_groups: [], output_mapping: {} },
        {
          tool_id: 'secondary',
          tool_type: 'ci_lookup',
          depends_on: [],
          dependency_groups: [],
          output_mapping: { keywords: '{$input.keywords}' },
        },
      ],
    },
    {
      group_index: 1,
      parallel_execution: false,
      tools: [
        {
          tool_id: 'aggregate',
          tool_type: 'ci_aggregate',
          depends_on: ['primary', 'secondary'],
          dependency_groups: [0],
          output_mapping: { ci_type_filter: '{primary.data.rows[0].ci_type}' },
        },
      ],
    },
  ],
  total_groups: 2,
  total_tools: 3,
  tool_ids: ['primary', 'secondary', 'aggregate'],
};

/** Takes anything, as callers without types do. */
const trace = createExecutionPlanTrace as (plan: unknown) => ExecutionPlanTrace;

describe('the execution plan trace', () => {
  it('is the same of a parsed plan and of one as people write it', () => {
    expect(trace(overview)).toStrictEqual(traced);
    expect(trace(parsePlan(overview))).toStrictEqual(traced);
  });

  it('lists the groups that any tool of a group needs, ascending, the same for each', () => {
    const { execution_groups } = trace({
      tools: [
        { tool_id: 'a' },
        { tool_id: 'b', depends_on: ['a'] },
        { tool_id: 'c', depends_on: ['b'] },
        { tool_id: 'd', depends_on: ['c', 'a'] },
        { tool_id: 'e', depends_on: ['c', 'b'] },
      ],
    });
    expect(execution_groups.map(({ tools }) => tools.map((tool) => tool.dependency_groups))).toEqual([
      [[]],
      [[0]],
      [[1]],
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    ]);
    const [d, e] = execution_groups[3]!.tools;
    expect(d!.dependency_groups).toBe(e!.dependency_groups);
  });

  it('follows the topological order in a serial plan', () => {
    const { execution_groups } = trace({
      strategy: 'serial',
      tools: [{ tool_id: 'c', depends_on: ['a', 'b'] }, { tool_id: 'b' }, { tool_id: 'a' }],
    });
    expect(execution_groups.map(({ tools }) => [tools[0]?.tool_id, tools[0]?.dependency_groups])).toEqual([
      ['b', []],
      ['a', []],
      ['c', [0, 1]],
    ]);
  });

  it('has no groups for an empty plan', () => {
    const empty = { execution_groups: [], total_groups: 0, total_tools: 0, tool_ids: [] };
    expect(trace({ tools: [] })).toStrictEqual({ strategy: 'parallel', ...empty });
    expect(trace({ strategy: 'dag', tools: [] })).toStrictEqual({ strategy: 'dag', ...empty });
  });

  it('keeps the dependencies of a parallel plan, which parsePlan refuses', () => {
    const plan = { strategy: 'parallel', tools: [{ tool_id: 'b', depends_on: ['a'] }, { tool_id: 'a' }] };
    expect(() => parsePlan(plan)).toThrow('use "dag"');
    const { execution_groups, error } = trace(plan);
    expect(error).toBeUndefined();
    expect(execution_groups.map(({ tools }) => tools.map((tool) => tool.depends_on))).toEqual([[['a'], []]]);
  });

  it('does not look at references', () => {
    const plan = { tools: [{ tool_id: 'a', output_mapping: { x: '{nobody.data}', y: '{a..b}' } }] };
    expect(() => parsePlan(plan)).toThrow();
    expect(trace(plan).error).toBeUndefined();
    expect(trace(plan).execution_groups[0]?.tools[0]?.output_mapping).toEqual(plan.tools[0]?.output_mapping);
  });

  it('leaves out edges that go back', () => {
    const tools = [
      { tool_id: 'think', depends_on: ['act'] },
      { tool_id: 'act', depends_on: ['think'] },
    ];
    const { strategy, execution_groups } = trace({ tools, loops: [{ from: 'act', to: 'think' }] });
    expect(strategy).toBe('serial');
    expect(execution_groups.map(({ tools }) => tools[0]?.depends_on)).toEqual([[], ['think']]);
  });

  it('keeps ids and keys named __proto__', () => {
    const text = '{"tools":[{"tool_id":"__proto__","output_mapping":{"__proto__":"x"}}]}';
    const [tool] = trace(JSON.parse(text)).execution_groups[0]!.tools;
    expect(JSON.stringify(tool)).toContain('"output_mapping":{"__proto__":"x"}');
    expect(tool?.tool_id).toBe('__proto__');
  });

  it('shows the plan as it was, whatever happens to it later', () => {
    const tools = [{ tool_id: 'a', depends_on: [] as string[] }];
    const before = trace({ tools });
    tools[0]!.depends_on.push('nobody');
    tools.push({ tool_id: 'b', depends_on: [] });
    expect(before).toMatchObject({ total_tools: 1, execution_groups: [{ tools: [{ depends_on: [] }] }] });
  });
});

describe('the trace of a broken plan', () => {
  it('says what is wrong and which tools there are', () => {
    const tools = [{ tool_id: 'a', depends_on: ['b'] }, { tool_id: 'b', depends_on: ['a', 'ghost'] }, { tool_id: 7 }];
    expect(trace({ strategy: 'serial', tools })).toStrictEqual({
      strategy: 'serial',
      execution_groups: [],
      total_groups: 0,
      total_tools: 3,
      tool_ids: ['a', 'b'],
      error: 'invalid plan: tools[2].tool_id: expected a string that names the tool, got 7',
    });
    const { error, strategy } = trace({ strategy: 'DAG', tools: tools.slice(0, 2) });
    expect(strategy).toBe('dag');
    expect(error).toContain('expected one of "parallel", "serial", "dag", got "DAG"');
    expect(trace({ tools: tools.slice(0, 2) }).error).toMatch(/there is no tool "ghost".*\n.*cycle: "a" > "b" > "a"/);
  });

  it('is made of anything, without throwing', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throwing = (): never => {
      throw proxy;
    };
    const values = [
      undefined,
      null,
      0,
      'plan',
      Symbol('x'),
      [],
      () => 1,
      new Map(),
      { tools: 5 },
      { tools: [null] },
      proxy,
    ];
    const hostile = [
      { tools: [proxy] },
      {
        get tools() {
          return throwing();
        },
      },
      {
        tools: [
          {
            get tool_id() {
              return throwing();
            },
          },
        ],
      },
      { tools: new Proxy([], { get: throwing }) },
      { tools: new Array(4_000_000_000) },
      new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
    ];
    for (const value of [...values, ...hostile]) {
      const { error, execution_groups, total_groups, strategy } = trace(value);
      expect({ execution_groups, total_groups, strategy }).toEqual({
        execution_groups: [],
        total_groups: 0,
        strategy: 'parallel',
      });
      expect(error).toMatch(/^invalid plan|^the plan cannot be read/);
    }
  });

  it('is made of a parsed plan that was changed into a cycle', () => {
    const plan = parsePlan({ tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] });
    (plan.tools[0]!.depends_on as string[]).push('b');
    expect(trace(plan)).toMatchObject({ execution_groups: [], error: expect.stringContaining('cycle') });
  });
});
