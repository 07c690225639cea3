import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createExecutionPlanTrace,
  OrchestraceError,
  parsePlan,
  type ExecutionPlanTrace,
  type PlanInput,
} from '../../src/index.ts';
import { hostileErrors, hostileValues } from '../helpers/hostile.ts';
import { attribute, exportedPlan, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const plan: PlanInput = {
  name: 'p',
  strategy: 'dag',
  tools: [
    { tool_id: 'a', tool_type: 'tool' },
    { tool_id: 'b', tool_type: 'tool', depends_on: ['a'], output_mapping: { x: '{a}' } },
  ],
};
const tools = { tool: (params: object) => params };

describe('an execution plan trace that is passed in', () => {
  const made = createExecutionPlanTrace(plan);

  it.each([
    ['itself', made],
    ['as JSON gives it back', JSON.parse(JSON.stringify(made)) as ExecutionPlanTrace],
    ['with its keys in another order', Object.fromEntries(Object.entries(made).toReversed()) as never],
    ['of the parsed plan', createExecutionPlanTrace(parsePlan(plan))],
  ])('is used and given back: %s', async (_name, trace: ExecutionPlanTrace) => {
    const recording = record();
    const result = await recording.runPlan(plan, { tools, executionPlanTrace: trace });
    expect([result.success, result.orchestrationTrace === trace]).toEqual([true, true]);
    expect(JSON.parse(exportedPlan(recording.spans()))).toEqual(made);
  });

  const [first, second] = made.execution_groups as [never, never];
  it.each([
    ['of other tools', createExecutionPlanTrace({ tools: [{ tool_id: 'a' }, { tool_id: 'c' }] })],
    [
      'of the same tools without the dependency',
      createExecutionPlanTrace({ ...plan, tools: [plan.tools[0]!, { ...plan.tools[1]!, depends_on: [] }] }),
    ],
    ['of another strategy', createExecutionPlanTrace({ ...plan, strategy: 'serial' })],
    ['with the groups the wrong way round', { ...made, execution_groups: [second, first] }],
    ['of a broken plan', createExecutionPlanTrace({ tools: [{ tool_id: 'a', depends_on: ['a'] }] })],
    ['that is empty', {}],
    ['that is none', null],
    ['that is a text', 'trace'],
    ['that throws when it is read', new Proxy(made, { ownKeys: () => thrower() })],
  ])('is refused before anything runs: one %s', async (_name, trace: unknown) => {
    const recording = record();
    const never = vi.fn();
    const options = { tools: { tool: never }, executionPlanTrace: trace as ExecutionPlanTrace };
    const error: unknown = await recording.runPlan(plan, options).catch((error: unknown) => error);
    expect(OrchestraceError.isInstance(error) && [error.code, error.message]).toEqual([
      'RUN_INVALID',
      'option executionPlanTrace is not that of this plan; make it from this plan by createExecutionPlanTrace, or leave it out',
    ]);
    expect([never.mock.calls, recording.spans()]).toEqual([[], []]);
  });
});

describe('a tool that changes the plan, its trace or the options while they are used', () => {
  it('changes nothing: both stay as they were when the run began', async () => {
    const own = structuredClone(plan) as { tools: { tool_id: string; depends_on?: string[] }[]; strategy: string };
    const executionPlanTrace = structuredClone(createExecutionPlanTrace(plan));
    const recording = record();
    const options = {
      tools: {
        tool: (params: object, { toolId }: { toolId: string }) => {
          own.tools.reverse();
          own.tools[0]!.tool_id = 'changed';
          own.tools[0]!.depends_on = ['nobody'];
          own.strategy = 'parallel';
          (executionPlanTrace.execution_groups as unknown[]).length = 0;
          options.tools.tool = thrower;
          return toolId === 'a' ? 1 : params;
        },
      },
      executionPlanTrace,
      onFailure: 'stop' as const,
    };
    const result = await recording.runPlan(own as PlanInput, options);
    expect([result.success, [...result.results.keys()], result.finalOutput]).toEqual([true, ['a', 'b'], { x: 1 }]);
    expect(recording.ofType('step').map((step) => attribute(step, 'group_index'))).toEqual([0, 1]);
    expect(recording.open()).toEqual([]);
  });
});

describe('a tool may', () => {
  it.each(Object.keys(hostileErrors()))('throw %s: it is the error of the step, the very same value', async (name) => {
    const thrown = hostileErrors()[name];
    const recording = record();
    const result = await recording.runPlan(
      { ...plan, tools: [{ ...plan.tools[0]!, retry: { max_attempts: 2 } }, plan.tools[1]!] },
      { tools: { tool: () => fail(thrown) }, annotateData: true },
    );
    const { error, outcome, attempts } = result.results.get('a')!;
    expect([Object.is(error, thrown), outcome, attempts]).toEqual([true, 'failure', 2]);
    expect(recording.open()).toEqual([]);
  });

  it.each(Object.keys(hostileValues()))('return %s: it is the data of the step, the very same value', async (name) => {
    const returned = hostileValues()[name];
    const recording = record({ recordOutputs: true, recordInputs: true });
    const seen: unknown[] = [];
    const condition = { ref: '{a.data.x}', op: '!=', value: { deep: [1] } } as const;
    const result = await recording.runPlan(
      { ...plan, tools: [plan.tools[0]!, { ...plan.tools[1]!, tool_type: 'reader', condition }] },
      { tools: { tool: () => returned, reader: ({ x }: { x: unknown }) => void seen.push(x) } },
    );
    const { data, outcome, error } = result.results.get('a')!;
    if (outcome === 'failure') expect(String(error)).toMatch(/get throws|revoked/); // nobody can tell if it is a promise
    else expect([Object.is(data, returned), Object.is(seen[0], returned)]).toEqual([true, true]);
    expect(recording.open()).toEqual([]);
  });
});

describe('annotateData', () => {
  const place = { group_index: 0, execution_order: 0, tool_id: 'a', depends_on: [], output_mapping: {} };
  const dataOf = async (data: unknown): Promise<unknown> => {
    const one = { tools: [{ tool_id: 'a' }] };
    return (await record().runPlan(one, { tools: { a: () => data }, annotateData: true })).results.get('a')?.data;
  };

  it('puts the metadata of a step into a copy of its data, after what was there', async () => {
    const data = Object.freeze({ z: 1, a: 2 });
    const annotated = await dataOf(data);
    expect([annotated, Object.keys(annotated as object)]).toEqual([
      { z: 1, a: 2, orchestration: place },
      ['z', 'a', 'orchestration'],
    ]);
    expect(Object.keys(data)).toEqual(['z', 'a']);
    expect(await dataOf(Object.assign(Object.create(null) as object, { x: 1 }))).toEqual({
      x: 1,
      orchestration: place,
    });
  });

  it('leaves everything else as it is', async () => {
    class Row {
      readonly id = 1;
    }
    const others = [
      [1],
      'text',
      0,
      null,
      undefined,
      new Row(),
      new Map(),
      { orchestration: null },
      () => 1,
      new Date(),
    ];
    for (const data of others) expect(await dataOf(data)).toBe(data);
  });

  it('keeps the key __proto__, and harms nobody where data cannot be read', async () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":true}}') as object;
    const annotated = (await dataOf(hostile)) as object;
    expect([Object.keys(annotated), ({} as { polluted?: unknown }).polluted]).toEqual([
      ['__proto__', 'orchestration'],
      undefined,
    ]);
    const getter = Object.defineProperty({}, 'boom', { enumerable: true, get: thrower });
    const proxy = new Proxy({}, { ownKeys: () => thrower(), getPrototypeOf: () => thrower() });
    expect(Object.keys((await dataOf(getter)) as object)).toEqual(['boom', 'orchestration']);
    expect(await dataOf(proxy)).toBe(proxy);
  });

  it('is in the final output, and never in what other tools read', async () => {
    const seen: unknown[] = [];
    const result = await record().runPlan(plan, {
      tools: {
        tool: (params: { x?: unknown }) => {
          seen.push(params.x);
          return { n: 1 };
        },
      },
      annotateData: true,
    });
    expect(seen).toEqual([undefined, { n: 1 }]);
    expect(result.finalOutput).toMatchObject({ n: 1, orchestration: { tool_id: 'b', group_index: 1 } });
  });
});

function fail(value: unknown): never {
  throw value;
}

function thrower(): never {
  throw new Error('thrown');
}
