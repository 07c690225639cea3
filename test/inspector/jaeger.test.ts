import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { context, trace } from '@opentelemetry/api';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OrchestraceError } from '../../src/errors.ts';
import { JaegerClient, type JaegerOptions, type RecentRun } from '../../src/inspector/jaeger.ts';
import {
  type FaultServer,
  findFreePort,
  startHangingUp,
  startHttp,
  startSilent,
  startTls,
} from '../node/fault-servers.ts';
import {
  answerAs,
  GENERATIONS,
  notFound,
  otlp,
  otlpSpan,
  sendJson,
  startMs,
  text,
  TRACE_ID,
  type Generation,
} from './jaeger-generations.ts';

let asked: { path: string; query: URLSearchParams; headers: IncomingHttpHeaders }[] = [];
const servers: FaultServer[] = [];
const warnings: string[] = [];

beforeEach(() => {
  asked = [];
  warnings.length = 0;
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

describe.each(Object.entries(GENERATIONS))('Jaeger %s', (_, generation) => {
  it('gives a trace', async () => {
    const client = await startJaeger(generation);
    const spans = await client.trace(TRACE_ID);
    expect(spans).toHaveLength(2);
    expect(spans[0]).toMatchObject({
      traceId: TRACE_ID,
      spanId: 'b7ad6b7169203331',
      name: 'run overview',
      kind: 'internal',
      startNs: BigInt(startMs(2)) * 1_000_000n,
      status: { code: 'error', message: 'broken' },
      scope: { name: 'orchestrace', version: '0.1.0' },
    });
    expect(spans[0]!.attributes).toEqual(
      new Map<string, unknown>([
        ['orchestration.span.type', 'run'],
        ['orchestration.plan.name', 'overview'],
        ['orchestration.outcome', 'failure'],
        ['orchestration.total_tools', 3],
        ['orchestration.failed', ['a']],
      ]),
    );
    expect(spans[0]!.resource).toEqual(new Map([['service.name', 'shop']]));
    expect(spans[1]).toMatchObject({ parentSpanId: 'b7ad6b7169203331', links: [{ traceId: TRACE_ID }] });
    expect(warnings).toEqual([]);
  });

  it('has no spans of a trace that it does not have', async () => {
    const client = await startJaeger(generation);
    expect(await client.trace('f'.repeat(32))).toEqual([]);
  });

  it('finds the recent runs, newest first, that which was killed by its plan', async () => {
    const client = await startJaeger(generation);
    expect((await client.recentRuns({ limit: 10 })).map(shown)).toEqual([
      'gateway overview 6 undefined',
      'users overview 4 failure',
      'shop overview 2 failure',
      'shop nightly 1 failure',
    ]);
  });

  it('finds the recent runs of a plan', async () => {
    const client = await startJaeger(generation);
    const runs = await client.recentRuns({ limit: 10, plan: 'overview' });
    expect(runs.map(shown)).toEqual([
      'gateway overview 6 undefined',
      'users overview 4 failure',
      'shop overview 2 failure',
    ]);
    expect(await client.recentRuns({ limit: 10, plan: 'never' })).toEqual([]);
  });

  it('gives no more runs than asked for, the newest', async () => {
    const client = await startJaeger(generation);
    expect((await client.recentRuns({ limit: 2 })).map(shown)).toEqual([
      'gateway overview 6 undefined',
      'users overview 4 failure',
    ]);
  });

  it('finds what lies within the time looked back', async () => {
    const client = await startJaeger(generation);
    const runs = await client.recentRuns({ limit: 10, lookbackMs: Date.now() - startMs(3) });
    expect(runs.map(shown)).toEqual(['gateway overview 6 undefined', 'users overview 4 failure']);
  });

  it('is found below a base path', async () => {
    const client = await startJaeger(generation, {}, '/tools/jaeger');
    expect(await client.trace(TRACE_ID)).toHaveLength(2);
    expect(await client.recentRuns({ limit: 10 })).toHaveLength(4);
  });
});

describe('a trace', () => {
  it('is asked for raw, so that Jaeger corrects nothing, in the spelling of each version', async () => {
    const client = await startJaeger(GENERATIONS['2.20']!);
    await client.trace(TRACE_ID);
    expect(asked.map(({ path, query }) => [path, Object.fromEntries(query)])).toEqual([
      [`/api/v3/traces/${TRACE_ID}`, { rawTraces: 'true', raw_traces: 'true' }],
    ]);
  });

  it('keeps nanoseconds and loses the warnings of Jaeger', async () => {
    const client = await startAnswering(200, {
      result: otlp([
        {
          ...otlpSpan(),
          startTimeUnixNano: '1795737504263123456',
          attributes: [text('@jaeger@warnings', 'skew'), text('a', 'b')],
        },
      ]),
    });
    const [span] = await client.trace(TRACE_ID);
    expect([span!.startNs, span!.attributes]).toEqual([1_795_737_504_263_123_456n, new Map([['a', 'b']])]);
  });

  it('may come in parts, a line each', async () => {
    const parts = ['b7ad6b7169203331', 'b7ad6b7169203332'].map((spanId) => ({
      result: otlp([{ ...otlpSpan(), spanId }]),
    }));
    const client = await startServer((_, response) => {
      response.end(`${parts.map((part) => JSON.stringify(part)).join('\n')}\n`);
    });
    expect((await client.trace(TRACE_ID)).map(({ spanId }) => spanId)).toEqual([
      'b7ad6b7169203331',
      'b7ad6b7169203332',
    ]);
  });

  it('of which a span cannot be read is read without it, and that is told', async () => {
    const client = await startAnswering(200, { result: otlp([otlpSpan(), { ...otlpSpan(), spanId: 'short' }]) });
    expect(await client.trace(TRACE_ID)).toHaveLength(1);
    expect(warnings).toEqual([
      `left out 1 of the spans from ${urlOf()}, the first because of span "work": spanId is not an id of 16 hex digits`,
    ]);
  });

  it('is asked for by an id in full length', async () => {
    const client = await startJaeger(GENERATIONS['2.20']!);
    await client.trace('AF7651916CD43DD8448EB211C80319C');
    expect(asked[0]!.path).toBe(`/api/v3/traces/${TRACE_ID}`);
  });

  it.each(['', 'latest', '../services', 'f'.repeat(33)])('is not asked for by "%s"', async (id) => {
    const client = await startJaeger(GENERATIONS['2.20']!);
    await expect(client.trace(id)).rejects.toThrow(`expected a trace id of 32 hex digits, got "${id}"`);
    expect(asked).toEqual([]);
  });
});

describe('a search', () => {
  it('for a plan asks a Jaeger that takes attributes once a service', async () => {
    const client = await startJaeger(GENERATIONS['after 2.20']!);
    await client.recentRuns({ limit: 10, plan: 'overview' });
    expect(asked.map(({ path, query }) => `${path} ${query.get('query.serviceName') ?? ''}`.trim())).toEqual([
      '/api/v3/services',
      '/api/v3/traces shop',
      '/api/v3/traces users',
      '/api/v3/traces gateway',
    ]);
  });

  it('asks a Jaeger that is known to pass over attributes by the older API only', async () => {
    const client = await startJaeger(GENERATIONS['2.13']!);
    await client.recentRuns({ limit: 10 });
    asked = [];
    await client.recentRuns({ limit: 10, plan: 'overview' });
    expect(asked.map(({ path }) => path)).toEqual(['/api/v3/services', '/api/traces', '/api/traces', '/api/traces']);
  });

  it('asks for many services a few at a time', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const client = await startServer((request, response) => {
      if (request.url === '/') return sendJson(response, 200, {});
      if (request.url?.startsWith('/api/v3/services')) {
        return sendJson(response, 200, { services: Array.from({ length: 20 }, (_, i) => `service-${i}`) });
      }
      waiting.push(() => sendJson(response, 404, notFound()));
      most = Math.max(most, waiting.length);
      if (waiting.length === 4) void answerAll();
    });
    // What was sent together with these has arrived when a request that was sent after them is answered.
    const answerAll = async (): Promise<void> => {
      await fetch(urlOf());
      for (const answer of waiting.splice(0)) answer();
    };
    expect(await client.recentRuns({ limit: 10 })).toEqual([]);
    // For runs, and for plans.
    expect(asked.filter(({ path }) => path === '/api/v3/traces')).toHaveLength(40);
    expect(most).toBe(4);
  });

  it('finds nothing where there are no services', async () => {
    const client = await startAnswering(200, {});
    expect(await client.recentRuns({ limit: 10 })).toEqual([]);
  });

  it('gives a trace with several runs, or of several services, once: with the run that started first, of those that ended if there is one', async () => {
    const telling = (type: string, spanId: string, plan: string, second: number): object => ({
      ...otlpSpan(),
      spanId,
      startTimeUnixNano: `${startMs(second)}000000`,
      attributes: [text('orchestration.span.type', type), text('orchestration.plan.name', plan)],
    });
    const client = await startServer((request, response) => {
      const services = { services: ['shop', 'users'] };
      const spans = [
        telling('run', 'b7ad6b7169203332', 'inner', 2),
        telling('run', 'b7ad6b7169203331', 'outer', 1),
        telling('plan', 'b7ad6b7169203330', 'around', 0),
      ];
      sendJson(response, 200, request.url?.startsWith('/api/v3/services') ? services : { result: otlp(spans) });
    });
    expect((await client.recentRuns({ limit: 10 })).map(({ planName }) => planName)).toEqual(['outer']);
    expect((await client.recentRuns({ limit: 10, plan: 'inner' })).map(({ planName }) => planName)).toEqual(['inner']);
    const [killed] = await client.recentRuns({ limit: 10, plan: 'around' });
    expect(killed).toMatchObject({ planName: 'around', outcome: undefined });
  });
});

describe('headers', () => {
  const headers = { Authorization: 'Bearer top-secret-token', 'X-Scope-OrgID': 'tenant-1' };

  it('are sent with every request', async () => {
    const client = await startJaeger(GENERATIONS['2.13']!, { headers });
    await client.trace(TRACE_ID);
    await client.recentRuns({ limit: 1 });
    expect(asked.length).toBeGreaterThan(3);
    for (const request of asked) {
      expect(request.headers).toMatchObject({ authorization: 'Bearer top-secret-token', 'x-scope-orgid': 'tenant-1' });
    }
  });

  it('follow a redirect on the same server', async () => {
    const client = await startServer(
      (request, response) => {
        if (request.url?.startsWith('/moved')) return sendJson(response, 200, { result: otlp([otlpSpan()]) });
        response.writeHead(307, { Location: '/moved/here' }).end();
      },
      { headers },
    );
    expect(await client.trace(TRACE_ID)).toHaveLength(1);
    expect(asked.map((request) => request.headers.authorization)).toEqual(Array(2).fill(headers.Authorization));
  });

  it('are not taken to another server, to which it is not gone either', async () => {
    const reached: unknown[] = [];
    const other = await startHttp((request, response) => {
      reached.push(request.headers);
      sendJson(response, 200, { result: otlp([otlpSpan()]) });
    });
    servers.push(other);
    const client = await startServer(
      (_, response) => response.writeHead(302, { Location: `http://127.0.0.1:${other.port}/login?token=abc` }).end(),
      { headers },
    );
    expect(await failureOf(client)).toBe(
      `${urlOf()} redirects to http://127.0.0.1:${other.port}: give that address; or --header 'Authorization: ...' if it leads to a login`,
    );
    expect(reached).toEqual([]);
  });

  it('are not in an error, even if the server repeats them', async () => {
    const message = 'no token Bearer top-secret-token of tenant-1';
    const client = await startAnswering(500, { error: { httpCode: 500, message } }, { headers });
    expect(await failureOf(client)).toBe(`${urlOf()} answers 500: no token [REDACTED] [REDACTED] of [REDACTED]`);
  });

  it('are not in an error in parts either', async () => {
    const message = 'cookie sess=s3cret-of-a, token s3cret-of-b and s3cret-of-b-c';
    const client = await startAnswering(
      500,
      { error: { httpCode: 500, message } },
      { headers: { Cookie: 'sess=s3cret-of-a; other=s3cret-of-b,s3cret-of-b-c' } },
    );
    expect(await failureOf(client)).toBe(`${urlOf()} answers 500: cookie [REDACTED], token [REDACTED] and [REDACTED]`);
  });

  it.each([
    [
      { Authorization: 'Bearer top\nsecret' },
      "the header Authorization has a value that cannot be sent: expected 'Name: value' in Latin letters",
    ],
    [
      { Authorization: 'Bearer töp–secret' },
      "the header Authorization has a value that cannot be sent: expected 'Name: value' in Latin letters",
    ],
    [
      { 'Authorization: Bearer secret': '' },
      "there is a header with a name that cannot be sent: expected 'Name: value' in Latin letters",
    ],
  ])('that cannot be sent are refused without being shown: %j', (bad, message) => {
    expect(() => new JaegerClient('http://127.0.0.1:16686', { headers: bad })).toThrow(usage(message));
  });
});

describe('a failure is one line that says what to do', () => {
  it('when nothing listens', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    expect(await failureOf(new JaegerClient(url))).toBe(
      `nothing listens at ${url} (ECONNREFUSED): is Jaeger running, and is this its page?`,
    );
  });

  it('when there is no such host', async () => {
    expect(await failureOf(new JaegerClient('http://jaeger.invalid/base/'))).toMatch(
      /^there is no host jaeger\.invalid \(E\w+\): correct the name of the host$/,
    );
  });

  it.each([401, 403])('when authorisation is wanted: %i', async (status) => {
    const client = await startServer((_, response) => response.writeHead(status).end('<html>no</html>'));
    expect(await failureOf(client)).toBe(
      `${urlOf()} lets nobody in without authorisation (${status}): give --header 'Authorization: ...'`,
    );
  });

  it.each([
    ['a web page', 200, 'text/html', '<!doctype html>'],
    ['a web page', 404, 'text/html', '<!doctype html>'],
    ['text', 404, 'text/plain', '404 page not found'],
    ['other JSON', 200, 'application/json', '{"hello":"world"}'],
    ['other JSON', 404, 'application/json', '{"code":5,"message":"Not Found","details":[]}'],
    ['no object', 200, 'application/json', 'null'],
    ['nothing', 200, 'application/json', ''],
  ])('when %s is answered with %i', async (_, status, type, body) => {
    const client = await startServer((__, response) => response.writeHead(status, { 'Content-Type': type }).end(body));
    const message = `${urlOf()} does not answer as Jaeger does: is this the address of its page, with its base path?`;
    expect(await failureOf(client)).toBe(message);
    await expect(client.recentRuns({ limit: 1 })).rejects.toThrow(usage(message));
  });

  it('when Jaeger says what is wrong, in either API', async () => {
    const newer = await startAnswering(400, { error: { httpCode: 400, message: 'malformed parameter' } });
    expect(await failureOf(newer)).toBe(`${urlOf()} answers 400: malformed parameter`);
    const older = await startAnswering(500, { data: null, errors: [{ code: 500, msg: 'no storage' }] });
    expect(await failureOf(older)).toBe(`${urlOf()} answers 500: no storage`);
  });

  it('when the server fails without a word', async () => {
    const client = await startServer((_, response) => response.writeHead(502).end('Bad Gateway'));
    expect(await failureOf(client)).toBe(`${urlOf()} answers 502: is this the address of Jaeger's page?`);
  });

  it('when it does not answer in time', async () => {
    const server = await startSilent();
    servers.push(server);
    const client = new JaegerClient(urlOf(), { timeoutMs: 50 });
    expect(await failureOf(client)).toBe(
      `${urlOf()} did not answer within 50 ms: is the host right, and does a firewall let this machine through?`,
    );
  });

  it('when the answer does not end in time', async () => {
    const client = await startServer((_, response) => void response.write('{"result":'), { timeoutMs: 100 });
    expect(await failureOf(client)).toMatch(/did not answer within 100 ms/);
  });

  it('when it hangs up', async () => {
    servers.push(await startHangingUp());
    expect(await failureOf(new JaegerClient(urlOf()))).toMatch(
      /cannot be read \(\w+\): is this the address of Jaeger's page/,
    );
  });

  it('when its certificate is not trusted', async () => {
    servers.push(await startTls());
    const url = urlOf().replace('http:', 'https:');
    expect(await failureOf(new JaegerClient(url))).toBe(
      `the certificate of ${url} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT): name that of its authority, NODE_EXTRA_CA_CERTS=ca.pem`,
    );
  });

  it('when it does not speak TLS', async () => {
    servers.push(await startHttp((_, response) => response.end()));
    const url = urlOf().replace('http:', 'https:');
    expect(await failureOf(new JaegerClient(url))).toMatch(
      /does not speak TLS \(\w+\): begin the address with http:\/\/$/,
    );
  });

  it('when it redirects for ever', async () => {
    const client = await startServer((_, response) => response.writeHead(302, { Location: '/again' }).end());
    expect(await failureOf(client)).toBe(`${urlOf()} redirects more than 5 times`);
  });

  it('when the answer is too large, decompressed, before all of it is kept', async () => {
    const body = gzipSync(Buffer.alloc(4 * 1024 * 1024, ' '));
    const client = await startServer(
      (_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(body),
      { maxResponseBytes: 1024 * 1024 },
    );
    expect(await failureOf(client)).toBe(`${urlOf()} answers with more than 1 MiB: ask for fewer traces`);
  });

  it.each([
    ['localhost:16686', `expected the address of Jaeger's page, such as http://127.0.0.1:16686, got "localhost:16686"`],
    ['', `expected the address of Jaeger's page, such as http://127.0.0.1:16686, got ""`],
    ['ftp://me:secret@host', `expected the address of Jaeger's page, such as http://127.0.0.1:16686, got "ftp://host"`],
    [
      'https://me:secret@host/x',
      `give name and password as --header 'Authorization: Basic ...', not in the address https://host`,
    ],
    ['me:secret@host', `expected the address of Jaeger's page, such as http://127.0.0.1:16686, got "host"`],
    [
      'http://me:sec//r\net@host:port',
      `expected the address of Jaeger's page, such as http://127.0.0.1:16686, got "http://host:port"`,
    ],
  ])('when the address is "%s"', (url, message) => {
    expect(() => new JaegerClient(url)).toThrow(usage(message));
  });
});

it('is aborted with the reason of the signal', async () => {
  servers.push(await startSilent());
  const controller = new AbortController();
  const reading = new JaegerClient(urlOf()).trace(TRACE_ID, controller.signal);
  const reason = new Error('never mind');
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
});

it('makes no spans of its own in a process that traces its requests', async () => {
  const exporter = new InMemorySpanExporter();
  const sdk = new NodeSDK({
    serviceName: 'test',
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    metricReaders: [],
    logRecordProcessors: [],
    autoDetectResources: false,
    instrumentations: [new UndiciInstrumentation()],
  });
  sdk.start();
  try {
    const client = await startJaeger(GENERATIONS['2.13']!);
    const active = trace.setSpan(context.active(), trace.getTracer('test').startSpan('request'));
    await context.with(active, async () => {
      await client.trace(TRACE_ID);
      await client.recentRuns({ limit: 10 });
      expect(exporter.getFinishedSpans()).toEqual([]);
      await (await fetch(urlOf())).text();
    });
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['GET']);
    expect(asked.at(-1)!.headers.traceparent).toBeDefined();
    expect(asked.slice(0, -1).every(({ headers }) => headers.traceparent === undefined)).toBe(true);
  } finally {
    await sdk.shutdown();
  }
});

