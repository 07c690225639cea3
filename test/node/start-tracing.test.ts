import { hostname } from 'node:os';
import { metrics, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runPlan, traceOrchestration } from '../../src/index.ts';
import { startTracing, type Tracing, type TracingOptions } from '../../src/node/index.ts';
import { closedPort, startOtlpServer, type OtlpServer, type OtlpServerOptions } from '../helpers/otlp-server.ts';
import { type LiveServer, namesOf, startLiveServer } from './live-server.ts';

let warnings: string[];
let running: { close(): Promise<void> }[];

beforeEach(() => {
  warnings = [];
  running = [];
  for (const name of Object.keys(process.env)) if (/^(OTEL|ORCHESTRACE)_/.test(name)) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  // Receivers last: what is started is shut down first.
  for (const started of running.toReversed()) await started.close();
});

async function receiver(options?: OtlpServerOptions): Promise<OtlpServer> {
  const server = await startOtlpServer(options);
  running.push(server);
  return server;
}

async function start(options: TracingOptions = {}): Promise<Tracing> {
  const tracing = await startTracing({ onWarning: (message) => warnings.push(message), ...options });
  running.push({ close: async () => void (await tracing.shutdown()) });
  return tracing;
}

function endSpans(count: number, prefix = 'span'): void {
  const tracer = trace.getTracer('test');
  for (let number = 0; number < count; number++) tracer.startSpan(`${prefix} ${number}`).end();
}

const DELIVERED = { ok: true, pending: 0, dropped: 0 };

describe('what is sent', () => {
  it('delivers a run with its plan, and says on which host it was', async () => {
    const server = await receiver();
    const tracing = await start({ endpoint: server.url, serviceName: 'shop' });
    await runPlan({ name: 'p', tools: [{ tool_id: 'a' }] }, { tools: { a: () => 1 } });

    expect(await tracing.forceFlush()).toEqual(DELIVERED);
    expect(server.spanNames().toSorted()).toEqual(['group 0 serial', 'orchestration p parallel', 'plan p', 'step a']);
    expect(server.resource()).toMatchObject({ 'service.name': 'shop', 'host.name': hostname() });
    expect(warnings).toEqual([]);
  });

  it('sends a plan before its run ends, without a flush', async () => {
    const server = await receiver();
    await start({ endpoint: server.url });
    const beforeOthers = new Promise((resolve) => setTimeout(resolve, 900)); // other spans leave a second after they ended
    await traceOrchestration({ name: 'p', tools: [{ tool_id: 'a' }] }, async () => {
      await Promise.race([server.nextRequest(), beforeOthers]);
      expect(server.spanNames()).toEqual(['plan p']);
    });
  });

  it.each([5_000, 100_000])(
    'delivers %i spans that end in one tick',
    async (count) => {
      const server = await receiver();
      const tracing = await start({ endpoint: server.url, flushTimeoutMs: 60_000 });
      endSpans(count);
      expect(await tracing.forceFlush()).toEqual(DELIVERED);
      expect(new Set(server.spanNames()).size).toBe(count);
      expect(server.spanNames()).toHaveLength(count);
    },
    60_000,
  );

  it('sends headers', async () => {
    const server = await receiver();
    const tracing = await start({ endpoint: server.url, headers: { authorization: 'Bearer x' } });
    endSpans(1);
    await tracing.forceFlush();
    expect(server.requests[0]!.headers).toMatchObject({
      authorization: 'Bearer x',
      'content-type': 'application/json',
    });
  });

  it('sends metrics when asked, and only then', async () => {
    const server = await receiver();
    const run = async (options: TracingOptions): Promise<string[]> => {
      const from = server.requests.length;
      const tracing = await start({ endpoint: server.url, ...options });
      await runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: () => 1 } });
      await tracing.shutdown();
      return [...new Set(server.requests.slice(from).map(({ path }) => path))].toSorted();
    };
    expect(await run({})).toEqual(['/v1/traces']);
    expect(await run({ metrics: true })).toEqual(['/v1/metrics', '/v1/traces']);
    expect(server.requests.find(({ path }) => path === '/v1/metrics')!.body.toString()).toContain(
      '"orchestration.step.duration"',
    );
    metrics.disable();
  });

  it.each([
    ['the option', { protocol: 'http/protobuf' } as const, {}],
    ['the environment', {}, { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }],
    ['the environment of traces', {}, { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }],
  ])('speaks protobuf by %s', async (_, options, environment) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const server = await receiver();
    const tracing = await start({ endpoint: server.url, ...options });
    endSpans(1, 'in protobuf');
    expect(await tracing.forceFlush()).toEqual(DELIVERED);
    const [{ path, headers, body }] = server.requests as [OtlpServer['requests'][number]];
    expect([path, headers['content-type']]).toEqual(['/v1/traces', 'application/x-protobuf']);
    expect(body.includes('in protobuf 0')).toBe(true);
  });
});

