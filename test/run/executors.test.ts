import { diag, DiagLogLevel } from '@opentelemetry/api';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createExecutionPlanTrace,
  OrchestraceError,
  PlanError,
  StageExecutor,
  ToolChainExecutor,
  ToolOrchestrator,
  type ExecutionPlanTrace,
  type PlanInput,
  type RunnerOptions,
  type StageInput,
  type ToolChain,
} from '../../src/index.ts';
import { record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => diag.disable());

const plan: PlanInput = {
  name: 'p',
  strategy: 'dag',
  tools: [
    { tool_id: 'a', tool_type: 'source' },
    { tool_id: 'b', tool_type: 'source' },
    { tool_id: 'c', tool_type: 'sink', depends_on: ['a', 'b'], output_mapping: { x: '{a.data.n}', y: '{$input.y}' } },
  ],
};
const tools = {
  source: (_params: object, { toolId }: { toolId: string }) => ({ n: toolId }),
  sink: (params: object) => ({ received: params }),
};
const place = (tool_id: string, group_index: number, execution_order: number, depends_on: string[] = []) => ({
  group_index,
  execution_order,
  tool_id,
  depends_on,
  output_mapping: depends_on.length > 0 ? plan.tools[2]!.output_mapping : {},
});

const failureOf = async (work: () => unknown): Promise<unknown> => {
  try {
    return await work();
  } catch (error) {
    return error;
  }
};
const messageOf = async (work: () => unknown): Promise<string> => {
  const error = await failureOf(work);
  return OrchestraceError.isInstance(error)
    ? `${error.code}: ${error.message}`
    : `no OrchestraceError: ${String(error)}`;
};

describe('ToolOrchestrator', () => {
  it('runs its plan as often as it is asked to, each time with an input of its own', async () => {
    const { provider, tree } = record();
    const tracer = provider.getTracer('test');
    const orchestrator = new ToolOrchestrator(plan, { tools, tracer, metrics: false });
    const results = await Promise.all(['one', 'two'].map((y) => orchestrator.execute({ input: { y } })));
    expect(results.map(({ finalOutput }) => finalOutput)).toEqual([
      { received: { x: 'a', y: 'one' } },
      { received: { x: 'a', y: 'two' } },
    ]);
    expect(tree().split('\n').slice(0, 8)).toEqual([
      'orchestration p dag [success]',
      '  plan p',
      '  group 0 parallel [success]',
      '    step a [success]',
      '    step b [success]',
      '  group 1 serial [success]',
      '    step c [success]',
      'orchestration p dag [success]',
    ]);
  });

  it('gives its trace, and uses one that is passed in, if it is that of its plan', async () => {
    const orchestrator = new ToolOrchestrator(plan, { tools });
    expect(orchestrator.executionPlanTrace).toEqual(createExecutionPlanTrace(plan));
    expect((await orchestrator.execute()).orchestrationTrace).toBe(orchestrator.executionPlanTrace);
    const executionPlanTrace = createExecutionPlanTrace(plan);
    expect((await orchestrator.execute({ executionPlanTrace })).orchestrationTrace).toBe(executionPlanTrace);
    const other = createExecutionPlanTrace({ tools: [{ tool_id: 'a' }] });
    expect(await messageOf(() => orchestrator.execute({ executionPlanTrace: other }))).toContain(
      'RUN_INVALID: option executionPlanTrace is not that of this plan',
    );
  });

  it('does not see what becomes of the plan after it was made', async () => {
    const own = structuredClone(plan) as { tools: unknown[] };
    const orchestrator = new ToolOrchestrator(own as PlanInput, { tools });
    own.tools.length = 0;
    expect([...(await orchestrator.execute()).results.keys()]).toEqual(['a', 'b', 'c']);
  });

  it('takes the options of runPlan, and cancels one run and not the other', async () => {
    const controller = new AbortController();
    const orchestrator = new ToolOrchestrator(plan, { tools, shouldRun: ({ tool_id }) => tool_id !== 'b' });
    controller.abort();
    const [cancelled, other] = await Promise.all([
      orchestrator.execute({ signal: controller.signal }),
      orchestrator.execute(),
    ]);
    expect([cancelled.success, cancelled.skippedSteps.length]).toEqual([false, 3]);
    expect([other.success, other.skippedSteps]).toEqual([true, ['b', 'c']]);
  });

  it('is refused at once with a broken plan or wrong options, and when it runs with a tool missing', async () => {
    expect(() => new ToolOrchestrator({ tools: [{ tool_id: 'a', depends_on: ['a'] }] }, { tools })).toThrow(PlanError);
    const wrong: [RunnerOptions, string][] = [
      [undefined as never, 'ToolOrchestrator needs { tools }'],
      [{ tools, maxConcurrency: 0 }, 'option maxConcurrency'],
      [{ tools, scheduling: 'fast' as never }, 'option scheduling'],
      [{ tools, recordInputs: 'yes' as never }, 'option recordInputs'],
    ];
    for (const [options, message] of wrong) expect(() => new ToolOrchestrator(plan, options)).toThrow(message);
    expect(await messageOf(() => new ToolOrchestrator(plan, { tools: {} }).execute())).toMatch(/no tool "source"/);
    expect(await messageOf(() => new ToolOrchestrator(plan, { tools }).execute({ signal: {} as never }))).toMatch(
      /signal/,
    );
  });
});

