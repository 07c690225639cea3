import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { runPlan } from '../../src/index.ts';
import { JaegerClient } from '../../src/inspector/jaeger.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { startInspector } from '../../src/inspector/serve.ts';
import { startTracing } from '../../src/node/index.ts';
import { readTrace } from '../helpers/jaeger.ts';

const stack = inject('stack')!;
let spans: ReceivedSpan[];
/** What the page saves as OTLP JSON. */
let exported: string;

describe.skipIf(!stack)('a run that the page exports as OTLP JSON', () => {
  beforeAll(async () => {
    await using store = openStore();
    await using inspector = await startInspector({ store, storeName: 'memory' });
    const tracing = await startTracing({ serviceName: 'orchestrace-page-export', endpoint: inspector.url });
    const { traceId } = await runPlan(
      {
        name: 'exported',
        tools: [
          { tool_id: 'load', retry: { max_attempts: 2, backoff_ms: 0 } },
          { tool_id: 'write', depends_on: ['load'], output_mapping: { rows: '{load}' } },
          { tool_id: 'tell', depends_on: ['write'] },
        ],
      },
      {
        tools: {
          load: (_, { attempt }) => {
            if (attempt === 1) throw new Error('busy');
            return ['ä€😀'];
          },
          write: () => {
            throw new RangeError('no disk');
          },
          tell: () => 1,
        },
      },
    );
    await tracing.shutdown();
    spans = store.trace(traceId!);
    exported = await (await fetch(`${inspector.url}/api/spans?trace=${traceId}`)).text();
  });

  it('has every span', () => {
    const names = spans.map(({ name }) => name);
    expect(names).toHaveLength(10);
    expect(names).toEqual(
      expect.arrayContaining(['plan exported', 'step load', 'attempt 2', 'step write', 'step tell']),
    );
  });

  /** What Jaeger's page does with a file that is uploaded. */
  it('is what the upload of Jaeger takes', async () => {
    const response = await post(`${stack.jaegerUrl}/api/transform`);
    expect(response.status).toBe(200);
    const { data } = (await response.json()) as {
      data: { traceID: string; spans: { spanID: string; operationName: string }[] }[];
    };
    expect(data.map(({ traceID }) => traceID)).toEqual([spans[0]!.traceId]);
    const named = data[0]!.spans.map(({ spanID, operationName }) => `${spanID} ${operationName}`);
    expect(named.toSorted()).toEqual(spans.map(({ spanId, name }) => `${spanId} ${name}`).toSorted());
  });

  it('comes back from Jaeger as it was, sent through the Collector', async () => {
    const response = await post(`${stack.otlpUrl}/v1/traces`);
    expect([response.status, await response.json()]).toEqual([200, { partialSuccess: {} }]);
    const { traceId } = spans[0]!;
    await readTrace(stack.jaegerUrl, traceId, spans.length);
    expect(byId(await new JaegerClient(stack.jaegerUrl).trace(traceId))).toEqual(byId(spans));
  });

  it('is listed and described by an Inspector that has it from Jaeger alone', async () => {
    const { traceId } = spans[0]!;
    await using kept = openStore();
    kept.add(spans);
    await using empty = openStore();
    await using ofStore = await startInspector({ store: kept, storeName: 'memory' });
    const jaeger = new JaegerClient(stack.jaegerUrl);
    await using ofJaeger = await startInspector({ store: empty, storeName: 'memory', jaeger });
    const { runs } = (await get(`${ofJaeger.url}/api/runs`)) as { runs: readonly object[] };
    expect(runs).toContainEqual(
      expect.objectContaining({ traceId, planName: 'exported', outcome: 'failure', source: 'Jaeger' }),
    );
    expect(await get(`${ofJaeger.url}/api/run?trace=${traceId}`)).toEqual(
      await get(`${ofStore.url}/api/run?trace=${traceId}`),
    );
  });
});

async function get(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

function post(url: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: exported });
}

function byId(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
}
