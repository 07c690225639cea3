import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind } from '@opentelemetry/api';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runPlan, traceTool } from '../src/index.ts';

const exporter = new InMemorySpanExporter();
const sdk = new NodeSDK({
  serviceName: 'test',
  spanProcessors: [new SimpleSpanProcessor({ exporter })],
  metricReaders: [],
  logRecordProcessors: [],
  autoDetectResources: false,
  instrumentations: [new UndiciInstrumentation()],
});
let server: Server;
let url: string;
/** Path to the `traceparent` that came with it. */
const arrived = new Map<string, string | undefined>();

beforeAll(async () => {
  sdk.start();
  server = createServer((request, response) => {
    arrived.set(request.url ?? '', request.headers['traceparent']?.toString());
    response.end('{"rows":[1,2]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => exporter.reset());

afterAll(async () => {
  server.close();
  await sdk.shutdown();
});

async function read(path: string): Promise<unknown> {
  const response = await fetch(`${url}/${path}`);
  return response.json();
}

it('nests the HTTP span of a fetch under the step that made it, when a plan is run', async () => {
  const plan = {
    tools: [{ tool_id: 'left' }, { tool_id: 'right' }, { tool_id: 'after', depends_on: ['left', 'right'] }],
  };
  const run = await runPlan(plan, {
    tools: { left: () => read('left'), right: () => read('right'), after: () => read('after') },
  });
  expect(run.finalOutput).toEqual({ rows: [1, 2] });
  for (const toolId of ['left', 'right', 'after']) {
    const step = spanNamed(`step ${toolId}`);
    const [client, ...others] = clientsUnder(step);
    expect(others).toEqual([]);
    expect(client?.attributes['url.path']).toBe(`/${toolId}`);
    expect(client?.spanContext().traceId).toBe(run.traceId);
    expect(arrived.get(`/${toolId}`)).toBe(`00-${run.traceId}-${client?.spanContext().spanId}-01`);
  }
});

it('nests the HTTP span under the step of a traced tool, alone or within a run', async () => {
  const lookUp = traceTool('lookup', () => read('lookup'));
  await lookUp();
  const alone = spanNamed('step lookup');
  expect(alone.parentSpanContext).toBeUndefined();
  const [client] = clientsUnder(alone);
  expect(arrived.get('/lookup')).toBe(`00-${alone.spanContext().traceId}-${client?.spanContext().spanId}-01`);

  exporter.reset();
  const run = await runPlan({ tools: [{ tool_id: 'outer' }] }, { tools: { outer: () => lookUp() } });
  const inner = spanNamed('step lookup');
  expect(inner.parentSpanContext?.spanId).toBe(spanNamed('step outer').spanContext().spanId);
  expect(clientsUnder(inner).map((span) => span.spanContext().traceId)).toEqual([run.traceId]);
});

function clientsUnder(parent: ReadableSpan): ReadableSpan[] {
  return exporter
    .getFinishedSpans()
    .filter((span) => span.kind === SpanKind.CLIENT && span.parentSpanContext?.spanId === parent.spanContext().spanId);
}

function spanNamed(name: string): ReadableSpan {
  const found = exporter.getFinishedSpans().filter((span) => span.name === name);
  expect(found.map((span) => span.name)).toEqual([name]);
  return found[0]!;
}