const chain: ToolChain = {
  execution_mode: 'dag',
  steps: plan.tools.map(({ tool_id, tool_type, depends_on, output_mapping }) => ({
    step_id: tool_id,
    tool_name: tool_type!,
    parameters: { own: tool_id },
    depends_on,
    output_mapping,
  })),
};

describe('ToolChainExecutor', () => {
  it('runs a chain by its mode', async () => {
    const executor = new ToolChainExecutor({ tools });
    const { success, results, finalOutput, orchestrationTrace } = await executor.executeChain(chain, { y: 'input' });
    expect([success, [...results.keys()]]).toEqual([true, ['a', 'b', 'c']]);
    expect(finalOutput).toEqual({ received: { own: 'c', x: 'a', y: 'input' } });
    expect(orchestrationTrace.strategy).toBe('dag');
    const serial = await executor.executeChain({ ...chain, execution_mode: 'sequential' });
    expect([serial.orchestrationTrace.strategy, serial.orchestrationTrace.total_groups]).toEqual(['serial', 3]);
    const parallel = { execution_mode: 'parallel', steps: chain.steps.slice(0, 2) } as const;
    expect((await executor.executeChain(parallel)).finalOutput).toEqual([{ n: 'a' }, { n: 'b' }]);
  });

  it('puts the metadata of each step into its data where a trace is given, or where it is told to', async () => {
    const trace = createExecutionPlanTrace({ ...plan, name: undefined });
    const dataOf = async (annotateData: boolean | undefined, executionPlanTrace?: object | null): Promise<unknown> => {
      const executor = new ToolChainExecutor({ tools, annotateData });
      const result = await executor.executeChain(chain, {}, { executionPlanTrace });
      return result.results.get('b')?.data;
    };
    const annotated = { n: 'b', orchestration: place('b', 0, 1) };
    expect(await dataOf(undefined, trace)).toEqual(annotated);
    expect(await dataOf(true)).toEqual(annotated);
    for (const none of [undefined, null, {}]) expect(await dataOf(undefined, none)).toEqual({ n: 'b' });
    expect(await dataOf(false, trace)).toEqual({ n: 'b' });
  });

  it('warns of a trace that is not that of the chain, and goes by its own', async () => {
    const said = vi.fn();
    diag.setLogger(
      { error: said, warn: said, info: said, debug: said, verbose: said },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    const executor = new ToolChainExecutor({ tools });
    const own = await executor.executeChain(chain, {}, { executionPlanTrace: createExecutionPlanTrace(plan) });
    expect([said.mock.calls.length, own.success]).toEqual([0, true]);
    const executionPlanTrace = { strategy: 'serial', execution_groups: [] };
    const { orchestrationTrace, results } = await executor.executeChain(chain, {}, { executionPlanTrace });
    expect([orchestrationTrace.total_groups, results.get('a')?.data]).toEqual([
      2,
      { n: 'a', orchestration: place('a', 0, 0) },
    ]);
    expect(said.mock.calls.map(([, message]) => message as string)).toEqual([
      'the execution plan trace is not that of the chain; its own is used',
    ]);
  });

  it('tries a step again as often as it says, within 30 s each', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const attempts: number[] = [];
    const flaky = (_params: object, { attempt }: { attempt: number }): Promise<never> => {
      attempts.push(attempt);
      return new Promise(() => {});
    };
    const executor = new ToolChainExecutor({ tools: { flaky } });
    const steps = [{ step_id: 'a', tool_name: 'flaky', retry_count: 2 }];
    const running = executor.executeChain({ execution_mode: 'serial', steps });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(attempts).toEqual([1]);
    await vi.advanceTimersByTimeAsync(60_010);
    vi.useRealTimers();
    expect((await running).results.get('a')).toMatchObject({ outcome: 'timeout', attempts: 3 });
  });

  it('skips a step whose condition does not hold', async () => {
    const steps = chain.steps.map((step) =>
      step.step_id === 'b' ? { ...step, condition: { ref: '{$input.y}', op: 'exists' as const } } : step,
    );
    const { results } = await new ToolChainExecutor({ tools }).executeChain({ ...chain, steps });
    expect(results.get('b')?.skipReason).toBe('condition not met');
  });

  it.each(['SEQUENTIAL', 'Parallel', 'DAG', 'banana', '', undefined, null, 1, 'constructor'])(
    'refuses the mode %j',
    async (execution_mode) => {
      const never = vi.fn();
      const executor = new ToolChainExecutor({ tools: { source: never, sink: never } });
      const wrong = { ...chain, execution_mode } as ToolChain;
      expect(await messageOf(() => executor.executeChain(wrong))).toMatch(
        /^RUN_INVALID: execution_mode must be one of "serial", "sequential", "parallel", "dag", got /,
      );
      expect(never).not.toHaveBeenCalled();
    },
  );

  it('names every fault of a chain, in the words of chains', async () => {
    const executor = new ToolChainExecutor({ tools });
    const steps = [
      { step_id: 'a', tool_name: 'source', depends_on: ['nobody'], timeout_ms: 0 },
      { step_id: 'a', tool_name: 1, parameters: 'none', output_mapping: { tool_id: '{x' } },
      { tool_name: 'sink', condition: { ref: 'x', op: '~' } },
    ];
    const error = await failureOf(() => executor.executeChain({ execution_mode: 'dag', steps } as never));
    expect(PlanError.isInstance(error) && error.issues.map(({ path }) => path)).toMatchInlineSnapshot(`
      [
        "steps[0].timeout_ms",
        "steps[1].tool_name",
        "steps[1].parameters",
        "steps[1].step_id",
        "steps[2].step_id",
        "steps[2].condition.op",
        "steps[2].condition.ref",
      ]
    `);
    const retries = [{ step_id: 'a', tool_name: 'source', retry_count: -1 }, { retry_count: 'often' }];
    expect(await messageOf(() => executor.executeChain({ execution_mode: 'dag', steps: retries } as never)))
      .toMatchInlineSnapshot(`
      "PLAN_INVALID: invalid plan, 2 faults:
        steps[0].retry_count: expected a whole number of at least 0, got -1
        steps[1].retry_count: expected a whole number of at least 0, got "often""
    `);
    for (const wrong of [undefined, null, 'chain', { execution_mode: 'dag' }, { execution_mode: 'dag', steps: {} }])
      expect(await messageOf(() => executor.executeChain(wrong as never))).toMatch(
        /^RUN_INVALID: (execution_mode|steps) must/,
      );
    expect(await messageOf(() => executor.executeChain({ ...chain, execution_mode: 'parallel' }))).toContain(
      'execution_mode: a parallel plan has no dependencies',
    );
  });
});

