import { getEventListeners } from 'node:events';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunPlanOptions, RunResult } from '../../src/index.ts';
import { attribute, deferred, record, settled, useContextManager, type Recording } from '../helpers/spans.ts';

beforeAll(useContextManager);

const chain = {
  name: 'p',
  tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }, { tool_id: 'c', depends_on: ['b'] }],
};
const shown = ({ results }: RunResult): Record<string, string> =>
  Object.fromEntries([...results].map(([id, { outcome, skipReason }]) => [id, skipReason ?? outcome]));

/** A tool that lasts until the run is cancelled, and then does what is due. */
const heeding: RunPlanOptions['tools'][string] = (_params, { signal }) =>
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a reason may be anything
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
const ignoring = (): Promise<never> => new Promise(() => {});

function cancellable(tools: RunPlanOptions['tools']): {
  running: Promise<RunResult>;
  controller: AbortController;
  recording: Recording;
} {
  const recording = record();
  const controller = new AbortController();
  return { running: recording.runPlan(chain, { tools, signal: controller.signal }), controller, recording };
}

describe('a run that is cancelled', () => {
  it('before it starts runs nothing, and says so', async () => {
    const recording = record();
    const never = vi.fn();
    const result = await recording.runPlan(chain, {
      tools: { a: never, b: never, c: never },
      signal: AbortSignal.abort(),
    });
    expect(shown(result)).toEqual({ a: 'run cancelled', b: 'run cancelled', c: 'run cancelled' });
    expect([result.success, result.failedSteps, result.skippedSteps]).toEqual([false, [], ['a', 'b', 'c']]);
    expect(never).not.toHaveBeenCalled();
    expect(recording.tree('skip_reason')).toMatchInlineSnapshot(`
      "orchestration p serial [cancellation]
        plan p
        group 0 serial [skip]
          step a [skip] skip_reason=run cancelled
        group 1 serial [skip]
          step b [skip] skip_reason=run cancelled
        group 2 serial [skip]
          step c [skip] skip_reason=run cancelled"
    `);
  });

  it.each([
    ['heeds the signal', heeding],
    ['ignores the signal', ignoring],
  ])('while a tool runs that %s', async (_name, tool) => {
    const { running, controller, recording } = cancellable({ a: () => 1, b: tool, c: () => 3 });
    await settled();
    const reason = new Error('enough');
    controller.abort(reason);
    const result = await running;
    expect(shown(result)).toEqual({ a: 'success', b: 'cancellation', c: 'run cancelled' });
    expect(result.results.get('b')?.error).toBe(reason);
    expect([result.success, result.failedSteps]).toEqual([false, []]);
    expect(recording.tree('skip_reason')).toMatchInlineSnapshot(`
      "orchestration p serial [cancellation]
        plan p
        group 0 serial [success]
          step a [success]
        group 1 serial [cancellation]
          step b [cancellation]
        group 2 serial [skip]
          step c [skip] skip_reason=run cancelled"
    `);
    for (const span of recording.spans()) expect(span.status.code).toBe(0);
    expect(recording.open()).toEqual([]);
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
  });

  it.each([
    ['an error', new Error('enough', { cause: 'no more money' }), 'enough: no more money'],
    ['a text', 'enough', 'enough'],
    ['what Node throws for it', new DOMException('The operation was aborted', 'AbortError'), undefined],
    [
      'a time that is up',
      new DOMException('The operation was aborted due to timeout', 'TimeoutError'),
      'The operation was aborted due to timeout',
    ],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
    ['an object that says it', { code: 'SHUTDOWN' }, 'SHUTDOWN'],
    ['an object that says nothing', { why: 1 }, undefined],
  ])('by a signal with a reason tells it: %s', async (_name, reason, told) => {
    const { running, controller, recording } = cancellable({ a: () => 1, b: heeding, c: () => 3 });
    await settled();
    controller.abort(reason);
    const { verdict } = await running;
    expect(attribute(recording.ofType('run')[0]!, 'cancel_reason')).toBe(told);
    expect(verdict).toMatch(told === undefined ? /^Cancelled after \S+ \S+ while/ : `(${told}) while b ran: 1 of 3`);
  });

  it('by what a tool threw tells that', async () => {
    const recording = record();
    const { verdict } = await recording.runPlan(
      { tools: [{ tool_id: 'a' }] },
      { tools: { a: () => Promise.reject(new DOMException('quota for today is used up', 'AbortError')) } },
    );
    expect(attribute(recording.ofType('run')[0]!, 'cancel_reason')).toBe('quota for today is used up');
    expect(verdict).toContain('(quota for today is used up)');
  });

  it('tells the reason beside a failure before it, and what each kept from running', async () => {
    const recording = record();
    const controller = new AbortController();
    const running = recording.runPlan(
      { tools: [{ tool_id: 'a' }, { tool_id: 'b' }, { tool_id: 'c', depends_on: ['a', 'b'] }] },
      { tools: { a: () => Promise.reject(new Error('x')), b: heeding, c: () => 3 }, signal: controller.signal },
    );
    await settled();
    controller.abort(new Error('enough'));
    const { verdict } = await running;
    const [run] = recording.ofType('run');
    expect(verdict).toContain('a failed (x). The run was cancelled (enough); c did not run because of that.');
    expect(['outcome', 'cancel_reason', 'blast_radius'].map((name) => attribute(run!, name))).toEqual([
      'failure',
      'enough',
      0,
    ]);
  });

  it('after it is done stays as it was', async () => {
    const { running, controller } = cancellable({ a: () => 1, b: () => 2, c: () => 3 });
    const result = await running;
    controller.abort();
    await settled();
    expect([result.success, shown(result)]).toEqual([true, { a: 'success', b: 'success', c: 'success' }]);
  });

  it('by one of its own tools, synchronously', async () => {
    const controller = new AbortController();
    const recording = record();
    const tools = { a: () => controller.abort(), b: () => 2, c: () => 3 };
    const result = await recording.runPlan(chain, { tools, signal: controller.signal });
    expect(shown(result)).toEqual({ a: 'success', b: 'run cancelled', c: 'run cancelled' });
    expect([result.success, attribute(recording.ofType('run')[0]!, 'outcome')]).toEqual([false, 'cancellation']);
  });

  it('does not count a tool that fails on its own then as cancelled', async () => {
    const own = new Error('own');
    const tool: RunPlanOptions['tools'][string] = (_params, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(own)));
    const { running, controller } = cancellable({ a: tool, b: () => 2, c: () => 3 });
    controller.abort();
    const result = await running;
    expect([shown(result)['a'], result.results.get('a')?.error, result.failedSteps]).toEqual(['failure', own, ['a']]);
  });

  it('lets a tool finish that answers at once with a value', async () => {
    const tool: RunPlanOptions['tools'][string] = (_params, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('partial')));
    const { running, controller } = cancellable({ a: tool, b: () => 2, c: () => 3 });
    controller.abort();
    expect((await running).results.get('a')).toMatchObject({ outcome: 'success', data: 'partial' });
  });

  it('drops what a tool that was left behind gives later, and its failure harms nobody', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const late = deferred<string>();
    const { running, controller, recording } = cancellable({ a: () => late.promise, b: () => 2, c: () => 3 });
    controller.abort();
    const result = await running;
    const spans = recording.spans().length;
    late.reject(new Error('too late'));
    await settled();
    process.off('unhandledRejection', unhandled);
    expect([result.results.get('a')?.outcome, recording.spans().length - spans]).toEqual(['cancellation', 0]);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('does not wait for a shouldRun that never answers, nor hear it later', async () => {
    const controller = new AbortController();
    const answer = deferred<boolean>();
    const never = vi.fn();
    const running = record().runPlan(chain, {
      tools: { a: never, b: never, c: never },
      signal: controller.signal,
      shouldRun: () => answer.promise,
    });
    await settled();
    controller.abort();
    expect(shown(await running)).toEqual({ a: 'run cancelled', b: 'run cancelled', c: 'run cancelled' });
    answer.resolve(true);
    await settled();
    expect(never).not.toHaveBeenCalled();
  });

  it('gives tools a signal of the run, with the reason, and not that of the host', async () => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    const tool: RunPlanOptions['tools'][string] = (_params, { signal }) => {
      signal.addEventListener('abort', () => seen.push(signal.reason));
      return ignoring();
    };
    const running = record().runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: tool }, signal: controller.signal });
    controller.abort('why');
    await running;
    expect(seen).toEqual(['why']);
  });

  it('with steps that wait for room skips those', async () => {
    const controller = new AbortController();
    const plan = { tools: Array.from({ length: 10 }, (_, index) => ({ tool_id: `${index}`, tool_type: 'tool' })) };
    const running = record().runPlan(plan, { tools: { tool: ignoring }, signal: controller.signal, maxConcurrency: 3 });
    await settled();
    controller.abort();
    const result = await running;
    const counts = Object.values(shown(result));
    expect([
      counts.filter((each) => each === 'cancellation').length,
      counts.filter((each) => each === 'run cancelled').length,
    ]).toEqual([3, 7]);
  });
});

