import diagnostics from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { context, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type ReadableSpan, SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOrchestrace, type Orchestrace } from '../../src/index.ts';
import { orchestraceProcessor, type ProcessorOptions } from '../../src/node/index.ts';
import { isTracingSuppressed } from '../../src/suppress-tracing.ts';
import { closedPort, startOtlpServer } from '../helpers/otlp-server.ts';
import { deferred } from '../helpers/spans.ts';
import { startHttp, startSilent } from './fault-servers.ts';
import { type LiveServer, namesOf, startLiveServer } from './live-server.ts';

const PLAN = { name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };

let warnings: string[];
/** Shut down after each test, the last one first. */
let running: (() => Promise<unknown>)[];

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());
beforeEach(() => {
  warnings = [];
  running = [];
});
afterEach(async () => {
  for (const end of running.toReversed()) await end();
});

async function inspector(port?: number): Promise<LiveServer> {
  const server = await startLiveServer(port);
  running.push(server.close);
  return server;
}

interface Traced extends Orchestrace {
  readonly provider: TracerProvider;
  readonly tracer: Tracer;
}

function traceWith(options: ProcessorOptions): Traced {
  const onWarning = (message: string): void => void warnings.push(message);
  const provider = new TracerProvider({ spanProcessors: [orchestraceProcessor({ onWarning, ...options })] });
  running.push(() => provider.shutdown());
  const tracer = provider.getTracer('test');
  return { provider, tracer, ...createOrchestrace({ tracer, metrics: false }) };
}

/** A run whose step `a` goes on until it is told to end. */
function startRun({ runPlan }: Orchestrace): { readonly end: () => Promise<unknown> } {
  const { promise, resolve } = deferred();
  const run = runPlan(PLAN, { tools: { a: () => promise, b: () => 1 } });
  const end = async (): Promise<unknown> => {
    resolve();
    return run;
  };
  running.push(end);
  return { end };
}

const WHILE_A_RUNS = ['orchestration p serial', 'group 0 serial', 'step a'];

/** Takes what its `answer` takes. */
function exporterOf(answer: (spans: ReadableSpan[]) => number = () => 0): SpanExporter & { readonly names: string[] } {
  const names: string[] = [];
  return {
    names,
    export: (spans, done) => {
      const code = answer(spans);
      if (code === 0) names.push(...spans.map(({ name }) => name));
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in a package of the SDK's own
      done({ code, error: new Error('not now') });
    },
    shutdown: async () => {},
  };
}

describe('where spans go', () => {
  it('has to be said', () => {
    const message = /^orchestraceProcessor needs somewhere to send spans: give it an exporter.* or an inspectorUrl/;
    expect(() => orchestraceProcessor({})).toThrow(TypeError);
    expect(() => orchestraceProcessor({})).toThrow(message);
    expect(() => orchestraceProcessor(undefined as never)).toThrow(message);
    expect(() => orchestraceProcessor({ inspectorUrl: '' })).toThrow(message);
    expect(() => orchestraceProcessor({ inspectorUrl: 'off' })).toThrow(message);
  });

  it.each(['localhost:4319', ' ', 'ftp://a:1', 4319])('cannot be inspectorUrl %j', (inspectorUrl) => {
    expect(() => orchestraceProcessor({ inspectorUrl: inspectorUrl as string })).toThrow(
      new TypeError(
        `option inspectorUrl must be a URL such as http://127.0.0.1:4319, got ${JSON.stringify(inspectorUrl)}`,
      ),
    );
  });

  it.each([null, {}, 'http://127.0.0.1:4318'])('cannot be exporter %j', (exporter) => {
    expect(() => orchestraceProcessor({ exporter: exporter as never })).toThrow(
      new TypeError('option exporter must be a span exporter, such as new OTLPTraceExporter()'),
    );
  });

  it('is the exporter: what ended, and nothing that started', async () => {
    const exporter = exporterOf();
    const { provider, runPlan } = traceWith({ exporter });
    await runPlan(PLAN, { tools: { a: () => 1, b: () => 2 } });
    await provider.forceFlush();
    expect(exporter.names).toHaveLength(6);
    expect(new Set(exporter.names).size).toBe(6);
  });

  it('is both: the exporter is sent each span once, when it has ended', async () => {
    const server = await inspector();
    const exporter = exporterOf();
    const traced = traceWith({ exporter, inspectorUrl: server.url });
    const run = startRun(traced);
    await server.until(() => server.open().length === 3);
    await traced.provider.forceFlush();
    expect(exporter.names).toEqual(['plan p']);
    await run.end();
    await traced.provider.forceFlush();
    expect(exporter.names.toSorted()).toEqual(namesOf(server.ended).toSorted());
    expect(exporter.names).toHaveLength(6);
  });

  it('keeps what the exporter cannot take now', async () => {
    let code = 1;
    const exporter = exporterOf(() => code);
    const { provider, tracer } = traceWith({ exporter });
    tracer.startSpan('early').end();
    await provider.forceFlush();
    expect(warnings).toEqual([expect.stringMatching(/^spans cannot be exported: Error: not now\. They are kept/)]);
    code = 0;
    tracer.startSpan('late').end();
    await provider.forceFlush();
    expect(exporter.names).toEqual(['early', 'late']);
  });
});

