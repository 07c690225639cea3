import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { runPlan } from '../../src/index.ts';
import { encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { JaegerClient } from '../../src/inspector/jaeger.ts';
import { readTraces } from '../../src/inspector/read-traces.ts';
import { startReceiver, type Receiver } from '../../src/inspector/receive.ts';
import { startTracing, type Tracing } from '../../src/node/index.ts';
import { readTrace } from '../helpers/jaeger.ts';

const stack = inject('stack')!;
const received: ReceivedSpan[] = [];
let receiver: Receiver;
let tracing: Tracing;
let lines: string[];

describe.skipIf(!stack)('lines of OTLP JSON', () => {
  beforeAll(async () => {
    receiver = await startReceiver({ onSpans: (spans) => void received.push(...spans) });
    tracing = await startTracing({ serviceName: 'orchestrace-lines', endpoint: receiver.url });
    for (const name of ['first', 'second']) {
      const tools = [
        { tool_id: 'load' },
        { tool_id: 'write', depends_on: ['load'], output_mapping: { rows: '{load}' } },
      ];
      await runPlan({ name, tools }, { tools: { load: () => ['ä€😀'], write: () => 1 } });
    }
    await tracing.forceFlush();
    lines = [...encodeTracesLines(received)];
  });
  afterAll(async () => {
    await tracing.shutdown();
    await receiver.close();
  });

  it('are one a trace, and read back as they were', () => {
    expect(lines).toHaveLength(2);
    const { spans, faults } = readTraces(lines.join(''));
    expect(faults).toEqual([]);
    expect(byId(spans)).toEqual(byId(received));
  });

  /** What Jaeger's page does with a file that is uploaded: each line to the server, which makes of it what the page shows. */
  it('are what the upload of Jaeger takes', async () => {
    for (const line of lines) {
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: line };
      const response = await fetch(`${stack.jaegerUrl}/api/transform`, init);
      expect(response.status).toBe(200);
      const { data } = (await response.json()) as { data: { traceID: string; spans: { operationName: string }[] }[] };
      expect(data).toHaveLength(1);
      const ofTrace = received.filter(({ traceId }) => traceId === data[0]!.traceID);
      expect(data[0]!.spans.map(({ operationName }) => operationName).toSorted()).toEqual(
        ofTrace.map(({ name }) => name).toSorted(),
      );
    }
  });

  /** The Collector's file receiver reads each line as it reads a request; this image has only the receiver of requests. */
  it('are what the Collector takes', async () => {
    for (const line of lines) {
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: line };
      const response = await fetch(`${stack.otlpUrl}/v1/traces`, init);
      expect([response.status, await response.json()]).toEqual([200, { partialSuccess: {} }]);
    }
    const client = new JaegerClient(stack.jaegerUrl);
    for (const traceId of new Set(received.map((span) => span.traceId))) {
      const ofTrace = received.filter((span) => span.traceId === traceId);
      await readTrace(stack.jaegerUrl, traceId, ofTrace.length);
      const stored = await client.trace(traceId);
      expect(byId(stored).map(({ spanId, name, startNs, endNs }) => ({ spanId, name, startNs, endNs }))).toEqual(
        byId(ofTrace).map(({ spanId, name, startNs, endNs }) => ({ spanId, name, startNs, endNs })),
      );
    }
  });
});

function byId(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
}