describe('where it is sent', () => {
  it.each([
    [{}, {}, 'http://127.0.0.1:4318/v1/traces'],
    [{ endpoint: 'http://a:1' }, {}, 'http://a:1/v1/traces'],
    [{ endpoint: 'http://a:1/' }, {}, 'http://a:1/v1/traces'],
    [{ endpoint: '' }, {}, 'http://127.0.0.1:4318/v1/traces'],
    [{ endpoint: '' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b:1' }, 'http://b:1/v1/traces'],
    [
      {},
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ' ', OTEL_EXPORTER_OTLP_ENDPOINT: '' },
      'http://127.0.0.1:4318/v1/traces',
    ],
    [{ endpoint: 'http://a:1/otlp' }, {}, 'http://a:1/otlp/v1/traces'],
    [{ endpoint: 'http://a:1/v1/traces' }, {}, 'http://a:1/v1/traces'],
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b:2/' }, 'http://b:2/v1/traces'],
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'http://127.0.0.1:4318/v1/traces'],
    [{}, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:3/as/it/is' }, 'http://c:3/as/it/is'],
    [
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b:2', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:3/x' },
      'http://c:3/x',
    ],
    [
      { endpoint: 'http://a:1' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b:2', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:3/x' },
      'http://a:1/v1/traces',
    ],
    [{ protocol: 'grpc' } as const, {}, 'http://127.0.0.1:4317'],
    [{ protocol: 'grpc', endpoint: 'http://a:1' } as const, {}, 'http://a:1'],
  ])('%j and the environment %j: %s', async (options: TracingOptions, environment: Record<string, string>, url) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect((await start(options)).url).toBe(url);
    expect(warnings).toEqual([]);
  });

  it('really goes to the option and not to the environment', async () => {
    const [meant, other] = [await receiver(), await receiver()];
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', other.url);
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', `${other.url}/v1/traces`);
    const tracing = await start({ endpoint: meant.url });
    endSpans(3);
    await tracing.forceFlush();
    expect([meant.spanNames().length, other.requests.length]).toEqual([3, 0]);
  });

  it.each(['localhost:4318', 'not a url', ' ', 'ftp://a:1'])('throws for the option %j', async (endpoint) => {
    await expect(start({ endpoint })).rejects.toThrow(
      new TypeError(`option endpoint must be a URL such as http://127.0.0.1:4318, got ${JSON.stringify(endpoint)}`),
    );
  });

  it.each(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])(
    'warns of a malformed %s and takes the default',
    async (name) => {
      vi.stubEnv(name, 'localhost:4318');
      expect((await start()).url).toBe('http://127.0.0.1:4318/v1/traces');
      expect(warnings).toEqual([
        `${name} must be a URL such as http://127.0.0.1:4318, got "localhost:4318"; it is left out of account`,
      ]);
    },
  );

  it('throws for an unknown protocol, and warns of one in the environment', async () => {
    await expect(start({ protocol: 'http' as never })).rejects.toThrow(
      'option protocol must be one of "http/json", "http/protobuf", "grpc", got "http"',
    );
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http');
    await start();
    expect(warnings).toEqual([expect.stringContaining('got "http"; using http/json')]);
  });
});