describe('what the Inspector is told', () => {
  it('is what runs, as it starts, and what ended, when it ends', async () => {
    const server = await inspector();
    const traced = traceWith({ inspectorUrl: server.url });
    const run = startRun(traced);
    await server.until(() => server.open().length === 3);
    expect(server.open()).toEqual(WHILE_A_RUNS);
    await run.end();
    await server.until(() => server.ended.length === 6);
    expect(server.open()).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('is what OpenTelemetry says of the same spans', async () => {
    const [told, exported] = [await inspector(), await inspector()];
    const exporter = new OTLPTraceExporter({ url: `${exported.url}/v1/traces` });
    const processor = orchestraceProcessor({ inspectorUrl: told.url });
    const provider = new TracerProvider({ spanProcessors: [processor, new SimpleSpanProcessor({ exporter })] });
    running.push(() => provider.shutdown());
    const tracer = provider.getTracer('scope', '1.2.3');
    const parent = tracer.startSpan('parent', { kind: SpanKind.CLIENT, startTime: [1_700_000_000, 1] });
    const link = { context: parent.spanContext(), attributes: { of: 'a link' } };
    const child = tracer.startSpan('child', { links: [link] }, trace.setSpan(context.active(), parent));
    child.setAttributes({
      text: 'ü\n"\u{1F600}',
      yes: true,
      whole: 2 ** 40,
      negative: -7,
      fraction: 0.5,
      empty: [],
      list: ['a', 'b'],
      numbers: [1, 2.5],
      flags: [true, false],
    });
    child.addEvent('event', { at: 1 }, [1_700_000_000, 999_999_999]);
    child.setStatus({ code: SpanStatusCode.ERROR, message: 'why' });
    child.end();
    parent.setStatus({ code: SpanStatusCode.OK });
    parent.end();
    await provider.forceFlush();
    expect(told.ended).toHaveLength(2);
    const byName = (server: LiveServer): unknown => server.ended.toSorted((a, b) => a.name.localeCompare(b.name));
    expect(byName(told)).toEqual(byName(exported));
  });

  it('is numbers that JSON does not have, too', async () => {
    const server = await inspector();
    const { provider, tracer } = traceWith({ inspectorUrl: server.url });
    const attributes = { none: NaN, endless: -Infinity, zero: -0, large: 2 ** 60 };
    tracer.startSpan('a', { attributes }).end();
    await provider.forceFlush();
    expect(Object.fromEntries(server.ended[0]!.attributes)).toEqual(attributes);
  });

  it('is of a resource what is found out later as well', async () => {
    const server = await inspector();
    const resource = {
      attributes: {},
      asyncAttributesPending: true,
      waitForAsyncAttributes: async () => {
        Object.assign(resource, { attributes: { 'host.id': 'found' }, asyncAttributesPending: false });
      },
    };
    const processor = orchestraceProcessor({ inspectorUrl: server.url });
    const provider = new TracerProvider({ resource: resource as never, spanProcessors: [processor] });
    running.push(() => provider.shutdown());
    provider.getTracer('test').startSpan('a').end();
    await provider.forceFlush();
    expect(server.ended[0]!.resource).toEqual(new Map([['host.id', 'found']]));
  });

  it('is of a span that starts what it will be told when it has ended', async () => {
    const server = await inspector();
    const run = startRun(traceWith({ inspectorUrl: server.url }));
    await server.until(() => server.open().length === 3);
    const { parentSpanId, spanId, endNs, ...started } = server.openSpan('step a');
    expect([parentSpanId, endNs]).toEqual([server.openSpan('group 0 serial').spanId, 0n]);
    await run.end();
    await server.until(() => server.ended.length === 6);
    const ended = server.ended.find((span) => span.spanId === spanId)!;
    expect(ended).toMatchObject({ parentSpanId, startNs: started.startNs, scope: started.scope, kind: started.kind });
    expect(Object.fromEntries(ended.attributes)).toMatchObject(Object.fromEntries(started.attributes));
    expect(started.resource).toEqual(ended.resource);
  });

  it('is nothing of a span that ended before it could be told, but its end', async () => {
    const server = await inspector();
    const { provider, runPlan } = traceWith({ inspectorUrl: server.url });
    await runPlan(PLAN, { tools: { a: () => 1, b: () => 2 } });
    await provider.forceFlush();
    expect([server.ended.length, server.started.size]).toEqual([6, 0]);
    expect(server.paths).toEqual(['/api/live/process']);
  });

  it('is each second that the process is there, also when nothing is open: an end may have gone astray', async () => {
    const server = await inspector();
    const run = startRun(traceWith({ inspectorUrl: server.url }));
    const untilBeats = async (more: number): Promise<void> => {
      const beats = (): number => server.paths.filter((path) => path === '/api/live/spans').length;
      const before = beats();
      await server.until(() => beats() === before + more);
    };
    await server.until(() => server.open().length === 3);
    await untilBeats(2);
    await run.end();
    await server.until(() => server.ended.length === 6);
    await untilBeats(2);
  });

  it('is of other spans only their end', async () => {
    const server = await inspector();
    const { provider, tracer } = traceWith({ inspectorUrl: server.url });
    const span = tracer.startSpan('GET /');
    tracer.startSpan('first').end();
    await server.until(() => server.ended.length === 1);
    expect(server.started.size).toBe(0);
    span.end();
    await provider.forceFlush();
    expect(namesOf(server.ended)).toEqual(['first', 'GET /']);
  });

  it('is nothing of spans that are not sampled', async () => {
    const server = await inspector();
    const processor = orchestraceProcessor({ inspectorUrl: server.url });
    const sampler = { shouldSample: () => ({ decision: 1 }), toString: () => 'recorded, not sampled' };
    const provider = new TracerProvider({ sampler, spanProcessors: [processor] });
    running.push(() => provider.shutdown());
    const run = startRun(createOrchestrace({ tracer: provider.getTracer('test'), metrics: false }));
    await provider.forceFlush();
    await run.end();
    await provider.forceFlush();
    expect(server.paths).toEqual([]);
    expect(server.ended).toEqual([]);
  });

  it('is told in requests that are not traced', async () => {
    const suppressed: boolean[] = [];
    const look = (): void => void suppressed.push(isTracingSuppressed(context.active()));
    diagnostics.subscribe('http.client.request.start', look);
    running.push(async () => diagnostics.unsubscribe('http.client.request.start', look));
    const server = await inspector();
    const run = startRun(traceWith({ inspectorUrl: `${server.url}/` }));
    await server.until(() => server.open().length === 3);
    await run.end();
    await server.until(() => server.ended.length === 6);
    expect(suppressed.length).toBeGreaterThan(2);
    expect(suppressed).not.toContain(false);
  });

  it('is everything, however much it is', async () => {
    const server = await inspector();
    const { provider, tracer } = traceWith({ inspectorUrl: server.url });
    const attributes = { 'orchestration.span.type': 'step', text: 'x'.repeat(8192) };
    const spans = Array.from({ length: 2_000 }, (_, number) => tracer.startSpan(`span ${number}`, { attributes }));
    await provider.forceFlush();
    expect(server.open()).toHaveLength(2_000);
    for (const span of spans) span.end();
    await provider.forceFlush();
    expect(namesOf(server.ended)).toEqual(Array.from({ length: 2_000 }, (_, number) => `span ${number}`));
    expect(server.open()).toEqual([]);
  });

  it('is of open spans the newest 20,000', async () => {
    const server = await inspector();
    const { provider, tracer } = traceWith({ inspectorUrl: server.url, flushTimeoutMs: 60_000 });
    const attributes = { 'orchestration.span.type': 'step' };
    for (let number = 0; number <= 20_000; number++) tracer.startSpan(`span ${number}`, { attributes });
    await provider.forceFlush();
    expect([server.open().length, server.open()[0]]).toEqual([20_000, 'span 1']);
  }, 60_000);

  it('is of too many open spans the runs and groups rather than what goes on in them', async () => {
    const server = await inspector();
    const { provider, tracer } = traceWith({ inspectorUrl: server.url, flushTimeoutMs: 60_000 });
    const startSpan = (name: string, type = name): unknown =>
      tracer.startSpan(name, { attributes: { 'orchestration.span.type': type } });
    for (const type of ['run', 'group', 'step', 'attempt']) startSpan(type);
    for (let number = 0; number < 19_999; number++) startSpan('another run', 'run');
    await provider.forceFlush();
    expect([server.open().length, ...server.open().slice(0, 2)]).toEqual([20_000, 'group', 'another run']);
  }, 60_000);
});

describe('an Inspector that comes and goes', () => {
  it('is told everything when it comes late, after one warning', async () => {
    const port = await closedPort();
    const traced = traceWith({ inspectorUrl: `http://127.0.0.1:${port}` });
    const run = startRun(traced);
    await traced.provider.forceFlush();
    await traced.provider.forceFlush();
    expect(warnings).toEqual([
      `no Inspector answers at http://127.0.0.1:${port}: ECONNREFUSED. Is it running (npx orchestrace inspect)? It is tried again in silence; at most 10000 spans wait for it`,
    ]);
    const server = await inspector(port);
    await server.until(() => server.open().length === 3 && server.ended.length === 1);
    expect(server.open()).toEqual(WHILE_A_RUNS);
    expect(namesOf(server.ended)).toEqual(['plan p']);
    await run.end();
    expect(warnings).toHaveLength(1);
  });

  it('is told again what is open when it is started again', async () => {
    const first = await inspector();
    const traced = traceWith({ inspectorUrl: first.url });
    const run = startRun(traced);
    await first.until(() => first.open().length === 3);
    await traced.provider.forceFlush();
    await first.close();
    const second = await inspector(first.port);
    await second.until(() => second.open().length === 3);
    expect(second.open()).toEqual(WHILE_A_RUNS);
    await run.end();
    await second.until(() => second.open().length === 0 && second.ended.length === 5);
    expect(warnings).toEqual([]);
  });

  it('is told again what is open when it does not know the process', async () => {
    const server = await inspector();
    const traced = traceWith({ inspectorUrl: server.url });
    const run = startRun(traced);
    await server.until(() => server.open().length === 3);
    server.forget();
    const other = startRun(traced);
    await server.until(() => server.open().length === 6);
    expect(server.open()).toEqual([...WHILE_A_RUNS, ...WHILE_A_RUNS]);
    await Promise.all([run.end(), other.end()]);
    expect(warnings).toEqual([]);
  });

  it('is told goodbye by a shutdown in the middle of a run: that is no interruption', async () => {
    const server = await inspector();
    const traced = traceWith({ inspectorUrl: server.url });
    const run = startRun(traced);
    await server.until(() => server.open().length === 3);
    await traced.provider.shutdown();
    expect(server.open()).toEqual([]);
    await run.end();
  });

  it('gets the newest spans of more than may wait', async () => {
    const port = await closedPort();
    const { provider, tracer } = traceWith({ inspectorUrl: `http://127.0.0.1:${port}`, maxQueueSpans: 10 });
    for (let number = 0; number < 25; number++) tracer.startSpan(`span ${number}`).end();
    await provider.forceFlush();
    const server = await inspector(port);
    await provider.forceFlush();
    expect(namesOf(server.ended)).toEqual(Array.from({ length: 10 }, (_, number) => `span ${number + 15}`));
  });

  it('gets the newest 10,000 where none answered for long', async () => {
    const port = await closedPort();
    const { provider, tracer } = traceWith({ inspectorUrl: `http://127.0.0.1:${port}` });
    tracer.startSpan('unanswered').end();
    await provider.forceFlush();
    for (let number = 0; number < 25_000; number++) tracer.startSpan(`span ${number}`).end();
    const server = await inspector(port);
    await provider.forceFlush();
    expect(server.ended.length).toBeLessThanOrEqual(10_000);
    expect(server.ended.length).toBeGreaterThan(8_000);
    expect(server.ended.at(-1)!.name).toBe('span 24999');
  });

  it('may be busy: what it does not take it is told again', async () => {
    await using server = await startOtlpServer({ answer: (number) => (number === 1 ? 503 : 200) });
    const { provider, tracer } = traceWith({ inspectorUrl: server.url });
    for (const name of ['first', 'second']) tracer.startSpan(name).end();
    await provider.forceFlush();
    expect(server.spanNames()).toEqual([]);
    tracer.startSpan('third').end();
    await provider.forceFlush();
    expect(server.spanNames()).toEqual(['first', 'second', 'third']);
    expect(warnings).toEqual([]);
  });

  it('may close a connection at the moment at which it is used again', async () => {
    const used = new WeakSet<Socket>();
    let requests = 0;
    await using server = await startHttp((request, response) => {
      if (used.has(request.socket)) return request.socket.destroy();
      used.add(request.socket);
      requests++;
      request.resume();
      if (request.url === '/api/live/process') response.writeHead(200).flushHeaders();
      else response.end('{}');
    });
    const { provider, tracer } = traceWith({ inspectorUrl: `http://127.0.0.1:${server.port}` });
    for (const name of ['first', 'second', 'third']) {
      tracer.startSpan(name).end();
      await provider.forceFlush();
    }
    expect(requests).toBe(4);
  });

  it('may hang up: it is given a moment before it is asked again', async () => {
    const held = deferred<ServerResponse>();
    await using server = await startHttp((request, response) => {
      request.resume();
      if (request.url !== '/api/live/process') return response.end('{}');
      response.writeHead(200).flushHeaders();
      held.resolve(response);
    });
    const { provider, tracer } = traceWith({ inspectorUrl: `http://127.0.0.1:${server.port}` });
    tracer.startSpan('a').end();
    await provider.forceFlush();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    running.push(async () => timers.mockRestore());
    (await held.promise).end();
    await vi.waitFor(() => expect(timers.mock.calls.flatMap(([, ms]) => ms || [])).toEqual([250]));
  });

  it('may have nothing to hear for longer than an answer may take', async () => {
    await using silent = await startSilent();
    const server = await inspector();
    const run = startRun(traceWith({ inspectorUrl: server.url }));
    await server.until(() => server.open().length === 3);
    // Said when an answer took too long.
    const tooLong = new Promise((resolve) => {
      traceWith({ inspectorUrl: `http://127.0.0.1:${silent.port}`, onWarning: resolve })
        .tracer.startSpan('a')
        .end();
    });
    expect(await tooLong).toMatch(/: no answer within 2 s\./);
    await run.end();
    await server.until(() => server.ended.length === 6);
    expect(server.paths.filter((path) => path === '/api/live/process')).toHaveLength(1);
  }, 20_000);

  it('may refuse something: that is given up, said once, and the rest is told', async () => {
    await using server = await startOtlpServer({ answer: (number) => (number === 1 ? 400 : 200) });
    const { provider, tracer } = traceWith({ inspectorUrl: server.url });
    tracer.startSpan('refused').end();
    await provider.forceFlush();
    tracer.startSpan('taken').end();
    await provider.forceFlush();
    expect(server.spanNames()).toEqual(['taken']);
    expect(warnings).toEqual([`the Inspector at ${server.url} refused 1 spans: it answered 400`]);
  });

  it('may be something else', async () => {
    await using server = await startOtlpServer({ answer: () => 404 });
    const { provider, tracer } = traceWith({ inspectorUrl: server.url });
    tracer.startSpan('a').end();
    await provider.forceFlush();
    expect(warnings).toEqual([expect.stringContaining(`no Inspector answers at ${server.url}: it answered 404.`)]);
  });

  it.each(['forceFlush', 'shutdown'] as const)('is not waited for for ever: %s', async (end) => {
    await using silent = await startSilent();
    const url = `http://127.0.0.1:${silent.port}`;
    const { provider, tracer } = traceWith({ inspectorUrl: url, flushTimeoutMs: 100 });
    tracer.startSpan('a').end();
    await provider[end]();
    expect(warnings).toEqual([]);
  });
});

describe('the host', () => {
  it('has no listener left after a shutdown', async () => {
    const before = process.listenerCount('beforeExit');
    const { provider } = traceWith({ exporter: exporterOf() });
    expect(process.listenerCount('beforeExit')).toBe(before + 1);
    await provider.shutdown();
    expect(process.listenerCount('beforeExit')).toBe(before);
  });

  it.each([
    ['an exporter that throws', { exporter: { export: fail, shutdown: fail } }],
    ['an exporter that breaks off', { exporter: exporterOf(() => 1) }],
  ])('sees nothing of %s and a warning that throws', async (_, options: ProcessorOptions) => {
    const { provider, runPlan } = traceWith({ ...options, onWarning: fail });
    const run = await runPlan(PLAN, { tools: { a: () => 1, b: () => 2 } });
    await provider.forceFlush();
    await provider.shutdown();
    expect([run.success, run.finalOutput]).toEqual([true, 2]);
  });

  it('sees nothing of a warning that throws while no Inspector is there', async () => {
    const warned = deferred();
    const onWarning = (): void => {
      warned.resolve();
      fail();
    };
    const { runPlan } = traceWith({ inspectorUrl: `http://127.0.0.1:${await closedPort()}`, onWarning });
    expect((await runPlan(PLAN, { tools: { a: () => 1, b: () => 2 } })).success).toBe(true);
    await warned.promise;
    await new Promise(setImmediate); // a rejection that nobody takes would be seen by now
  });
});

function fail(): never {
  throw new Error('broken');
}
