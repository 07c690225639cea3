import { context, metrics, ROOT_CONTEXT, trace, type Context, type Span } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createOrchestrace, traceTool, VERSION } from '../../src/index.ts';
import { deferred, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => {
  trace.disable();
  metrics.disable();
  vi.restoreAllMocks();
});

/** Registers a provider for the process, as an application does. */
function register(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  return exporter;
}
const names = (exporter: InMemorySpanExporter): string[] => exporter.getFinishedSpans().map(({ name }) => name);

describe('the provider of the process', () => {
  it('is found however late it is registered, also by what was wrapped before', () => {
    const { traceTool, traceOrchestration } = createOrchestrace();
    const tool = traceTool('tool', () => 1);
    expect(tool()).toBe(1);
    const exporter = register();
    expect(tool()).toBe(1);
    traceOrchestration(undefined, () => {}, { name: 'late' });
    expect(names(exporter)).toEqual(['step tool', 'orchestration late']);
  });

  it('may be replaced, or taken away in the middle of a run', async () => {
    const { runPlan } = createOrchestrace();
    const gate = deferred();
    const first = register();
    const running = runPlan(
      { name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] },
      { tools: { a: () => gate.promise, b: () => 'b' } },
    );
    trace.disable();
    gate.resolve();
    const result = await running;
    expect([result.success, result.finalOutput]).toEqual([true, 'b']);
    expect(names(first)).toEqual(['plan p', 'step a', 'group 0 serial', 'orchestration p serial']);
    const second = register();
    await runPlan({ name: 'q', tools: [] }, { tools: {} });
    expect(names(second)).toEqual(['plan q', 'orchestration q parallel']);
  });

  it('gets a scope with the name and version of this package', () => {
    const exporter = register();
    traceTool('tool', () => 1)();
    expect(exporter.getFinishedSpans()[0]?.instrumentationScope).toMatchObject({
      name: 'orchestrace',
      version: VERSION,
    });
  });

  it('is not asked where a tracer is given', () => {
    const exporter = register();
    record().traceTool('tool', () => 1)();
    expect(names(exporter)).toEqual([]);
  });
});

describe('suppressed tracing', () => {
  /** The context in which the SDK exports, where it suppresses tracing. */
  function suppressed(): Context {
    let seen: Context | undefined;
    const exporter = new InMemorySpanExporter();
    vi.spyOn(exporter, 'export').mockImplementation(() => void (seen = context.active()));
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    provider.getTracer('host').startSpan('exported').end();
    if (!seen) throw new Error('nothing was exported');
    return seen;
  }

  it('records nothing and gives what the function gives, the very same', async () => {
    const recording = record();
    const promise = Promise.resolve(1);
    const tool = recording.traceTool('tool', () => promise);
    const startSpan = vi.spyOn(recording.provider.getTracer('test'), 'startSpan');
    await context.with(suppressed(), async () => {
      expect(tool()).toBe(promise);
      const plan = { tools: [{ tool_id: 'a' }] };
      expect(recording.traceOrchestration(plan, (run) => run.step('a', () => tool()))).toBe(promise);
      const result = await recording.runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: () => 1 } });
      expect([result.success, result.traceId]).toEqual([true, undefined]);
    });
    expect(recording.spans()).toEqual([]);
    expect(startSpan).not.toHaveBeenCalled();
  });

  it('inside a run holds for what is called there', async () => {
    const recording = record();
    const inner = recording.traceTool('inner', () => 1);
    recording.traceOrchestration(undefined, (run) => {
      run.step('outer', () => context.with(suppressed(), () => inner()));
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success]
          step outer [success]"
    `);
  });
});

describe('a context that carries more', () => {
  it('reaches the tools: baggage and what a host puts there', async () => {
    const recording = record();
    const key = Symbol('host');
    const seen: unknown[] = [];
    const see = (): unknown => seen.push(context.active().getValue(key));
    const tool = recording.traceTool('tool', see);
    await context.with(ROOT_CONTEXT.setValue(key, 'kept'), async () => {
      await recording.runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: see } });
      recording.traceOrchestration({ tools: [{ tool_id: 'tool' }] }, (run) => {
        run.step('other', () => tool());
        context.with(context.active().setValue(key, 'changed'), () => tool());
      });
    });
    expect(seen).toEqual(['kept', 'kept', 'changed']);
  });

  it('is not left behind: after a call, the span that was active is active again', () => {
    const recording = record();
    const span: Span = recording.provider.getTracer('host').startSpan('host');
    context.with(trace.setSpan(ROOT_CONTEXT, span), () => {
      recording.traceTool('tool', () => 1)();
      expect(trace.getActiveSpan()).toBe(span);
    });
  });
});