describe('a receiver that does not take spans', () => {
  it('keeps them while it is down, warns once, and delivers all when it is up', async () => {
    const port = await closedPort();
    const tracing = await start({ endpoint: `http://127.0.0.1:${port}` });
    endSpans(600, 'early');
    expect(await tracing.forceFlush()).toEqual({ ok: false, pending: 600, dropped: 0, error: 'ECONNREFUSED' });
    endSpans(600, 'late');
    expect(await tracing.forceFlush()).toMatchObject({ pending: 1200, dropped: 0 });
    expect(warnings).toEqual([
      expect.stringMatching(/^spans cannot be sent to http:\S+: ECONNREFUSED\. They are kept/),
    ]);

    const server = await receiver({ port });
    expect(await tracing.forceFlush()).toEqual(DELIVERED);
    expect(new Set(server.spanNames()).size).toBe(1200);
    expect(server.spanNames()).toHaveLength(1200);
    expect(warnings).toHaveLength(1);
  });

  it('tries again by itself', async () => {
    const port = await closedPort();
    const tracing = await start({ endpoint: `http://127.0.0.1:${port}` });
    endSpans(1);
    await tracing.forceFlush();
    const server = await receiver({ port });
    await server.nextRequest();
    expect(server.spanNames()).toEqual(['span 0']);
  }, 10_000);

  it('keeps them through 503', async () => {
    const server = await receiver({ answer: (number) => (number < 2 ? 503 : 200) });
    const tracing = await start({ endpoint: server.url, flushTimeoutMs: 30_000 });
    endSpans(700);
    expect(await tracing.forceFlush()).toEqual(DELIVERED);
    expect(server.spanNames()).toHaveLength(700);
    expect(server.requests.map(({ status }) => status)).toEqual([503, 503, 200, 200]);
  }, 30_000);

  it('drops what is refused for good, counts it, says so once, and goes on', async () => {
    const server = await receiver({ answer: (number) => (number < 2 ? 400 : 200) });
    const tracing = await start({ endpoint: server.url });
    endSpans(3, 'first');
    await tracing.forceFlush();
    endSpans(2, 'second');
    await tracing.forceFlush();
    endSpans(1, 'third');
    expect(await tracing.forceFlush()).toEqual({
      ok: false,
      pending: 0,
      dropped: 5,
      error: 'the receiver answered 400 (OTLPExporterError: Bad Request)',
    });
    expect(warnings).toEqual([
      '3 spans are dropped: the receiver answered 400 (OTLPExporterError: Bad Request). Further drops are counted, not said',
    ]);
    expect(server.spanNames()).toEqual(['third 0']);
  });

  it('sends less at once where that was too much, and drops only what is too large by itself', async () => {
    const server = await receiver({ answer: (_, bytes) => (bytes > 10_000 ? 413 : 200) });
    const tracing = await start({ endpoint: server.url });
    endSpans(100, 'small');
    endSpans(1, 'x'.repeat(10_000));
    endSpans(100, 'later');
    expect(await tracing.forceFlush()).toMatchObject({ ok: false, pending: 0, dropped: 1 });
    expect(server.spanNames()).toHaveLength(200);
    expect(warnings).toEqual([expect.stringMatching(/^a span is dropped: the receiver answered 413/)]);
  });

  it('says which protocol to use when JSON is refused', async () => {
    const server = await receiver({ answer: () => 415 });
    const tracing = await start({ endpoint: server.url });
    endSpans(1);
    expect(await tracing.forceFlush()).toMatchObject({ ok: false, dropped: 1 });
    expect(warnings).toEqual([expect.stringContaining("set protocol: 'http/protobuf'")]);
  });

  it('keeps no more than it may, and counts the rest', async () => {
    const port = await closedPort();
    const tracing = await start({ endpoint: `http://127.0.0.1:${port}`, maxQueueSpans: 10 });
    endSpans(25);
    expect(await tracing.forceFlush()).toMatchObject({ pending: 10, dropped: 15 });
    expect(warnings[0]).toBe('a span is dropped: more than 10 spans are waiting. Further drops are counted, not said');
  });

  it.each(['forceFlush', 'shutdown'] as const)('does not wait for it for ever: %s', async (end) => {
    const server = await receiver({ answer: () => undefined });
    const tracing = await start({ endpoint: server.url, flushTimeoutMs: 200 });
    endSpans(4);
    expect(await tracing[end]()).toMatchObject({ ok: false, pending: 4, dropped: 0 });
    expect(server.requests.map(({ status }) => status)).toEqual([undefined]);
  });
});