describe('StageExecutor', () => {
  const legacyResult = Object.freeze({ as: 'before' });

  it('orchestrates a plan that has a strategy: results in order, with their metadata, and the trace', async () => {
    const legacy = vi.fn();
    const executor = new StageExecutor({ tools, legacy });
    const stage = await executor.executeStage({ plan, params: { y: 'param' } });
    expect(stage.executionResults.map(({ data }: { data: unknown }) => data)).toEqual([
      { n: 'a', orchestration: place('a', 0, 0) },
      { n: 'b', orchestration: place('b', 0, 1) },
      { received: { x: 'a', y: 'param' }, orchestration: place('c', 1, 0, ['a', 'b']) },
    ]);
    expect([stage.orchestrationTrace, stage.success]).toEqual([createExecutionPlanTrace(plan), true]);
    expect(legacy).not.toHaveBeenCalled();
  });

  it.each([true, false])('orchestrates a plan without a strategy only where it is asked to (%s)', async (isAsked) => {
    const legacy = vi.fn(() => legacyResult);
    const executor = new StageExecutor({ tools, legacy });
    const stage = { plan: { tools: plan.tools }, params: { enable_orchestration: isAsked } };
    const result = await executor.executeStage(stage);
    expect(legacy.mock.calls).toEqual(isAsked ? [] : [[stage]]);
    if (isAsked) expect(result).toHaveProperty('orchestrationTrace');
    else expect(result).toBe(legacyResult);
  });

  it.each(['true', 1, {}, null, undefined])('does not take %j for being asked to', async (enable_orchestration) => {
    const executor = new StageExecutor({ tools, legacy: () => legacyResult });
    expect(await executor.executeStage({ plan: { tools: [] }, params: { enable_orchestration } })).toBe(legacyResult);
  });

  it('hands what was there before the very stage, and passes on what it gives and throws', async () => {
    const own = { anything: 'of before', strategy: null };
    const thrown = Object.freeze({ no: 'error' });
    const fails = (): never => {
      throw thrown as unknown as Error;
    };
    for (const stage of [{ plan: own }, { plan: undefined }, {}, undefined] as unknown as StageInput[]) {
      const legacy = vi.fn(async () => legacyResult);
      expect(await new StageExecutor({ tools, legacy }).executeStage(stage)).toBe(legacyResult);
      expect(legacy.mock.calls).toEqual([[stage]]);
      const failing = new StageExecutor({ tools, legacy: fails });
      expect(await failureOf(() => failing.executeStage(stage))).toBe(thrown);
      const rejecting = new StageExecutor({ tools, legacy: async () => fails() });
      expect(await failureOf(() => rejecting.executeStage(stage))).toBe(thrown);
    }
    const nothing = new StageExecutor({ tools, legacy: () => undefined });
    expect(await nothing.executeStage({ plan: own as unknown as PlanInput })).toBeUndefined();
  });

  it('says what to do where a plan is not to be orchestrated and nothing else is there', async () => {
    const executor = new StageExecutor({ tools });
    expect(await messageOf(() => executor.executeStage({ plan: { tools: plan.tools } }))).toBe(
      'RUN_INVALID: this plan has no strategy: give it one, pass params.enable_orchestration: true, or pass legacy to run it as before',
    );
    expect(() => new StageExecutor({ tools, legacy: 'legacy' as never })).toThrow('option legacy must be a function');
  });

  it('refuses a broken plan, and passes on signal and trace', async () => {
    const executor = new StageExecutor({ tools });
    const broken = { strategy: 'banana', tools: [] } as unknown as PlanInput;
    expect(PlanError.isInstance(await failureOf(() => executor.executeStage({ plan: broken })))).toBe(true);
    const cancelled = await executor.executeStage({ plan, signal: AbortSignal.abort() });
    expect(cancelled.skippedSteps).toEqual(['a', 'b', 'c']);
    const executionPlanTrace: ExecutionPlanTrace = createExecutionPlanTrace(plan);
    const stage = await executor.executeStage({ plan, executionPlanTrace, runId: 'mine' });
    expect(stage.orchestrationTrace).toBe(executionPlanTrace);
  });
});
