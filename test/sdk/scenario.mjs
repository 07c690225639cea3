/**
 * One and the same program on every SDK line: registers what `./sdk.mjs` makes, runs tools, and prints as JSON what was recorded. Runs in a
 * copy of a line's folder, with the packed tarball installed.
 */
import {
  context,
  diag,
  DiagLogLevel,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { continueOrchestration, runPlan, traceOrchestration, traceTool } from 'orchestrace';
import { makeSdk } from './sdk.mjs';

const complaints = [];
const complain = (...words) => complaints.push(words.map(String).join(' '));
diag.setLogger(
  { error: complain, warn: complain, info() {}, debug() {}, verbose() {} },
  { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
);

// The order of starting: the SDKs start spans on whole milliseconds, so that times do not tell it.
const started = [];
const { exporter, metricExporter, tracerProvider, meterProvider, contextManager, propagator } = makeSdk({
  onStart: (span) => started.push(span),
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
});
const before = traceOrchestration(undefined, (run) => run.step('nobody listens', () => run.traceId ?? 'no trace'));
trace.setGlobalTracerProvider(tracerProvider);
metrics.setGlobalMeterProvider(meterProvider);
context.setGlobalContextManager(contextManager);
propagation.setGlobalPropagator(propagator);

// A plan carried out by the package: mappings, data and control edges, a failure, what is skipped for it, an unplanned tool in a step.
const enrich = traceTool('enrich', async (rows) => rows.map((row) => ({ ...row, seen: true })), { toolType: 'helper' });
const failure = Object.assign(new RangeError('no such table: licences'), { code: 'E_TABLE' });
const result = await runPlan(
  {
    name: 'inventory',
    strategy: 'dag',
    tools: [
      { tool_id: 'primary', tool_type: 'lookup', output_mapping: { keywords: '{$input.keywords}', limit: '10' } },
      { tool_id: 'licences', tool_type: 'broken' },
      {
        tool_id: 'aggregate',
        tool_type: 'count',
        depends_on: ['primary'],
        output_mapping: { kind: '{primary.data.rows[0].kind}', none: '{primary.data.nothing[*].here}' },
      },
      { tool_id: 'audit', tool_type: 'count', depends_on: ['licences', 'aggregate'] },
      { tool_id: 'report', tool_type: 'count', depends_on: ['audit'] },
    ],
  },
  {
    runId: 'run-1',
    input: { keywords: ['db'] },
    recordInputs: true,
    recordOutputs: true,
    attributes: { 'team.name': 'platform', 'team.sizes': [1, 2.5] },
    tools: {
      lookup: async () => ({ rows: await enrich([{ kind: 'server' }]) }),
      broken: () => {
        throw failure;
      },
      count: ({ kind }) => ({ kind, count: 3 }),
    },
  },
);

// An executor that exists: attempts, a reported failure, a skip, and a tool handed over to another process.
const carried = await traceOrchestration(
  {
    name: 'handover',
    tools: [{ tool_id: 'fetch' }, { tool_id: 'store', depends_on: ['fetch'] }, { tool_id: 'notify' }],
  },
  async (run) => {
    await run.step('fetch', async ({ attempt, span }) => {
      span.setAttribute('rows', 7);
      await attempt(async () => Promise.reject(new TypeError('refused')), { maxAttempts: 2 }).catch(() => {});
      return attempt(async () => 'rows', { maxAttempts: 2, backoffMs: 5 });
    });
    run.skip('notify', 'condition not met');
    const carrier = run.carrier('store');
    await context.with(ROOT_CONTEXT, () =>
      continueOrchestration(carrier, (there) =>
        there.step('store', async () => ({ success: false, error: 'disk full' })),
      ),
    );
    return Object.keys(carrier).toSorted();
  },
  { runId: 'run-2' },
);

// Without a plan, in groups by hand; and tools outside any run, alone and below the caller's own span.
await traceOrchestration(
  undefined,
  ({ group, step }) => group(() => Promise.all([enrich([]), step('other', async () => 1)])),
  { name: 'ad hoc', runId: 'run-3' },
);
await enrich([]);
await trace.getTracer('application').startActiveSpan('request', async (span) => {
  await enrich([]);
  span.end();
});

await meterProvider.shutdown();
process.stdout.write(
  JSON.stringify({
    spans: started.map(describeSpan),
    metrics: metricExporter
      .getMetrics()
      .at(-1)
      .scopeMetrics.flatMap((scope) => scope.metrics.map(describeMetric)),
    exported: exporter.getFinishedSpans().length,
    success: result.success,
    sees: {
      before,
      traceId: result.traceId === started[0].spanContext().traceId,
      error: result.results.get('licences').error === failure,
      carried,
    },
    complaints,
  }),
);

function describeSpan(span) {
  const parentId = span.parentSpanContext?.spanId ?? span.parentSpanId;
  const { name, version } = span.instrumentationScope ?? span.instrumentationLibrary;
  return {
    name: span.name,
    parent: started.findIndex((other) => other.spanContext().spanId === parentId),
    sameTrace: started.findIndex((other) => other.spanContext().traceId === span.spanContext().traceId),
    kind: SpanKind[span.kind],
    scope: [name, version],
    status: { code: SpanStatusCode[span.status.code], message: span.status.message },
    attributes: Object.fromEntries(
      Object.entries(span.attributes)
        // Whether a step waited long enough to say for what differs from run to run.
        .filter(([key]) => key !== 'orchestration.wait_reason')
        .map(([key, value]) => [key, steady(key, value)]),
    ),
    links: span.links.map((link) => ({
      to: started.findIndex((other) => other.spanContext().spanId === link.context.spanId),
      attributes: link.attributes,
    })),
    events: span.events.map((event) => ({
      name: event.name,
      attributes: Object.fromEntries(Object.entries(event.attributes).map(([key, value]) => [key, steady(key, value)])),
    })),
    ended: span.ended,
    dropped: [span.droppedAttributesCount, span.droppedLinksCount, span.droppedEventsCount],
  };
}

function describeMetric({ descriptor: { name, unit, description }, dataPoints }) {
  return {
    name,
    unit,
    description,
    points: dataPoints.map(({ attributes, value }) => {
      const labels = Object.entries(attributes).map(([key, label]) => `${key}=${label}`);
      return `${labels.join(' ')}: ${typeof value === 'number' ? value : `${value.count} times`}`;
    }),
    boundaries: dataPoints[0].value.buckets?.boundaries,
  };
}

/** Times and stacks differ from run to run; what stands for them has their type. */
function steady(key, value) {
  if (['orchestration.wait_ms', 'orchestration.critical_path_ms'].includes(key) && typeof value === 'number') return 0;
  if (key === 'orchestration.verdict' && typeof value === 'string') return value.replaceAll(/<?[\d.]+ ms/g, 'N ms');
  if (key === 'orchestration.critical_path' && Array.isArray(value)) return value.map((item) => typeof item);
  if (key === 'exception.stacktrace' && typeof value === 'string') return 'at ...';
  return value;
}