describe('an Inspector', () => {
  const NAMES = ['group 0 serial', 'orchestration p parallel', 'plan p', 'step a'];

  async function inspector(): Promise<LiveServer> {
    const server = await startLiveServer();
    running.push(server);
    return server;
  }

  /** Runs a step that goes on until the Inspector knows of it. */
  async function runWatched(server: LiveServer): Promise<void> {
    const known = server.until(() => server.open().includes('step a'));
    await runPlan({ name: 'p', tools: [{ tool_id: 'a' }] }, { tools: { a: () => known } });
  }

  it.each([
    ['the option', (url: string): TracingOptions => ({ inspectorUrl: url }), undefined],
    ['the environment', (): TracingOptions => ({}), (url: string): string => url],
    ['the environment, where the option is empty', (): TracingOptions => ({ inspectorUrl: '' }), (url: string) => url],
    ['the option, whatever the environment says', (url: string) => ({ inspectorUrl: url }), () => 'http://127.0.0.1:1'],
  ])('named by %s is told what starts and what ended, and the receiver what ended', async (_, options, environment) => {
    const [server, watching] = [await receiver(), await inspector()];
    vi.stubEnv('ORCHESTRACE_INSPECTOR_URL', environment?.(watching.url));
    const tracing = await start({ endpoint: server.url, ...options(watching.url) });
    await runWatched(watching);
    expect(await tracing.forceFlush()).toEqual(DELIVERED);
    expect(watching.open()).toEqual([]);
    expect(namesOf(watching.ended).toSorted()).toEqual(NAMES);
    expect(server.spanNames().toSorted()).toEqual(NAMES);
    expect(new Set(server.requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
    expect(warnings).toEqual([]);
  });

  it('that is the receiver as well is sent each span once, and soon', async () => {
    const watching = await inspector();
    const tracing = await start({ endpoint: watching.url, inspectorUrl: `${watching.url}/` });
    const second = new Promise((resolve) => setTimeout(resolve, 900)); // a receiver is sent spans a second after they ended
    await runWatched(watching);
    await Promise.race([watching.until(() => watching.ended.length === 4), second]);
    expect(namesOf(watching.ended).toSorted()).toEqual(NAMES);
    expect(watching.open()).toEqual([]);
    await tracing.shutdown();
    expect(watching.ended).toHaveLength(4);
  });

  it('that is not there changes nothing but a line', async () => {
    const [server, port] = [await receiver(), await closedPort()];
    const tracing = await start({ endpoint: server.url, inspectorUrl: `http://127.0.0.1:${port}` });
    endSpans(3);
    expect(await tracing.shutdown()).toEqual(DELIVERED);
    expect(server.spanNames()).toHaveLength(3);
    expect(warnings).toEqual([
      expect.stringContaining(`no Inspector answers at http://127.0.0.1:${port}: ECONNREFUSED`),
    ]);
  });

  it.each([
    ['in the environment', 'off', undefined],
    ['as the option, whatever the environment says', 'http://127.0.0.1:9', 'off'],
  ])('is none with "off" %s', async (_, environment, inspectorUrl) => {
    vi.stubEnv('ORCHESTRACE_INSPECTOR_URL', environment);
    const server = await receiver();
    const tracing = await start({ endpoint: server.url, inspectorUrl });
    endSpans(1);
    expect(await tracing.shutdown()).toEqual(DELIVERED);
    expect(warnings).toEqual([]);
  });

  it('has to be named by a URL', async () => {
    const message = 'must be a URL such as http://127.0.0.1:4319, got "localhost:4319"';
    await expect(start({ inspectorUrl: 'localhost:4319' })).rejects.toThrow(
      new TypeError(`option inspectorUrl ${message}`),
    );
    vi.stubEnv('ORCHESTRACE_INSPECTOR_URL', 'localhost:4319');
    await start({ endpoint: (await receiver()).url });
    expect(warnings).toEqual([`ORCHESTRACE_INSPECTOR_URL ${message}; it is left out of account`]);
  });
});

describe('start and end', () => {
  it('registers nothing where a provider is registered, and says so once', async () => {
    const ended = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: ended })] });
    trace.setGlobalTracerProvider(provider);
    const server = await receiver();
    const tracing = await start({ endpoint: server.url });
    endSpans(1);
    expect(tracing.registered).toBe(false);
    expect(await tracing.shutdown()).toEqual(DELIVERED);
    expect(warnings).toEqual([expect.stringContaining('a tracer provider is registered already')]);
    expect(ended.getFinishedSpans()).toHaveLength(1);
    expect(server.requests).toEqual([]);
    expect(trace.getTracerProvider()).toMatchObject({ getDelegate: expect.any(Function) });
    trace.disable();
  });

  it('sends everything at the end of an `await using` block', async () => {
    const server = await receiver();
    {
      await using tracing = await start({ endpoint: server.url });
      expect(tracing.registered).toBe(true);
      endSpans(2);
    }
    expect(server.spanNames()).toEqual(['span 0', 'span 1']);
  });

  it('can be shut down twice', async () => {
    const server = await receiver();
    const tracing = await start({ endpoint: server.url });
    endSpans(1);
    const [first, second] = await Promise.all([tracing.shutdown(), tracing.shutdown()]);
    expect([first, second, await tracing.shutdown()]).toEqual([DELIVERED, DELIVERED, DELIVERED]);
    expect(server.requests).toHaveLength(1);
  });

  it('can be started again after a shutdown', async () => {
    const server = await receiver();
    for (const round of ['first', 'second']) {
      const tracing = await start({ endpoint: server.url });
      expect(tracing.registered).toBe(true);
      traceOrchestration(undefined, () => 1, { name: round });
      await tracing.shutdown();
    }
    expect(server.spanNames()).toEqual(['orchestration first', 'orchestration second']);
  });

  it('counts what ends after the shutdown', async () => {
    const server = await receiver();
    const tracing = await start({ endpoint: server.url });
    const late = trace.getTracer('test').startSpan('late');
    await tracing.shutdown();
    late.end();
    expect(warnings).toEqual(['a span is dropped: it ended after the shutdown. Further drops are counted, not said']);
    expect(await tracing.forceFlush()).toMatchObject({ ok: false, dropped: 1 });
  });

  it('leaves out what was not sampled', async () => {
    const server = await receiver();
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off');
    const tracing = await start({ endpoint: server.url });
    endSpans(3);
    expect(await tracing.shutdown()).toEqual(DELIVERED);
    expect(server.requests).toEqual([]);
  });
});
