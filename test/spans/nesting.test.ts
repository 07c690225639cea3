import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { beforeAll, describe, expect, it } from 'vitest';
import { record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const plan = { name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };

describe('where a step stands', () => {
  it('a planned tool that is called inside another step is a child of its group', () => {
    const recording = record();
    const b = recording.traceTool('b', () => 'b');
    recording.traceOrchestration(plan, (run) => run.step('a', () => b()));
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p serial [success]
        plan p
        group 0 serial [success]
          step a [success]
        group 1 serial [success]
          step b [success]"
    `);
  });

  it('an unplanned tool inside a step is a child of that step, outside of one a child of the run', () => {
    const recording = record();
    const helper = recording.traceTool('helper', () => 1, { toolType: 'function' });
    recording.traceOrchestration(plan, (run) => {
      run.step('a', () => helper());
      helper();
    });
    expect(recording.tree('planned', 'tool_type', 'group_index')).toMatchInlineSnapshot(`
      "orchestration p serial [success]
        plan p
        group 0 serial [success] group_index=0
          step a [success] tool_type=unknown group_index=0
            step helper [success] planned=false tool_type=function
        step helper [success] planned=false tool_type=function"
    `);
  });

  it('without a plan, a tool inside a step is a child of that step and in no group', () => {
    const recording = record();
    const inner = recording.traceTool('inner', () => 1);
    recording.traceOrchestration(undefined, (run) => run.step('outer', () => inner()));
    expect(recording.tree('group_index', 'planned')).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success] group_index=0
          step outer [success] group_index=0
            step inner [success]"
    `);
  });

  it('outside of any run, a tool is a step below what is active, without group', () => {
    const recording = record();
    const tool = recording.traceTool('tool', (inner: () => unknown) => inner());
    const nested = recording.traceTool('nested', () => 1);
    const span = recording.provider.getTracer('host').startSpan('GET /');
    context.with(trace.setSpan(ROOT_CONTEXT, span), () => tool(nested));
    span.end();
    expect(recording.tree('group_index', 'planned', 'strategy')).toMatchInlineSnapshot(`
      "GET /
        step tool [success]
          step nested [success]"
    `);
  });

  it('a run inside a step is a child of it, and its tools belong to it', async () => {
    const recording = record();
    const tools = {
      a: () => recording.runPlan({ name: 'inner', tools: [{ tool_id: 'b' }] }, { tools: { b: () => 1 } }),
      b: () => 2,
    };
    await recording.runPlan(plan, { tools });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p serial [success]
        plan p
        group 0 serial [success]
          step a [success]
            orchestration inner parallel [success]
              plan inner
              group 0 serial [success]
                step b [success]
        group 1 serial [success]
          step b [success]"
    `);
  });

  it('a run is below the span that is active, in the same trace', () => {
    const recording = record();
    const span = recording.provider.getTracer('host').startSpan('job');
    context.with(trace.setSpan(ROOT_CONTEXT, span), () => recording.traceOrchestration(plan, () => {}));
    span.end();
    expect(recording.tree()).toMatchInlineSnapshot(`
      "job
        orchestration p serial [success]
          plan p"
    `);
  });

  it('spans that a tool makes itself nest below its step, also after an await', async () => {
    const recording = record();
    const host = recording.provider.getTracer('host');
    await recording.runPlan(plan, {
      tools: {
        a: async () => {
          host.startSpan('before').end();
          await Promise.resolve();
          host.startSpan('after').end();
        },
        b: (_params, { span }) => void span.setAttribute('own', true),
      },
    });
    expect(recording.below('step a')).toEqual(['before', 'after']);
    expect(recording.span('step b').attributes['own']).toBe(true);
  });

  it('attempts are below their step, and what they call below them', () => {
    const recording = record();
    const inner = recording.traceTool('inner', () => 1);
    recording.traceOrchestration(undefined, (run) =>
      run.step('flaky', (step) => {
        expect(() =>
          step.attempt(
            () => {
              throw new RangeError('first');
            },
            { maxAttempts: 2 },
          ),
        ).toThrow('first');
        return step.attempt(() => inner(), { maxAttempts: 2, backoffMs: 200.4 });
      }),
    );
    expect(recording.tree('attempt', 'max_attempts', 'backoff_ms', 'attempt_count')).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success]
          step flaky [success] attempt_count=2
            attempt 1 [failure] attempt=1 max_attempts=2 backoff_ms=0
            attempt 2 [success] attempt=2 max_attempts=2 backoff_ms=200
              step inner [success] attempt_count=1"
    `);
    expect(recording.span('attempt 1').attributes['error.type']).toBe('RangeError');
    expect(recording.span('step flaky').status.code).toBe(0);
  });

  it('1,000 runs at once never mix their spans', async () => {
    const recording = record();
    const tools = { unknown: async () => void (await new Promise((resolve) => setImmediate(resolve))) };
    const runs = Array.from({ length: 1000 }, (_, index) =>
      recording.runPlan({ name: `run ${index}`, tools: plan.tools }, { tools }),
    );
    await Promise.all(runs);
    const byId = new Map(recording.spans().map((span) => [span.spanContext().spanId, span]));
    for (const span of recording.spans()) {
      const parent = span.parentSpanContext && byId.get(span.parentSpanContext.spanId);
      if (parent) expect(span.spanContext().traceId).toBe(parent.spanContext().traceId);
      else expect(span.name).toMatch(/^orchestration/);
    }
    expect(recording.spans().length).toBe(6000);
    expect(recording.ofType('run').length).toBe(1000);
  });
});
