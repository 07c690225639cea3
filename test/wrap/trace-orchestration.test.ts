import { beforeAll, describe, expect, it } from 'vitest';
import type { Run, TraceOrchestration } from '../../src/index.ts';
import { createOrchestrace } from '../../src/index.ts';
import { attribute, deferred, record, settled, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const plan = { name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };

describe('traceOrchestration', () => {
  it('gives what the work gives, at once or later, and calls it once', async () => {
    const { traceOrchestration } = record();
    let calls = 0;
    const work =
      <T>(value: T) =>
      (): T => {
        calls++;
        return value;
      };
    const object = {};
    expect(traceOrchestration(plan, work(object))).toBe(object);
    expect(await traceOrchestration(plan, work(Promise.resolve(object)))).toBe(object);
    expect(calls).toBe(2);
  });

  it('hands over a run that knows who and where it is', () => {
    const recording = record();
    recording.traceOrchestration(
      plan,
      (run) => {
        expect(run.traceId).toMatch(/^[0-9a-f]{32}$/);
        expect(run.runId).toMatch(/^[0-9a-f-]{36}$/);
        expect(run.orchestrationTrace?.total_tools).toBe(2);
      },
      { runId: undefined },
    );
    recording.traceOrchestration(
      undefined,
      (run) => expect([run.runId, run.orchestrationTrace]).toEqual(['r1', undefined]),
      { runId: 'r1' },
    );
    expect(attribute(recording.ofType('run')[1]!, 'run.id')).toBe('r1');
  });

  it('gives its functions alone, too', () => {
    const recording = record();
    recording.traceOrchestration(plan, ({ step, skip, group, carrier }) => {
      group(() => step('a', ({ attempt }) => attempt(() => carrier('a'))));
      skip('b', 'no need');
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p serial [success]
        plan p
        group 0 serial [success]
          step a [success]
            attempt 1 [success]
        group 1 serial [skip]
          step b [skip]"
    `);
  });

  it('keeps the results of steps, groups and attempts as they are', async () => {
    const { traceOrchestration } = record();
    const object = {};
    await traceOrchestration(plan, async (run) => {
      expect(run.step('a', () => object)).toBe(object);
      expect(await run.step('a', () => Promise.resolve(object))).toBe(object);
      expect(run.group(() => object)).toBe(object);
      expect(await run.group(async () => object)).toBe(object);
      expect(run.step('a', (step) => step.attempt(() => object))).toBe(object);
      const error = new Error('own');
      await expect(run.group(() => Promise.reject(error))).rejects.toBe(error);
      await expect(run.step('a', (step) => step.attempt(() => Promise.reject(error)))).rejects.toBe(error);
    });
  });

  it('traces a generator as long as it is consumed', async () => {
    const recording = record();
    const tool = recording.traceTool('a', () => 1);
    const stream = recording.traceOrchestration(plan, async function* () {
      yield tool();
      yield 2;
    });
    const seen: number[] = [];
    for await (const item of stream) {
      seen.push(item);
      expect(recording.open()).toContain('orchestration p serial');
    }
    expect([seen, recording.open()]).toEqual([[1, 2], []]);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p serial [success]
        plan p
        group 0 serial [success]
          step a [success]"
    `);
  });

  it('ends the run once, whatever its steps do afterwards', async () => {
    const recording = record();
    const late = deferred();
    let kept!: Run;
    recording.traceOrchestration(plan, (run) => {
      kept = run;
      void run.step('a', () => late.promise);
    });
    expect(recording.ofType('run').length).toBe(1);
    expect(kept.step('b', () => 'after the end')).toBe('after the end');
    kept.skip('b', 'too late');
    kept.group(() => {});
    kept.carrier('b');
    late.resolve();
    await settled();
    expect(recording.ofType('run').length).toBe(1);
    expect(recording.open()).toEqual([]);
  });

  it.each([[undefined], [null], [{}], ['work']])('refuses work that is no function: %j', (work) => {
    const traceOrchestration = createOrchestrace().traceOrchestration as unknown as (
      plan: unknown,
      work: unknown,
    ) => TraceOrchestration;
    expect(() => traceOrchestration(plan, work)).toThrow(TypeError);
    const continueOrchestration = createOrchestrace().continueOrchestration as unknown as (
      carrier: unknown,
      work: unknown,
    ) => unknown;
    expect(() => continueOrchestration({}, work)).toThrow('work must be a function that is handed the run');
  });

  it.each([
    ['a step id that is no text', (run: Run) => run.step(1 as unknown as string, () => 1)],
    ['a step id that is nothing', (run: Run) => run.step(undefined as unknown as string, () => 1)],
    ['a skip without reason', (run: Run) => (run.skip('a', undefined as unknown as string), 1)],
    ['options that are none', (run: Run) => run.step('a', () => 1, null as unknown as undefined)],
    ['a carrier of a symbol', (run: Run) => (run.carrier(Symbol('s') as unknown as string), 1)],
  ])('lets the host go on with %s', (_name, use) => {
    const recording = record();
    expect(recording.traceOrchestration(plan, use)).toBe(1);
    expect(recording.open()).toEqual([]);
  });
});