function urlOf(): string {
  return `http://127.0.0.1:${servers.at(-1)!.port}`;
}

async function startServer(
  listener: RequestListener,
  options: JaegerOptions = {},
  basePath = '',
): Promise<JaegerClient> {
  const server = await startHttp((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    asked.push({ path: pathname, query: searchParams, headers: request.headers });
    listener(request, response);
  });
  servers.push(server);
  return new JaegerClient(`${urlOf()}${basePath}/`, { onWarning: (message) => warnings.push(message), ...options });
}

function startJaeger(generation: Generation, options?: JaegerOptions, basePath?: string): Promise<JaegerClient> {
  return startServer(answerAs(generation, basePath), options, basePath);
}

function startAnswering(status: number, body: object, options?: JaegerOptions): Promise<JaegerClient> {
  return startServer((_, response) => sendJson(response, status, body), options);
}

function shown({ service, planName, startNs, outcome }: RecentRun): string {
  return `${service} ${planName} ${(Number(startNs / 1_000_000n) - startMs(0)) / 1_000} ${outcome}`;
}

async function failureOf(client: JaegerClient): Promise<string> {
  const error = await client.trace(TRACE_ID).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(OrchestraceError.isInstance(error)).toBe(true);
  const { code, message } = error as OrchestraceError;
  expect(code).toBe('USAGE_INVALID');
  expect(message).not.toContain('\n');
  return message;
}

function usage(message: string): OrchestraceError {
  return new OrchestraceError('USAGE_INVALID', message);
}
