import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { beforeAll, describe, expect, it } from 'vitest';
import { createOrchestrace, type Orchestrace, type TraceOptions } from '../../src/index.ts';
import { deferred, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

/** A meter of a fresh provider, and what it measured. */
function measure(): { options: TraceOptions; read: () => Promise<Map<string, MetricData>> } {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('test');
  const read = async (): Promise<Map<string, MetricData>> => {
    exporter.reset();
    await reader.forceFlush();
    const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    return new Map(all.map((metric) => [metric.descriptor.name, metric]));
  };
  return { options: { meter, metrics: true }, read };
}

/** Counts by attributes, in a fixed order. */
function counts(metric: MetricData | undefined): [object, number][] {
  if (!metric) return [];
  const points: [object, number][] =
    metric.dataPointType === DataPointType.HISTOGRAM
      ? metric.dataPoints.map(({ attributes, value }) => [attributes, value.count])
      : metric.dataPoints.map(({ attributes, value }) => [attributes, value as number]);
  return points.toSorted((a, b) => JSON.stringify(a[0]).localeCompare(JSON.stringify(b[0])));
}

const plan = {
  name: 'p',
  tools: [
    { tool_id: 'a', tool_type: 'lookup' },
    { tool_id: 'b', tool_type: 'broken' },
    { tool_id: 'c', tool_type: 'lookup', depends_on: ['b'] },
    { tool_id: 'd', tool_type: 'lookup', depends_on: ['a'] },
  ],
};
const tools = {
  lookup: () => 1,
  broken: () => {
    throw new RangeError('no');
  },
};
const run = ({ runPlan }: Orchestrace): Promise<unknown> => runPlan(plan, { tools });

describe('metrics', () => {
  it('have names, units and boundaries', async () => {
    const { options, read } = measure();
    await run(record(options));
    const shown = [...(await read()).values()].map((metric) => {
      const isHistogram = metric.dataPointType === DataPointType.HISTOGRAM;
      const boundaries = isHistogram ? metric.dataPoints[0]?.value.buckets.boundaries.join(' ') : undefined;
      return [metric.descriptor.name, metric.descriptor.unit, boundaries];
    });
    expect(shown).toMatchInlineSnapshot(`
      [
        [
          "orchestration.run.duration",
          "s",
          "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 120 300",
        ],
        [
          "orchestration.step.duration",
          "s",
          "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 120 300",
        ],
        [
          "orchestration.step.wait",
          "s",
          "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 120 300",
        ],
        [
          "orchestration.active_runs",
          "{run}",
          undefined,
        ],
      ]
    `);
  });

  it('tell apart by strategy, type and outcome, and hold no id', async () => {
    const { options, read } = measure();
    await run(record(options));
    const metrics = await read();
    expect(Object.fromEntries([...metrics].map(([name, metric]) => [name, counts(metric)]))).toMatchInlineSnapshot(`
      {
        "orchestration.active_runs": [
          [
            {
              "orchestration.strategy": "dag",
            },
            0,
          ],
        ],
        "orchestration.run.duration": [
          [
            {
              "error.type": "RangeError",
              "orchestration.outcome": "failure",
              "orchestration.strategy": "dag",
            },
            1,
          ],
        ],
        "orchestration.step.duration": [
          [
            {
              "error.type": "RangeError",
              "orchestration.outcome": "failure",
              "orchestration.strategy": "dag",
              "orchestration.tool_type": "broken",
            },
            1,
          ],
          [
            {
              "orchestration.outcome": "success",
              "orchestration.strategy": "dag",
              "orchestration.tool_type": "lookup",
            },
            2,
          ],
        ],
        "orchestration.step.wait": [
          [
            {
              "orchestration.strategy": "dag",
              "orchestration.tool_type": "broken",
            },
            1,
          ],
          [
            {
              "orchestration.strategy": "dag",
              "orchestration.tool_type": "lookup",
            },
            2,
          ],
        ],
      }
    `);
  });

  it('count the runs that are going on, and come back to none', async () => {
    const { options, read } = measure();
    const { runPlan, traceOrchestration } = record(options);
    const gate = deferred();
    const active = async (): Promise<number[]> =>
      counts((await read()).get('orchestration.active_runs')).map(([, value]) => value);
    const running = [
      runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: () => gate.promise } }),
      runPlan(
        { tools: [{ tool_id: 'a' }] },
        { tools: { a: () => gate.promise.then(() => Promise.reject(new Error('no'))) } },
      ),
    ];
    expect(() =>
      traceOrchestration(undefined, () => {
        throw new Error('own');
      }),
    ).toThrow();
    expect(await active()).toEqual([2, 0]);
    gate.resolve();
    await Promise.all(running);
    expect(await active()).toEqual([0, 0]);
  });

  const withoutSpans: [string, (options: TraceOptions) => Orchestrace][] = [
    ['when runs are sampled out', (options) => record({ sampler: new AlwaysOffSampler(), ...options })],
    ['when there is a meter and no tracer', (options) => createOrchestrace(options)],
  ];

  it.each(withoutSpans)('are the same %s', async (_name, make) => {
    const [full, bare] = [measure(), measure()];
    await run(record(full.options));
    await run(make(bare.options));
    const [expected, actual] = [await full.read(), await bare.read()];
    expect([...actual.keys()]).toEqual([...expected.keys()]);
    for (const [name, metric] of actual) expect(counts(metric)).toEqual(counts(expected.get(name)));
  });

  it('count a tool that runs outside of any run, and a step that is skipped not as one that ran', async () => {
    const { options, read } = measure();
    const { traceTool, traceOrchestration } = record(options);
    traceTool('loose', () => 1, { toolType: 'function' })();
    traceOrchestration(undefined, (run) => run.skip('a', 'no need'));
    expect(counts((await read()).get('orchestration.step.duration'))).toEqual([
      [{ 'orchestration.outcome': 'success', 'orchestration.tool_type': 'function' }, 1],
    ]);
  });

  it('are none with metrics: false', async () => {
    const { options, read } = measure();
    await run(record({ ...options, metrics: false }));
    expect((await read()).size).toBe(0);
  });

  it('measure seconds', async () => {
    const { options, read } = measure();
    await run(record(options));
    for (const metric of (await read()).values()) {
      if (metric.dataPointType !== DataPointType.HISTOGRAM) continue;
      for (const { value } of metric.dataPoints) {
        expect(value.min).toBeGreaterThanOrEqual(0);
        expect(value.max).toBeLessThan(60); // of milliseconds it would be more, on the slowest machine
      }
    }
  });
});
