import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Condition, PlanInput, PlanTool, RunPlanOptions, RunResult, ShouldRun } from '../../src/index.ts';
import { attribute, deferred, record, settled, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const shown = ({ results }: RunResult): Record<string, string> =>
  Object.fromEntries([...results].map(([id, { outcome, skipReason }]) => [id, skipReason ?? outcome]));

const data = {
  zero: 0,
  five: 5,
  text: 'web server',
  empty: '',
  nothing: null,
  no: false,
  list: ['web', 2, { a: [1] }],
  object: { a: [1], b: null },
  rows: [{ kind: 'x' }, {}, { kind: 'y' }],
};

async function holds(condition: Condition, left: unknown = data): Promise<boolean> {
  const plan = { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'], condition }] };
  const { results } = await record().runPlan(plan, { tools: { a: () => left, b: () => 'ran' } });
  const { outcome, skipReason } = results.get('b')!;
  if (outcome === 'skip') expect(skipReason).toBe('condition not met');
  return outcome === 'success';
}

describe('a condition', () => {
  it.each<[string, Condition['op'], unknown, boolean]>([
    ['five', 'exists', undefined, true],
    ['nothing', 'exists', undefined, true],
    ['no', 'exists', undefined, true],
    ['missing', 'exists', undefined, false],
    ['five', 'not_exists', undefined, false],
    ['missing', 'not_exists', undefined, true],
    ['five', '==', 5, true],
    ['five', '==', '5', false],
    ['nothing', '==', null, true],
    ['zero', '==', false, false],
    ['zero', '==', -0, true],
    ['object', '==', { b: null, a: [1] }, true],
    ['object', '==', { a: [1] }, false],
    ['list', '==', ['web', 2, { a: [1] }], true],
    ['list', '==', [2, 'web', { a: [1] }], false],
    ['rows[*].kind', '==', ['x', null, 'y'], true],
    ['missing', '==', null, false],
    ['five', '!=', 5, false],
    ['five', '!=', 6, true],
    ['missing', '!=', 5, true],
    ['missing', '!=', null, true],
    ['five', '<', 6, true],
    ['five', '<', 5, false],
    ['five', '<=', 5, true],
    ['five', '>', 4, true],
    ['five', '>', 5, false],
    ['five', '>=', 5, true],
    ['text', '<', 'x', true],
    ['text', '>=', 'x', false],
    ['five', '<', '6', false],
    ['text', '>', 1, false],
    ['nothing', '<', 1, false],
    ['no', '<=', 0, false],
    ['missing', '<', 1, false],
    ['missing', '>=', 1, false],
    ['text', 'contains', 'serv', true],
    ['text', 'contains', '', true],
    ['text', 'contains', 'S', false],
    ['text', 'contains', 5, false],
    ['list', 'contains', 'web', true],
    ['list', 'contains', 'we', false],
    ['list', 'contains', { a: [1] }, true],
    ['five', 'contains', 5, false],
    ['missing', 'contains', 'x', false],
  ])('%s %s %j is %s', async (path, op, value, expected) => {
    const condition = { ref: `{a.data.${path}}`, op, ...(value !== undefined && { value }) };
    expect(await holds(condition)).toBe(expected);
  });

  it('asks the input, success and error as well', async () => {
    expect(await holds({ ref: '{a.success}', op: '==', value: true })).toBe(true);
    expect(await holds({ ref: '{a.error}', op: 'exists' })).toBe(false);
    expect(await holds({ ref: '{$input.x}', op: 'exists' })).toBe(false);
  });

  it('reads no getter, no prototype, and harms nobody where a value cannot be read', async () => {
    const getter = vi.fn(() => 1);
    const left = Object.defineProperty({ proxy: revoked() }, 'secret', { get: getter, enumerable: true });
    expect(await holds({ ref: '{a.data.secret}', op: 'exists' }, left)).toBe(false);
    expect(await holds({ ref: '{a.data.toString}', op: 'exists' }, left)).toBe(false);
    expect(getter).not.toHaveBeenCalled();
    const plan: PlanInput = {
      tools: [
        { tool_id: 'a' },
        { tool_id: 'b', depends_on: ['a'], condition: { ref: '{a.data.proxy}', op: '==', value: { x: 1 } } },
      ],
    };
    const result = await record().runPlan(plan, { tools: { a: () => left, b: () => 'ran' } });
    expect(shown(result)).toEqual({ a: 'success', b: 'error' });
  });

  it('that does not hold skips the step, and what needs it', async () => {
    const recording = record();
    const plan: PlanInput = {
      name: 'p',
      strategy: 'dag',
      tools: [
        { tool_id: 'a' },
        { tool_id: 'b', depends_on: ['a'], condition: { ref: '{a.data.n}', op: '>', value: 5 } },
        { tool_id: 'c', depends_on: ['b'] },
        { tool_id: 'd', depends_on: ['a'], condition: { ref: '{a.data.n}', op: '<=', value: 5 } },
      ],
    };
    const tool = (): object => ({ n: 5 });
    const result = await recording.runPlan(plan, { tools: { a: tool, b: tool, c: tool, d: tool } });
    expect([result.success, result.failedSteps, result.skippedSteps]).toEqual([true, [], ['b', 'c']]);
    expect(recording.tree('skip_reason')).toMatchInlineSnapshot(`
      "orchestration p dag [success]
        plan p
        group 0 serial [success]
          step a [success]
        group 1 parallel [success]
          step b [skip] skip_reason=condition not met
          step d [success]
        group 2 serial [skip]
          step c [skip] skip_reason=dependency skipped: b"
    `);
  });
});

describe('shouldRun', () => {
  const plan: PlanInput = {
    strategy: 'dag',
    tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }, { tool_id: 'c', depends_on: ['a'] }],
  };
  const tools: RunPlanOptions['tools'] = { a: () => 1, b: () => 2, c: () => 3 };

  it.each<[string, ShouldRun]>([
    ['at once', ({ tool_id }) => tool_id !== 'b'],
    ['by a promise', async ({ tool_id }) => tool_id !== 'b'],
  ])('decides %s, told the tool and the results so far', async (_name, decide) => {
    const asked: [string, string[]][] = [];
    const result = await record().runPlan(plan, {
      tools,
      shouldRun: (tool: PlanTool, results) => {
        asked.push([tool.tool_id, [...results.keys()]]);
        return decide(tool, results);
      },
    });
    expect(shown(result)).toEqual({ a: 'success', b: 'condition not met', c: 'success' });
    expect(asked[0]).toEqual(['a', []]);
    expect(asked.map(([id]) => id).toSorted()).toEqual(['a', 'b', 'c']);
    expect(asked.find(([id]) => id === 'b')?.[1]).toContain('a');
  });

  it('is not asked where the condition says no, nor for what is skipped anyway', async () => {
    const shouldRun = vi.fn(() => true);
    const conditional: PlanInput = {
      strategy: 'dag',
      tools: [
        { tool_id: 'a', condition: { ref: '{$input.go}', op: 'exists' } },
        { tool_id: 'b', depends_on: ['a'] },
        { tool_id: 'c' },
      ],
    };
    const result = await record().runPlan(conditional, { tools, shouldRun });
    expect(shown(result)).toEqual({ a: 'condition not met', b: 'dependency skipped: a', c: 'success' });
    expect(shouldRun).toHaveBeenCalledTimes(1);
  });

  const own = new Error('own');
  it.each<[string, ShouldRun]>([
    [
      'throws',
      () => {
        throw own;
      },
    ],
    ['rejects', () => Promise.reject(own)],
    ['gives a thenable that throws', () => ({ then: () => void throwOwn() }) as unknown as Promise<boolean>],
    ['gives what throws when it is looked at', () => hostileAnswer() as unknown as boolean],
  ])('that %s makes its step an error that was never tried, and the run goes on', async (_name, fail) => {
    const recording = record();
    const result = await recording.runPlan(plan, {
      tools,
      shouldRun: (tool, results) => tool.tool_id !== 'b' || fail(tool, results),
    });
    expect(shown(result)).toEqual({ a: 'success', b: 'error', c: 'success' });
    expect(result.results.get('b')).toMatchObject({ error: own, attempts: 0 });
    expect([result.failedSteps, attribute(recording.span('step b'), 'outcome')]).toEqual([['b'], 'error']);
    expect(recording.span('step b').status.code).toBe(2);
  });

  it('that answers with anything is taken by its truth; nothing is yes', async () => {
    for (const [answer, outcome] of [
      [0, 'condition not met'],
      ['', 'condition not met'],
      ['no', 'success'],
      [undefined, 'success'],
    ] as const) {
      const result = await record().runPlan(
        { tools: [{ tool_id: 'a' }] },
        { tools, shouldRun: () => answer as unknown as boolean },
      );
      expect(shown(result)).toEqual({ a: outcome });
    }
  });

  it('that takes its time holds a place of maxConcurrency, and no more', async () => {
    const answers = new Map<string, ReturnType<typeof deferred<boolean>>>();
    const log: string[] = [];
    const wide = { tools: ['a', 'b', 'c', 'd'].map((tool_id) => ({ tool_id, tool_type: 'tool' })) };
    const running = record().runPlan(wide, {
      tools: { tool: (_params, { toolId }) => void log.push(`run ${toolId}`) },
      maxConcurrency: 2,
      shouldRun: ({ tool_id }) => {
        log.push(`ask ${tool_id}`);
        answers.set(tool_id, deferred<boolean>());
        return answers.get(tool_id)!.promise;
      },
    });
    expect(log).toEqual(['ask a', 'ask b']);
    answers.get('b')!.resolve(false);
    await settled();
    expect(log).toEqual(['ask a', 'ask b', 'ask c']);
    answers.get('a')!.resolve(true);
    await settled();
    expect(log).toEqual(['ask a', 'ask b', 'ask c', 'run a', 'ask d']);
    for (const id of ['c', 'd']) answers.get(id)!.resolve(false);
    expect(shown(await running)).toEqual({
      a: 'success',
      b: 'condition not met',
      c: 'condition not met',
      d: 'condition not met',
    });
  });

  it('cannot spoil the results by changing what it is given', async () => {
    const result = await record().runPlan(plan, {
      tools: { ...tools, b: (_params, { results }) => (results as Map<string, unknown>).clear() },
      shouldRun: (_tool, results) => (results as Map<string, unknown>).delete('a') || true,
    });
    expect(shown(result)).toEqual({ a: 'success', b: 'success', c: 'success' });
  });

  function throwOwn(): never {
    throw own;
  }
  function hostileAnswer(): object {
    return Object.defineProperty({}, 'then', { get: throwOwn });
  }
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
