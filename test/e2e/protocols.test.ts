import { beforeEach, describe, expect, inject, it } from 'vitest';
import { runPlan } from '../../src/index.ts';
import { startTracing, type Protocol, type Tracing } from '../../src/node/index.ts';
import { readTrace } from '../helpers/jaeger.ts';
import { EndedSpans } from './ended-spans.ts';
import { expectStored } from './expect-stored.ts';

const stack = inject('stack')!;

const ended = new EndedSpans();

async function start(protocol: Protocol): Promise<Tracing> {
  return startTracing({
    serviceName: 'orchestrace-e2e',
    protocol,
    endpoint: protocol === 'grpc' ? stack.grpcUrl : stack.otlpUrl,
    metrics: true,
    spanProcessors: [ended],
    flushTimeoutMs: 30_000,
  });
}

describe.skipIf(!stack)('the Collector', () => {
  beforeEach(() => void (ended.spans = []));

  it.each<Protocol>(['http/json', 'http/protobuf', 'grpc'])('takes a run by %s', async (protocol) => {
    const tracing = await start(protocol);
    const { traceId } = await runPlan(
      {
        name: protocol,
        tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'], output_mapping: { x: '{a.data}' } }],
      },
      { tools: { a: () => 0.5, b: () => Promise.reject(new Error('no')) } },
    );
    const spans = ended.spans;
    expect(await tracing.shutdown()).toEqual({ ok: true, pending: 0, dropped: 0 });
    expectStored(await readTrace(stack.jaegerUrl, traceId!, spans.length), spans);
  });

  it.each<Protocol>(['http/json', 'grpc'])(
    'passes on a run that is larger than a message may be: %s',
    async (protocol) => {
      const tracing = await start(protocol); // 4 MiB by gRPC, to the Collector and from it to Jaeger
      const tools = Array.from({ length: 700 }, (_, index) => ({ tool_id: `step-${index}`, tool_type: 'work' }));
      const { traceId } = await runPlan(
        { name: 'large', tools },
        { tools: { work: () => 'x'.repeat(8_100) }, recordOutputs: true },
      );
      const spans = ended.spans;
      expect(await tracing.shutdown()).toEqual({ ok: true, pending: 0, dropped: 0 });
      expectStored(await readTrace(stack.jaegerUrl, traceId!, spans.length), spans);
    },
  );
});
