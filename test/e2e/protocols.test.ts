import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { describe, expect, inject, it } from 'vitest';
import { runPlan } from '../../src/index.ts';
import { startTracing, type Protocol } from '../../src/node/index.ts';
import { readTrace } from '../helpers/jaeger.ts';
import { expectStored } from './expect-stored.ts';

const stack = inject('stack')!;

describe.skipIf(!stack)('the Collector', () => {
  it.each<Protocol>(['http/json', 'http/protobuf', 'grpc'])('takes a run by %s', async (protocol) => {
    const ended = new InMemorySpanExporter();
    const tracing = await startTracing({
      serviceName: 'orchestrace-e2e',
      protocol,
      endpoint: protocol === 'grpc' ? stack.grpcUrl : stack.otlpUrl,
      metrics: true,
      spanProcessors: [new SimpleSpanProcessor({ exporter: ended })],
    });
    const { traceId } = await runPlan(
      {
        name: protocol,
        tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'], output_mapping: { x: '{a.data}' } }],
      },
      { tools: { a: () => 0.5, b: () => Promise.reject(new Error('no')) } },
    );
    const spans = ended.getFinishedSpans().slice();
    expect(await tracing.shutdown()).toEqual({ ok: true, pending: 0, dropped: 0 });
    expectStored(await readTrace(stack.jaegerUrl, traceId!, spans.length), spans);
  });
});
