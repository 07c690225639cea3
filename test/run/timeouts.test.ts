import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOrchestrace, type PlanInput, type RunPlanOptions, type ToolContext } from '../../src/index.ts';
import { attribute, deferred, record, settled, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  vi.useRealTimers();
  diag.disable();
});

type Tools = RunPlanOptions['tools'];
/** Without spans, whose export has timers of its own. */
const { runPlan } = createOrchestrace();
const timed = (timeout_ms: number): PlanInput => ({
  name: 'p',
  strategy: 'dag',
  tools: [{ tool_id: 'slow', timeout_ms }, { tool_id: 'after', depends_on: ['slow'] }, { tool_id: 'other' }],
});

/** What is said through OpenTelemetry's `diag`. */
function listen(): string[] {
  const said: string[] = [];
  const say = (_namespace: string, ...args: unknown[]): number => said.push(String(args[0]));
  const logger: DiagLogger = { error: say, warn: say, info: say, debug: say, verbose: say };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return said;
}

describe('a tool whose time is up', () => {
  it('is told by a TimeoutError, and its step ends as a timeout with the status ERROR', async () => {
    const recording = record();
    const said = listen();
    const seen: unknown[] = [];
    const slow: Tools[string] = (_params, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          seen.push(signal.reason);
          reject(signal.reason as Error);
        }),
      );
    const running = recording.runPlan(timed(250), { tools: { slow, after: () => 1, other: () => 2 } });
    await vi.advanceTimersByTimeAsync(249);
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    const { results, failedSteps, success } = await running;
    await settled();
    expect(seen).toEqual([expect.objectContaining({ name: 'TimeoutError', message: 'Timeout after 250ms' })]);
    expect(results.get('slow')).toMatchObject({ outcome: 'timeout', success: false, attempts: 1, error: seen[0] });
    expect([success, failedSteps, results.get('after')?.skipReason]).toEqual([
      false,
      ['slow'],
      'dependency failed: slow',
    ]);
    expect(recording.tree('skip_reason')).toMatchInlineSnapshot(`
      "orchestration p dag [failure]
        plan p
        group 0 parallel [failure]
          step slow [timeout]
          step other [success]
        group 1 serial [skip]
          step after [skip] skip_reason=dependency failed: slow"
    `);
    const step = recording.span('step slow');
    expect([step.status, step.attributes['error.type']]).toEqual([
      { code: 2, message: 'Timeout after 250ms' },
      'timeout',
    ]);
    expect([recording.open(), said]).toEqual([[], []]);
  });

  it.each([
    ['value', (late: ReturnType<typeof deferred<string>>) => late.resolve('too late')],
    ['error', (late: ReturnType<typeof deferred<string>>) => late.reject(new Error('too late'))],
  ])('and who ignores it is left behind; its late %s is dropped and said once', async (_name, end) => {
    const recording = record();
    const said = listen();
    const late = deferred<string>();
    const tools: Tools = { slow: () => late.promise, after: () => 1, other: () => 2 };
    const running = recording.runPlan(timed(50), { tools });
    await vi.advanceTimersByTimeAsync(50);
    const { results } = await running;
    const spans = recording.spans().length;
    expect([results.get('slow')?.outcome, said]).toEqual(['timeout', []]);
    end(late);
    await settled();
    expect(said).toEqual(['tool "slow" ended attempt 1 after it was left behind; what came of it is dropped']);
    expect([recording.spans().length, results.get('slow')?.data]).toEqual([spans, undefined]);
  });

  it('leaves a tool that is in time alone, also one that returns at once, and keeps no timer', async () => {
    const signals: AbortSignal[] = [];
    const slow: Tools[string] = async (_params, { signal }) => void signals.push(signal);
    const sync: Tools[string] = (_params, { signal }) => void signals.push(signal);
    for (const tool of [slow, sync]) {
      const { success } = await runPlan(timed(5), { tools: { slow: tool, after: () => 1, other: () => 2 } });
      expect([success, vi.getTimerCount()]).toEqual([true, 0]);
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });

  it('does not count the time that a step waits for others', async () => {
    const first = deferred();
    const plan: PlanInput = {
      tools: [{ tool_id: 'first' }, { tool_id: 'then', depends_on: ['first'], timeout_ms: 10 }],
    };
    const running = record().runPlan(plan, { tools: { first: () => first.promise, then: () => 'done' } });
    await vi.advanceTimersByTimeAsync(1000);
    first.resolve();
    expect((await running).finalOutput).toBe('done');
  });

  it('and a run that is cancelled: whichever comes first', async () => {
    for (const isTimeoutFirst of [true, false]) {
      const controller = new AbortController();
      const running = runPlan(timed(10), {
        tools: { slow: () => new Promise(() => {}), after: () => 1, other: () => new Promise(() => {}) },
        signal: controller.signal,
      });
      if (isTimeoutFirst) await vi.advanceTimersByTimeAsync(10);
      controller.abort(new Error('enough'));
      if (!isTimeoutFirst) await vi.advanceTimersByTimeAsync(10);
      const { results } = await running;
      expect([results.get('slow')?.outcome, results.get('other')?.outcome, vi.getTimerCount()]).toEqual([
        isTimeoutFirst ? 'timeout' : 'cancellation',
        'cancellation',
        0,
      ]);
    }
  });

  it('hears of a cancelled run by the same signal', async () => {
    const controller = new AbortController();
    let seen: ToolContext | undefined;
    const slow: Tools[string] = (_params, context) => {
      seen = context;
      return new Promise(() => {});
    };
    const running = record().runPlan(timed(1000), {
      tools: { slow, after: () => 1, other: () => 2 },
      signal: controller.signal,
    });
    const reason = new Error('enough');
    controller.abort(reason);
    await running;
    expect(seen?.signal.reason).toBe(reason);
  });

  it('counts a TimeoutError of its own as a timeout', async () => {
    const own = new DOMException('of fetch', 'TimeoutError');
    const recording = record();
    const { results } = await recording.runPlan(timed(1000), {
      tools: { slow: () => Promise.reject(own), after: () => 1, other: () => 2 },
    });
    expect(results.get('slow')).toMatchObject({ outcome: 'timeout', error: own });
    expect(attribute(recording.span('step slow'), 'outcome')).toBe('timeout');
  });
});