describe('a step that is cancelled by itself', () => {
  it('is no failure, and what needs it is skipped', async () => {
    const recording = record();
    const abort = new DOMException('stop', 'AbortError');
    const result = await recording.runPlan(chain, {
      tools: { a: () => Promise.reject(abort), b: () => 2, c: () => 3 },
    });
    expect(shown(result)).toEqual({ a: 'cancellation', b: 'dependency failed: a', c: 'dependency skipped: b' });
    expect([result.success, result.failedSteps, attribute(recording.ofType('run')[0]!, 'outcome')]).toEqual([
      false,
      [],
      'cancellation',
    ]);
  });
});

describe('maxConcurrency', () => {
  it.each([
    ['a parallel plan', 'parallel', 'ready'],
    ['a dag by readiness', 'dag', 'ready'],
    ['a dag by groups', 'dag', 'group'],
  ] as const)('is never exceeded and always used: %s', async (_name, strategy, scheduling) => {
    const ids = Array.from({ length: 30 }, (_, index) => `t${index}`);
    const tools = ids.map((tool_id, index) => ({
      tool_id,
      tool_type: 'tool',
      ...(strategy === 'dag' && index >= 10 && { depends_on: [`t${index - 10}`, `t${index - 7}`] }),
    }));
    let [now, most, calls] = [0, 0, 0];
    const tool = async (): Promise<void> => {
      most = Math.max(most, ++now);
      for (let turn = 0; turn < calls % 3; turn++) await Promise.resolve();
      calls++;
      now--;
    };
    const { success } = await record().runPlan({ strategy, tools }, { tools: { tool }, scheduling, maxConcurrency: 4 });
    expect([success, calls, most]).toEqual([true, 30, 4]);
  });
});
