import { diag, DiagLogLevel } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Carrier, Run, TraceOptions } from '../../src/index.ts';
import { attribute, exportedPlan, record, useContextManager, type Recording } from '../helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => diag.disable());

const CANARY = 'sk-canary-4711';

class SecretError extends Error {
  override name = `Error of ${CANARY}`;
}

/** Puts the canary wherever a host can put a text. */
async function leak(recording: Recording): Promise<Carrier> {
  const { runPlan, traceOrchestration, traceTool } = recording;
  const id = (name: string): string => `${name} ${CANARY}`;
  const fail = (): never => {
    throw new SecretError(`wrong key ${CANARY}`, { cause: new SecretError(`denied ${CANARY}`) });
  };
  const plan = {
    name: id('plan'),
    tools: [
      { tool_id: id('a'), tool_type: id('type'), params: { [CANARY]: CANARY } },
      { tool_id: id('b'), tool_type: id('fails') },
      {
        tool_id: id('c'),
        tool_type: id('type'),
        depends_on: [id('a')],
        output_mapping: {
          [id('literal')]: CANARY,
          [id('found')]: `{["${id('a')}"].data.${CANARY}}`,
          [id('missing')]: `{["${id('a')}"].data["no ${CANARY}"]}`,
          [id('long')]: `{["${id('a')}"].data["${'x'.repeat(150)}${CANARY}"]}`,
        },
      },
      { tool_id: id('d'), tool_type: id('type'), depends_on: [id('b')] },
    ],
  };
  await runPlan(plan, { tools: { [id('type')]: () => ({ [CANARY]: CANARY }), [id('fails')]: fail } });
  const reports = traceTool(id('unplanned'), () => ({ success: false, error: CANARY }), { toolType: id('type') });
  let carrier: Carrier = {};
  const work = (run: Run): void => {
    reports();
    run.step(id('b'), (step) => step.attempt(fail));
  };
  expect(() => traceOrchestration(plan, work, { runId: CANARY })).toThrow(CANARY);
  traceOrchestration(plan, (run) => {
    run.skip(id('a'), `because of ${CANARY}`);
    carrier = run.carrier(id('c'));
  });
  traceOrchestration(
    undefined,
    (run) => run.step(id('loose'), () => CANARY, { input: new Map([[CANARY, new Error(CANARY)]]) }),
    { name: CANARY },
  );
  const stopped = new DOMException(CANARY, 'AbortError');
  await expect(traceOrchestration(undefined, () => Promise.reject(stopped))).rejects.toBe(stopped);
  recording.continueOrchestration(carrier, (run) => run.step(id('c'), () => 1));
  return carrier;
}

const redact = (text: string): string => text.replaceAll(CANARY, '***');
const everything = { recordInputs: true, recordOutputs: true, conventions: ['gen_ai', 'openinference'] } as const;

describe('redaction', () => {
  const variants: [string, TraceOptions][] = [
    ['with everything recorded', everything],
    ['with the plan on the run span', { ...everything, announcePlan: false }],
    ['with small values', { ...everything, maxAttributeBytes: 256 }],
    ['with spans that are renamed', { ...everything, spanName: ({ toolId, name }) => `${name} ${toolId} ${CANARY}` }],
  ];

  it.each(variants)('reaches every text that is exported: %s', async (_name, options) => {
    const without = record(options);
    await leak(without);
    expect(without.exported()).toContain(CANARY);
    const recording = record({ ...options, redact });
    await leak(recording);
    expect(recording.spans().length).toBe(without.spans().length);
    expect(recording.exported()).not.toContain(CANARY);
    expect(recording.exported()).toContain('***');
  });

  it('comes before cutting, so that no half of a secret is left', () => {
    const recording = record({ redact, recordInputs: true, recordOutputs: true, maxAttributeBytes: 256 });
    for (let length = 200; length < 270; length++) {
      const text = 'x'.repeat(length) + CANARY;
      const tool = recording.traceTool(text, (..._args: unknown[]) => {
        throw new Error(text);
      });
      expect(() => tool({ [text]: text })).toThrow();
      recording.traceTool('tool', () => text)();
    }
    expect(recording.exported()).not.toContain('canary');
    expect(recording.exported()).not.toContain('sk-');
  });

  it('leaves the plan a plan', async () => {
    const recording = record({ redact });
    await leak(recording);
    const [plan] = recording.ofType('plan');
    const { strategy, tool_ids, execution_groups } = JSON.parse(exportedPlan([plan!])) as Record<string, unknown>;
    expect([strategy, tool_ids]).toEqual(['dag', ['a ***', 'b ***', 'c ***', 'd ***']]);
    expect((execution_groups as { tools: object[] }[])[1]?.tools[0]).toMatchObject({
      tool_id: 'c ***',
      output_mapping: { 'literal ***': '***', 'found ***': '{["a ***"].data.***}' },
    });
  });

  it('reaches the metrics', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
    const meter = new MeterProvider({ readers: [reader] }).getMeter('test');
    await leak(record({ redact, meter, metrics: true }));
    await reader.forceFlush();
    const texts = JSON.stringify(exporter.getMetrics().map(({ scopeMetrics }) => scopeMetrics));
    await reader.shutdown();
    expect(texts).not.toContain(CANARY);
    expect(texts).toContain('Error of ***');
  });

  it('changes nothing for the host: tools, results and ids stay whole', async () => {
    const recording = record({ redact, ...everything });
    const seen: unknown[] = [];
    const result = await recording.runPlan(
      { tools: [{ tool_id: CANARY, params: { key: CANARY } }] },
      { tools: { [CANARY]: (params) => (seen.push(params), CANARY) } },
    );
    expect([seen, result.finalOutput, [...result.results.keys()]]).toEqual([[{ key: CANARY }], [CANARY], [CANARY]]);
    expect(result.orchestrationTrace.tool_ids).toEqual([CANARY]);
  });
});

describe('a redactor that cannot be trusted', () => {
  const throwing = (): never => {
    throw new Error(`cannot redact ${CANARY}`);
  };

  it.each([
    ['throws', throwing],
    ['gives no text', (() => 42) as unknown as () => string],
    ['gives nothing', (() => undefined) as unknown as () => string],
  ])('that %s writes [REDACTED] in place of each text', async (_name, faulty) => {
    const warn = vi.fn();
    const nothing = (): void => {};
    diag.setLogger({ error: nothing, warn, info: nothing, debug: nothing, verbose: nothing }, DiagLogLevel.WARN);
    const recording = record({ redact: faulty, ...everything });
    await leak(recording);
    expect(recording.exported()).not.toContain(CANARY);
    expect(attribute(recording.ofType('run')[0]!, 'plan.name')).toBe('[REDACTED]');
    expect(attribute(recording.ofType('step')[0]!, 'tool_id')).toBe('[REDACTED]');
    expect(attribute(recording.ofType('step')[0]!, 'strategy')).toBe('dag');
    expect(JSON.parse(exportedPlan([recording.ofType('plan')[0]!]))).toMatchObject({ strategy: 'dag', total_tools: 4 });
    expect(JSON.stringify(warn.mock.calls)).not.toContain(CANARY);
  });
});
