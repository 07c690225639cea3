import { diag, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { startReceiver, type TracesRequest } from '../../src/inspector/receive.ts';

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['application/x-protobuf', 'gzip', ProtobufExporter],
  ['application/x-protobuf', 'none', ProtobufExporter],
  ['application/json', 'gzip', JsonExporter],
  ['application/json', 'none', JsonExporter],
] as const)("takes what OpenTelemetry's exporter sends: %s, %s", async (contentType, compression, Exporter) => {
  const received: ReceivedSpan[] = [];
  const requests: TracesRequest[] = [];
  await using receiver = await startReceiver({
    onSpans: (spans, request) => {
      received.push(...spans);
      requests.push(request);
    },
  });
  vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', compression);
  const exporter = new Exporter({ url: `${receiver.url}/v1/traces` });
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  const tracer = provider.getTracer('shop', '1.0');
  const parent = tracer.startSpan('order');
  const child = tracer.startSpan(
    'größe 😀',
    { attributes: { count: 3, ratio: 0.5, list: ['a', 'b'], yes: true } },
    trace.setSpan(ROOT_CONTEXT, parent),
  );
  child.addEvent('tried', { attempt: 1 });
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'broken' });
  child.end();
  parent.end();
  await provider.shutdown();

  const { traceId, spanId } = child.spanContext();
  expect(received).toMatchObject([
    {
      traceId,
      spanId,
      parentSpanId: parent.spanContext().spanId,
      name: 'größe 😀',
      kind: 'internal',
      attributes: new Map<string, unknown>([
        ['count', 3],
        ['ratio', 0.5],
        ['list', ['a', 'b']],
        ['yes', true],
      ]),
      events: [{ name: 'tried', attributes: new Map([['attempt', 1]]) }],
      status: { code: 'error', message: 'broken' },
      scope: { name: 'shop', version: '1.0' },
    },
    { traceId, spanId: parent.spanContext().spanId, name: 'order' },
  ]);
  expect(received[0]?.endNs).toBeGreaterThanOrEqual(received[0]?.startNs ?? 0n);
  expect(requests.map((request) => request.contentType)).toEqual([contentType]);
});

it.each([
  ['application/x-protobuf', ProtobufExporter],
  ['application/json', JsonExporter],
] as const)("OpenTelemetry's exporter reads from the answer what was rejected, and why: %s", async (_, Exporter) => {
  const told: unknown[] = [];
  const ignore = (): void => {};
  const tell = (...message: unknown[]): void => void told.push(...message);
  diag.setLogger({ error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore });
  onTestFinished(() => diag.disable());
  await using receiver = await startReceiver({ onSpans: () => expect.unreachable() });
  const exporter = new Exporter({ url: `${receiver.url}/v1/traces` });
  const idGenerator = { generateTraceId: () => '0'.repeat(32), generateSpanId: () => '1'.repeat(16) };
  const provider = new TracerProvider({ idGenerator, spanProcessors: [new BatchSpanProcessor({ exporter })] });
  provider.getTracer('shop').startSpan('order').end();
  await provider.shutdown();
  expect(told).toEqual([
    'Received Partial Success response:',
    expect.stringMatching(/^\{"rejectedSpans":"?1"?,"errorMessage":"span \\"order\\": traceId is all zeros"\}$/),
  ]);
});
