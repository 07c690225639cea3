import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanInput, RunResult, Tool } from '../../src/index.ts';
import { attribute, deferred, record, settled, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const shown = ({ results }: RunResult): Record<string, string> =>
  Object.fromEntries([...results].map(([id, { outcome, skipReason }]) => [id, skipReason ?? outcome]));

const plan: PlanInput = {
  name: 'p',
  strategy: 'dag',
  tools: [
    { tool_id: 'a', tool_type: 'tool' },
    { tool_id: 'b', tool_type: 'tool' },
    {
      tool_id: 'first',
      tool_type: 'tool',
      depends_on: ['a', 'b'],
      join: 'any',
      output_mapping: { a: '{a}', b: '{b}' },
    },
    { tool_id: 'all', tool_type: 'tool', depends_on: ['first', 'b'] },
  ],
};

/** Tools that last until they are told to end; what each was given. */
function controlled() {
  const gates = new Map<string, ReturnType<typeof deferred<unknown>>>();
  const given = new Map<string, unknown>();
  const tool: Tool = (params, { toolId }) => {
    given.set(toolId, params);
    gates.set(toolId, deferred<unknown>());
    return gates.get(toolId)!.promise;
  };
  const end = async (toolId: string, isSuccess = true): Promise<void> => {
    if (isSuccess) gates.get(toolId)!.resolve(`${toolId} done`);
    else gates.get(toolId)!.reject(new Error(`${toolId} failed`));
    await settled();
  };
  return { tools: { tool }, given, end };
}

describe('a tool with join: any', () => {
  it('starts after the first success, with what there is, and runs once', async () => {
    const recording = record();
    const { tools, given, end } = controlled();
    const running = recording.runPlan(plan, { tools });
    await end('b');
    expect([...given]).toEqual([
      ['a', {}],
      ['b', {}],
      ['first', { b: 'b done' }],
    ]);
    await end('a');
    await end('first');
    await end('all');
    expect([(await running).success, given.size]).toEqual([true, 4]);
    const step = recording.span('step first');
    expect([
      attribute(step, 'blocked_by'),
      step.links.map(({ attributes }) => attributes?.['orchestration.tool_id']),
    ]).toEqual(['b', ['b']]);
  });

  it('does not start after a failure while another may still succeed', async () => {
    const { tools, given, end } = controlled();
    const running = record().runPlan(plan, { tools });
    await end('a', false);
    expect(given.has('first')).toBe(false);
    await end('b');
    expect(given.get('first')).toEqual({ b: 'b done' });
    await end('first');
    await end('all');
    expect(shown(await running)).toEqual({ a: 'failure', b: 'success', first: 'success', all: 'success' });
  });

  it('is skipped when all failed, or with onFailure: continue runs', async () => {
    for (const onFailure of ['skip-dependents', 'continue'] as const) {
      const { tools, given, end } = controlled();
      const running = record().runPlan(plan, { tools, onFailure });
      await end('a', false);
      expect(given.has('first')).toBe(false);
      await end('b', false);
      if (onFailure === 'continue') {
        await end('first');
        await end('all');
      }
      expect(shown(await running)).toEqual({
        a: 'failure',
        b: 'failure',
        first: onFailure === 'continue' ? 'success' : 'dependency failed: a',
        all: onFailure === 'continue' ? 'success' : 'dependency failed: b',
      });
    }
  });

  it('counts a skipped dependency as none that succeeded', async () => {
    const { tools, end } = controlled();
    const shouldRun = ({ tool_id }: { tool_id: string }): boolean => tool_id !== 'a' && tool_id !== 'b';
    const skipped = await record().runPlan(plan, { tools, shouldRun });
    expect(shown(skipped)).toMatchObject({ first: 'dependency skipped: a', all: 'dependency skipped: first' });
    const running = record().runPlan(plan, { tools, shouldRun: ({ tool_id }) => tool_id !== 'a' });
    await settled();
    await end('b');
    await end('first');
    await end('all');
    expect(shown(await running)).toMatchObject({ a: 'condition not met', first: 'success', all: 'success' });
  });

  it('waits for its group where groups wait, and in a serial plan for its turn', async () => {
    for (const options of [{ scheduling: 'group' }, { strategy: 'serial' }] as const) {
      const { tools, given, end } = controlled();
      const strategy = 'strategy' in options ? options.strategy : 'dag';
      const running = record().runPlan(
        { ...plan, strategy },
        { tools, onFailure: 'skip-dependents', ...('scheduling' in options && options) },
      );
      await end('a', false);
      expect(given.has('first')).toBe(false);
      await end('b');
      expect(given.get('first')).toEqual({ b: 'b done' });
      await end('first');
      await end('all');
      expect(shown(await running)).toEqual({ a: 'failure', b: 'success', first: 'success', all: 'success' });
    }
  });

  it('is cancelled like any other, also when it runs while a dependency does', async () => {
    const recording = record();
    const controller = new AbortController();
    const { tools, end } = controlled();
    const running = recording.runPlan(plan, { tools, signal: controller.signal });
    await end('b');
    controller.abort();
    expect(shown(await running)).toEqual({
      a: 'cancellation',
      b: 'success',
      first: 'cancellation',
      all: 'run cancelled',
    });
    expect(recording.open()).toEqual([]);
  });

  it('does not exceed maxConcurrency', async () => {
    const { tools, given, end } = controlled();
    const running = record().runPlan(plan, { tools, maxConcurrency: 1 });
    await settled();
    expect([...given.keys()]).toEqual(['a']);
    await end('a');
    expect([...given.keys()]).toEqual(['a', 'b']);
    await end('b');
    expect([...given.keys()]).toEqual(['a', 'b', 'first']);
    await end('first');
    await end('all');
    expect((await running).success).toBe(true);
  });
});
