import { diag, DiagLogLevel } from '@opentelemetry/api';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createOrchestrace,
  type PlanInput,
  type PlanToolInput,
  type RunPlanOptions,
  type Tool,
} from '../../src/index.ts';
import { attribute, deferred, record, settled, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  diag.disable();
});

type Tools = RunPlanOptions['tools'];
/** Without spans, whose export has timers of its own. */
const { runPlan } = createOrchestrace();
const retried = (retry: PlanToolInput['retry'], more: Partial<PlanToolInput> = {}): PlanInput => ({
  name: 'p',
  strategy: 'dag',
  tools: [
    { tool_id: 'flaky', retry, ...more },
    { tool_id: 'after', depends_on: ['flaky'] },
  ],
});
/** Fails as often as it is told to. */
const failing = (times: number, calls: number[] = []): Tools => ({
  flaky: (_params, { attempt }) => {
    calls.push(attempt);
    if (calls.length <= times) throw new Error(`failure ${calls.length}`);
    return 'done';
  },
  after: () => 'after',
});

describe('a tool with retry', () => {
  it('is called again after a failure, each time in an attempt span linked to the one before', async () => {
    const recording = record();
    const calls: number[] = [];
    const running = recording.runPlan(retried({ max_attempts: 4, backoff_ms: 100 }), { tools: failing(2, calls) });
    await vi.advanceTimersByTimeAsync(74);
    expect(calls).toEqual([1]);
    await vi.advanceTimersByTimeAsync(51);
    expect(calls).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(99);
    expect(calls).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(151);
    const { results, success, failedSteps } = await running;
    expect([calls, success, failedSteps]).toEqual([[1, 2, 3], true, []]);
    expect(results.get('flaky')).toMatchObject({ data: 'done', attempts: 3, outcome: 'success', error: undefined });
    expect(recording.tree('attempt', 'max_attempts', 'attempt_count')).toMatchInlineSnapshot(`
      "orchestration p dag [success]
        plan p
        group 0 serial [success]
          step flaky [success] attempt_count=3
            attempt 1 [failure] attempt=1 max_attempts=4
            attempt 2 [failure] attempt=2 max_attempts=4
            attempt 3 [success] attempt=3 max_attempts=4
        group 1 serial [success]
          step after [success] attempt_count=1"
    `);
    const [first, second, third] = [1, 2, 3].map((attempt) => recording.span(`attempt ${attempt}`));
    expect([first, second, third].map((span) => span!.links)).toMatchObject([
      [],
      [{ context: first!.spanContext(), attributes: { 'orchestration.link.type': 'retry_of' } }],
      [{ context: second!.spanContext(), attributes: { 'orchestration.link.type': 'retry_of' } }],
    ]);
    expect([first!.status, recording.span('step flaky').status.code]).toEqual([{ code: 2, message: 'failure 1' }, 0]);
  });

  it('has one attempt span when it succeeds at once, and none without retry or with max_attempts 1', async () => {
    for (const [max_attempts, spans] of [
      [3, 1],
      [1, 0],
    ] as const) {
      const recording = record();
      const { results } = await recording.runPlan(retried({ max_attempts }), { tools: failing(0) });
      expect([recording.ofType('attempt').length, results.get('flaky')?.attempts]).toEqual([spans, 1]);
      expect(attribute(recording.span('step flaky'), 'attempt_count')).toBe(1);
    }
  });

  it('fails with the last error when all attempts did', async () => {
    const recording = record();
    const running = recording.runPlan(retried({ max_attempts: 3 }), { tools: failing(9) });
    await vi.runAllTimersAsync();
    const { results, failedSteps } = await running;
    expect(results.get('flaky')).toMatchObject({ outcome: 'failure', attempts: 3, error: new Error('failure 3') });
    expect([failedSteps, results.get('after')?.skipReason]).toEqual([['flaky'], 'dependency failed: flaky']);
    expect(recording.span('step flaky').status).toEqual({ code: 2, message: 'failure 3' });
    expect(recording.below('step flaky')).toEqual(['attempt 1', 'attempt 2', 'attempt 3']);
  });

  it.each([
    ['reports failure', () => ({ success: false, error: 'busy' })],
    ['rejects', () => Promise.reject(new Error('busy'))],
    ['throws nothing', () => Promise.reject(undefined as unknown as Error)],
  ])('is called again where it %s', async (_name, fail) => {
    let calls = 0;
    const tools: Tools = { flaky: () => (++calls < 2 ? fail() : 'done'), after: () => 'after' };
    const running = record().runPlan(retried({ max_attempts: 2 }), { tools });
    await vi.runAllTimersAsync();
    expect([(await running).success, calls]).toEqual([true, 2]);
  });

  it('gets params of its own at each attempt', async () => {
    const seen: unknown[] = [];
    const tools: Tools = {
      flaky: (params) => {
        seen.push({ ...params });
        params['n'] = 'spoilt';
        params['more'] = true;
        if (seen.length < 3) throw new Error('again');
      },
      after: () => 'after',
    };
    const running = record().runPlan(retried({ max_attempts: 3 }, { params: { n: 1 } }), { tools });
    await vi.runAllTimersAsync();
    await running;
    expect(seen).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
  });

  it('waits a quarter more or less, so that many do not come back together', async () => {
    for (const [random, expected] of [
      [0, 75],
      [0.999_999, 125],
    ] as const) {
      const recording = record();
      const { flaky, after } = failing(1);
      const tools: Tools = {
        flaky: (params, context) => {
          if (context.attempt === 1) vi.spyOn(Math, 'random').mockReturnValueOnce(random);
          return (flaky as Tool)(params, context);
        },
        after: after!,
      };
      const running = recording.runPlan(retried({ max_attempts: 2, backoff_ms: 100 }), { tools });
      await vi.runAllTimersAsync();
      await running;
      expect([1, 2].map((n) => attribute(recording.span(`attempt ${n}`), 'backoff_ms'))).toEqual([0, expected]);
    }
  });

  it('is tried again after a timeout, each attempt within a time of its own', async () => {
    const recording = record();
    const said = vi.fn();
    diag.setLogger({ error: said, warn: said, info: said, debug: said, verbose: said }, DiagLogLevel.WARN);
    const first = deferred<string>();
    const signals: AbortSignal[] = [];
    const tools: Tools = {
      flaky: (_params, { attempt, signal }) => {
        signals.push(signal);
        return attempt === 1 ? first.promise : 'second';
      },
      after: () => 'after',
    };
    const running = recording.runPlan(retried({ max_attempts: 2 }, { timeout_ms: 20 }), { tools });
    await vi.advanceTimersByTimeAsync(20);
    await vi.advanceTimersByTimeAsync(1);
    const { results } = await running;
    first.resolve('first, too late');
    await settled();
    expect(results.get('flaky')).toMatchObject({ data: 'second', attempts: 2 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(recording.below('step flaky').map((name) => attribute(recording.span(name), 'outcome'))).toEqual([
      'timeout',
      'success',
    ]);
    expect([recording.span('attempt 1').attributes['error.type'], said.mock.calls.length]).toEqual(['timeout', 1]);
  });

  it('drops what an attempt gives that was left behind while the next one runs', async () => {
    const attempts = [deferred<string>(), deferred<string>()];
    const tools: Tools = {
      flaky: (_params, { attempt }) => attempts[attempt - 1]!.promise,
      after: () => 'after',
    };
    const running = record().runPlan(retried({ max_attempts: 2 }, { timeout_ms: 20 }), { tools });
    await vi.advanceTimersByTimeAsync(21);
    attempts[0]!.resolve('first');
    await settled();
    attempts[1]!.resolve('second');
    expect((await running).results.get('flaky')).toMatchObject({ data: 'second', attempts: 2 });
  });

  it('that cancels itself is not tried again', async () => {
    const calls: number[] = [];
    const tools: Tools = {
      flaky: (_params, { attempt }) => {
        calls.push(attempt);
        throw new DOMException('stop', 'AbortError');
      },
      after: () => 'after',
    };
    const { results } = await runPlan(retried({ max_attempts: 3 }), { tools });
    expect([results.get('flaky')?.outcome, calls, vi.getTimerCount()]).toEqual(['cancellation', [1], 0]);
  });
});

describe('cancellation of a run with retries', () => {
  it('ends a backoff at once', async () => {
    const recording = record();
    for (const run of [recording.runPlan, runPlan]) {
      const controller = new AbortController();
      const calls: number[] = [];
      const running = run(retried({ max_attempts: 5, backoff_ms: 3_600_000 }), {
        tools: failing(9, calls),
        signal: controller.signal,
      });
      const reason = new Error('enough');
      controller.abort(reason);
      const { results } = await running; // no time passes
      expect(calls).toEqual([1]);
      expect(results.get('flaky')).toMatchObject({ outcome: 'cancellation', error: reason, attempts: 1 });
      if (run === runPlan) expect(vi.getTimerCount()).toBe(0);
      else vi.clearAllTimers();
    }
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p dag [cancellation]
        plan p
        group 0 serial [cancellation]
          step flaky [cancellation]
            attempt 1 [failure]
        group 1 serial [skip]
          step after [skip]"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('starts no further attempt of a tool that fails after it', async () => {
    const controller = new AbortController();
    const calls: number[] = [];
    const tools: Tools = {
      flaky: (_params, { attempt, signal }) => {
        calls.push(attempt);
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('own'))));
      },
      after: () => 'after',
    };
    const running = record().runPlan(retried({ max_attempts: 5 }), { tools, signal: controller.signal });
    controller.abort();
    const { results } = await running;
    await vi.runAllTimersAsync();
    expect([calls, results.get('flaky')?.outcome]).toEqual([[1], 'failure']);
  });

  it('ends the attempt that is going on', async () => {
    const recording = record();
    const controller = new AbortController();
    const running = recording.runPlan(retried({ max_attempts: 2 }), {
      tools: { flaky: () => new Promise(() => {}), after: () => 'after' },
      signal: controller.signal,
    });
    controller.abort();
    await running;
    expect(recording.tree('skip_reason')).toMatchInlineSnapshot(`
      "orchestration p dag [cancellation]
        plan p
        group 0 serial [cancellation]
          step flaky [cancellation]
            attempt 1 [cancellation]
        group 1 serial [skip]
          step after [skip] skip_reason=run cancelled"
    `);
    expect(recording.open()).toEqual([]);
  });
});
