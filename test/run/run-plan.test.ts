import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  OrchestraceError,
  PlanError,
  type PlanInput,
  type RunPlanOptions,
  type StepResult,
  type Tool,
} from '../../src/index.ts';
import { throwing } from '../helpers/hostile.ts';
import { attribute, deferred, record, settled, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

/** A tool that says when it starts and ends, and lasts until it is told to end. */
function controlled(log: string[]) {
  const gates = new Map<string, ReturnType<typeof deferred<unknown>>>();
  const tool: Tool = (_params, { toolId }) => {
    log.push(`> ${toolId}`);
    const gate = deferred<unknown>();
    gates.set(toolId, gate);
    return gate.promise.finally(() => log.push(`< ${toolId}`));
  };
  const end = async (toolId: string, value: unknown = toolId): Promise<void> => {
    gates.get(toolId)!.resolve(value);
    await settled();
  };
  const fail = async (toolId: string): Promise<void> => {
    gates.get(toolId)!.reject(new Error(`${toolId} failed`));
    await settled();
  };
  return { tool, end, fail };
}

const named = (...ids: string[]): { tool_id: string; tool_type: string }[] =>
  ids.map((tool_id) => ({ tool_id, tool_type: 'tool' }));
describe('the three strategies', () => {
  it('serial runs one after the other, in the order of dependencies', async () => {
    const log: string[] = [];
    const { tool, end } = controlled(log);
    const plan = {
      strategy: 'serial' as const,
      tools: [{ tool_id: 'b', tool_type: 'tool', depends_on: ['a'] }, ...named('a', 'c')],
    };
    const running = record().runPlan(plan, { tools: { tool } });
    for (const id of ['a', 'c', 'b']) await end(id);
    const { finalOutput, results } = await running;
    expect(log).toEqual(['> a', '< a', '> c', '< c', '> b', '< b']);
    expect([finalOutput, [...results.keys()]]).toEqual(['b', ['b', 'a', 'c']]);
  });

  it('parallel runs all at once, and gives a list in the order of the plan', async () => {
    const log: string[] = [];
    const { tool, end } = controlled(log);
    const running = record().runPlan({ tools: named('a', 'b', 'c') }, { tools: { tool } });
    expect(log).toEqual(['> a', '> b', '> c']);
    for (const id of ['c', 'a', 'b']) await end(id);
    expect((await running).finalOutput).toEqual(['a', 'b', 'c']);
  });

  const dag: PlanInput = {
    name: 'dag',
    tools: [
      ...named('fast', 'slow'),
      { tool_id: 'after fast', tool_type: 'tool', depends_on: ['fast'] },
      { tool_id: 'after both', tool_type: 'tool', depends_on: ['after fast', 'slow'] },
    ],
  };

  it('dag starts a step as soon as its own dependencies are done, while a slow one of an earlier group runs', async () => {
    const log: string[] = [];
    const { tool, end } = controlled(log);
    const recording = record();
    const running = recording.runPlan(dag, { tools: { tool } });
    await end('fast');
    expect(log).toEqual(['> fast', '> slow', '< fast', '> after fast']);
    expect(recording.open().filter((name) => name.startsWith('group'))).toEqual(['group 0 parallel', 'group 1 serial']);
    await end('after fast');
    expect(log.at(-1)).toBe('< after fast');
    await end('slow');
    await end('after both');
    expect((await running).finalOutput).toBe('after both');
    const blocked = recording.ofType('step').map((step) => [step.name, attribute(step, 'blocked_by')]);
    expect(Object.fromEntries(blocked)).toEqual({
      'step fast': undefined,
      'step slow': undefined,
      'step after fast': 'fast',
      'step after both': 'slow',
    });
  });

  it('dag waits for the whole group with scheduling: group', async () => {
    const log: string[] = [];
    const { tool, end } = controlled(log);
    const running = record().runPlan(dag, { tools: { tool }, scheduling: 'group' });
    await end('fast');
    expect(log).toEqual(['> fast', '> slow', '< fast']);
    await end('slow');
    expect(log.at(-1)).toBe('> after fast');
    await end('after fast');
    await end('after both');
    expect((await running).success).toBe(true);
  });

  it('an empty plan is done at once', async () => {
    const recording = record();
    const { success, results, finalOutput, traceId } = await recording.runPlan({ tools: [] }, { tools: {} });
    expect([success, results.size, finalOutput, traceId?.length]).toEqual([true, 0, [], 32]);
    expect(recording.open()).toEqual([]);
  });
});

describe('the final output', () => {
  const tools = {
    tool: (_: object, { toolId }: { toolId: string }) => (toolId.startsWith('bad') ? throwing('own')() : toolId),
  };
  const final = async (plan: PlanInput): Promise<unknown> => (await record().runPlan(plan, { tools })).finalOutput;

  it('serial: what the last step gave that succeeded', async () => {
    expect(await final({ strategy: 'serial', tools: named('a', 'b', 'bad', 'c') })).toBe('b');
    expect(await final({ strategy: 'serial', tools: named('bad') })).toBeUndefined();
  });

  it('parallel: the list of what succeeded', async () => {
    expect(await final({ tools: named('a', 'bad', 'c') })).toEqual(['a', 'c']);
  });

  it('dag: what the only sink gave, or an object of the sinks that succeeded', async () => {
    const depends = (tool_id: string, ...depends_on: string[]) => ({ tool_id, tool_type: 'tool', depends_on });
    expect(await final({ strategy: 'dag', tools: [...named('a', 'b'), depends('c', 'a', 'b')] })).toBe('c');
    expect(await final({ strategy: 'dag', tools: [...named('a', 'b'), depends('bad', 'a', 'b')] })).toBeUndefined();
    const two = await final({
      strategy: 'dag',
      tools: [...named('a'), depends('__proto__', 'a'), depends('c', 'a'), depends('bad', 'a')],
    });
    expect(Object.entries(two as object)).toEqual([
      ['__proto__', '__proto__'],
      ['c', 'c'],
    ]);
  });
});

describe('what a tool is given', () => {
  it('its params, with what its mappings find above them', async () => {
    const seen: Record<string, unknown> = {};
    const see = vi.fn(
      (params: Record<string, unknown>, { toolId }: { toolId: string }) => void (seen[toolId] = params),
    );
    const source = {
      rows: [{ id: 1, name: null }, { id: 2 }],
      get hidden() {
        return throwing('getter')();
      },
    };
    const plan: PlanInput = {
      tools: [
        { tool_id: 'source' },
        {
          tool_id: 'sink',
          depends_on: ['source'],
          params: { kept: 'default', replaced: 'default', missing: 'default', nothing: 'default' },
          output_mapping: {
            replaced: '{source.data.rows[0].id}',
            missing: '{source.data.rows[9].id}',
            nothing: '{source.data.rows[0].name}',
            all: '{source.data.rows[*].name}',
            whole: '{source}',
            success: '{source.success}',
            input: '{$input.deep[1]}',
            everything: '{$input}',
            literal: 'text',
            hidden: '{source.data.hidden}',
            proto: '{source.data.constructor.name}',
            ['__proto__']: '{source.data.rows[1].id}',
          },
        },
      ],
    };
    const input = { deep: [1, { two: 2 }] };
    const recording = record();
    await recording.runPlan(plan, { tools: { source: () => source, sink: see }, input });
    const params = seen['sink'] as Record<string, unknown>;
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
    const { whole, everything, ...rest } = params;
    expect([whole === source, everything === input]).toEqual([true, true]);
    expect(Object.entries(rest)).toEqual([
      ['kept', 'default'],
      ['replaced', 1],
      ['missing', 'default'],
      ['nothing', null],
      ['all', [null, null]],
      ['success', true],
      ['input', { two: 2 }],
      ['literal', 'text'],
      ['__proto__', 2],
    ]);
    const mappings = JSON.parse(String(attribute(recording.span('step sink'), 'mappings'))) as {
      field: string;
      resolved: boolean;
    }[];
    expect(mappings.filter(({ resolved }) => !resolved).map(({ field }) => field)).toEqual([
      'missing',
      'hidden',
      'proto',
    ]);
    expect(mappings.find(({ field }) => field === 'literal')).toMatchObject({ ref: '<literal>' });
  });

  it('a context: who it is, what settled before it, its span, a signal', async () => {
    const recording = record();
    const plan = { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };
    await recording.runPlan(plan, {
      tools: {
        a: () => 1,
        b: (_params, { toolId, attempt, iteration, results, span, signal }) => {
          expect([toolId, attempt, iteration, signal.aborted]).toEqual(['b', 1, 1, false]);
          expect([...results].map(([id, { data }]) => [id, data])).toEqual([['a', 1]]);
          expect(span.isRecording()).toBe(true);
        },
      },
    });
    expect(recording.span('step b').status.code).toBe(0);
  });

  it('params of its own: what it changes is not the plan', async () => {
    const plan = {
      tools: [
        { tool_id: 'a', tool_type: 'tool', params: { n: 1 } },
        { tool_id: 'b', tool_type: 'tool', depends_on: ['a'], params: { n: 1 } },
      ],
    };
    const seen: unknown[] = [];
    const tool = (params: Record<string, unknown>): void => {
      seen.push(params['n']);
      params['n'] = 2;
      params['more'] = true;
    };
    await record().runPlan(plan, { tools: { tool } });
    await record().runPlan(plan, { tools: { tool } });
    expect(seen).toEqual([1, 1, 1, 1]);
    expect(plan.tools.map(({ params }) => params)).toEqual([{ n: 1 }, { n: 1 }]);
  });
});

describe('what a tool gives', () => {
  const one = { tools: [{ tool_id: 'a' }] };
  const run = async (entry: RunPlanOptions['tools'][string]): Promise<StepResult> =>
    (await record().runPlan(one, { tools: { a: entry } })).results.get('a')!;

  it('is its data, the very same value, with the place of the step beside it', async () => {
    const data = Object.freeze({ frozen: true });
    const result = await run(() => data);
    expect(result.data).toBe(data);
    expect(Object.keys(data)).toEqual(['frozen']);
    expect({ ...result, executionTimeMs: typeof result.executionTimeMs }).toMatchInlineSnapshot(`
      {
        "attempts": 1,
        "data": {
          "frozen": true,
        },
        "error": undefined,
        "executionTimeMs": "number",
        "orchestration": {
          "depends_on": [],
          "execution_order": 0,
          "group_index": 0,
          "output_mapping": {},
          "tool_id": "a",
        },
        "outcome": "success",
        "stepId": "a",
        "success": true,
      }
    `);
  });

  it('may be a promise, a thenable, nothing, or a function', async () => {
    const fn = (): number => 1;
    // oxlint-disable-next-line unicorn/no-thenable -- that is the test
    const thenable = { then: (resolve: (value: number) => void) => resolve(3) };
    expect((await run(() => Promise.resolve(2))).data).toBe(2);
    expect((await run(() => thenable)).data).toBe(3);
    expect((await run(() => undefined)).data).toBeUndefined();
    expect((await run(() => fn)).data).toBe(fn);
  });

  it('is a failure where it says so, or by isFailure', async () => {
    expect(await run(() => ({ success: false, error: 'no' }))).toMatchObject({
      success: false,
      outcome: 'failure',
      error: 'no',
      data: { success: false },
    });
    expect(await run(() => ({ success: true }))).toMatchObject({ success: true, outcome: 'success' });
  });

  it('is opened where the tool has an envelope', async () => {
    const enveloped = (value: unknown): Promise<StepResult> => run({ execute: () => value, envelope: true });
    expect(await enveloped({ success: true, data: 1 })).toMatchObject({ success: true, data: 1, outcome: 'success' });
    expect(await enveloped({ success: false, error: 'no', data: 'partial' })).toMatchObject({
      success: false,
      data: 'partial',
      error: 'no',
      outcome: 'failure',
    });
    expect(await enveloped({ success: false })).toMatchObject({
      outcome: 'failure',
      error: 'the tool reported failure',
    });
    expect(await enveloped(Promise.resolve({ success: true, data: 2 }))).toMatchObject({ data: 2 });
    for (const wrong of [undefined, null, 1, {}, { success: 'yes' }, []]) {
      const { outcome, error } = await enveloped(wrong);
      expect([outcome, (error as Error).message]).toEqual([
        'error',
        'tool "a" is registered with envelope: true and must return { success, data, error }',
      ]);
    }
  });

  it('fails the step and not the run where it cannot be read', async () => {
    const getter = {
      success: true,
      get data(): never {
        return throwing('data')();
      },
    };
    const proxy = (): object =>
      new Proxy({ success: true }, { get: (_target, key) => (key === 'then' ? undefined : throwing('get')()) });
    for (const value of [getter, proxy()]) {
      for (const give of [() => value, () => Promise.resolve(value)]) {
        expect(await run({ execute: give, envelope: true })).toMatchObject({ success: false });
      }
    }
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(await run(() => revoked)).toMatchObject({ success: false, outcome: 'failure' });
  });

  it('in an envelope feeds the next tool its data, not the envelope', async () => {
    const plan = {
      tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'], output_mapping: { x: '{a.data.y}' } }],
    };
    const { finalOutput } = await record().runPlan(plan, {
      tools: { a: { execute: () => ({ success: true, data: { y: 'z' } }), envelope: true }, b: (params) => params },
    });
    expect(finalOutput).toEqual({ x: 'z' });
  });
});

describe('tools', () => {
  it('are found by type before id, own properties only, with their own this', async () => {
    class Lookup {
      readonly #rows = 42;
      execute(): number {
        return this.#rows;
      }
    }
    const tools = { a: () => 'never', lookup: new Lookup(), constructor: () => 'own', byId: () => 'by id' };
    const plan = {
      strategy: 'parallel' as const,
      tools: [
        { tool_id: 'a', tool_type: 'lookup' },
        { tool_id: 'constructor' },
        { tool_id: 'byId', tool_type: 'nobody' },
      ],
    };
    expect((await record().runPlan(plan, { tools })).finalOutput).toEqual([42, 'own', 'by id']);
  });

  it('that are traced already are one step each', async () => {
    const recording = record();
    class Counter {
      #count = 0;
      execute(): number {
        return ++this.#count;
      }
    }
    const tools = recording.traceTools({ a: () => 1, b: { execute: async () => 2 }, c: new Counter() });
    const { finalOutput } = await recording.runPlan(
      { name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b' }, { tool_id: 'c' }] },
      { tools },
    );
    expect(finalOutput).toEqual([1, 2, 1]);
    expect(recording.tree('iteration')).toMatchInlineSnapshot(`
      "orchestration p parallel [success]
        plan p
        group 0 parallel [success]
          step a [success]
          step b [success]
          step c [success]"
    `);
  });

  it('may have the names __proto__, constructor, toString and none at all', async () => {
    const ids = ['__proto__', 'constructor', 'toString', '', ' ', 'a.b', '日本', 'hasOwnProperty'];
    const tools = Object.fromEntries(ids.map((id) => [id, () => id]));
    const recording = record();
    const result = await recording.runPlan({ tools: ids.map((tool_id) => ({ tool_id })) }, { tools });
    expect([[...result.results.keys()], result.finalOutput]).toEqual([ids, ids]);
    expect(recording.ofType('step').map((step) => attribute(step, 'tool_id'))).toEqual(ids);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('wrong use', () => {
  const never = vi.fn();
  const plan = { tools: [{ tool_id: 'a' }] };
  const messageOf = async (planInput: unknown, options: unknown): Promise<string> => {
    const recording = record();
    try {
      await recording.runPlan(planInput as PlanInput, options as RunPlanOptions);
    } catch (error) {
      expect(OrchestraceError.isInstance(error)).toBe(true);
      expect([recording.spans(), recording.open()]).toEqual([[], []]);
      return `${(error as OrchestraceError).code}: ${(error as Error).message}`;
    }
    throw new Error('it ran');
  };

  it('names every tool that is missing and every loop that would not end, before anything runs', async () => {
    const wrong = {
      tools: [
        { tool_id: 'a' },
        { tool_id: 'b', tool_type: 'nobody', timeout_ms: 5 },
        {
          tool_id: 'c',
          retry: { max_attempts: 2 },
          condition: { ref: '{a}', op: 'exists' },
          depends_on: ['a'],
          join: 'any',
        },
      ],
      loops: [{ from: 'c', to: 'a' }],
    };
    expect(await messageOf(wrong, { tools: { a: never, other: never, d: 'no function' } })).toMatchInlineSnapshot(`
      "RUN_INVALID: this plan cannot be run (the tools given are a, other, d):
        tools[1]: no tool "nobody" and no tool "b"
        tools[2]: no tool "c"
        loops[0]: nothing ends this loop; give "a" a condition, or pass shouldRun"
    `);
    expect(never).not.toHaveBeenCalled();
  });

  it('names all faults of a plan', async () => {
    const recording = record();
    const broken = { tools: [{ tool_id: 'a', depends_on: ['nobody'] }, { tool_id: 'a' }] };
    const error: unknown = await recording.runPlan(broken, { tools: { a: never } }).catch((error: unknown) => error);
    expect(PlanError.isInstance(error) && error.issues.length).toBe(2);
    expect(recording.open()).toEqual([]);
  });

  it.each([
    ['no options', undefined],
    ['no tools', {}],
    ['tools that are none', { tools: 'tools' }],
    ['a policy that is none', { tools: { a: never }, onFailure: 'ignore' }],
    ['a scheduling that is none', { tools: { a: never }, scheduling: 'fast' }],
    ['a concurrency of zero', { tools: { a: never }, maxConcurrency: 0 }],
    ['a concurrency of a half', { tools: { a: never }, maxConcurrency: 0.5 }],
    ['a concurrency that is NaN', { tools: { a: never }, maxConcurrency: NaN }],
    ['a signal that is none', { tools: { a: never }, signal: {} }],
    ['a controller for its signal', { tools: { a: never }, signal: new AbortController() }],
  ])('is refused before anything runs: %s', async (_name, options) => {
    expect(await messageOf(plan, options)).toMatch(/^RUN_INVALID: /);
    expect(never).not.toHaveBeenCalled();
  });

  it('of a trace option is a TypeError that names it', async () => {
    const options = { tools: { a: never }, recordInputs: 'yes' } as unknown as RunPlanOptions;
    await expect(record().runPlan(plan, options)).rejects.toThrow(
      'option recordInputs must be true or false, got "yes"',
    );
  });
});
