/// <reference lib="esnext.disposable" preserve="true" />
import { metrics, trace, ProxyTracerProvider } from '@opentelemetry/api';
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import { Deliverer, type FlushResult } from './deliver.ts';
import { defaultEndpoint, environmentText, isHttpUrl, tracesUrl, type Protocol } from './endpoint.ts';
import { importPeer } from './import-peer.ts';
import { INSPECTOR_DELAY_MS, InspectorLink } from './inspector-link.ts';
import { environmentInspectorUrl, leadsToInspector, NO_INSPECTOR, parseInspectorUrl } from './inspector-url.ts';
import { DEFAULT_FLUSH_TIMEOUT_MS, DEFAULT_MAX_QUEUE_SPANS } from './processor.ts';
import { createUnrefAgent } from './unref-agent.ts';
import { within } from './within.ts';

/** Options of {@link startTracing}. An option comes before the environment, the environment before the default. */
export interface TracingOptions {
  /** Name of this service. Environment: OTEL_SERVICE_NAME. Default `unknown_service:node`. */
  serviceName?: string | undefined;
  /**
   * Base URL of the receiver; `/v1/traces` is appended. Environment: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT (taken as it is), then
   * OTEL_EXPORTER_OTLP_ENDPOINT. Default `http://127.0.0.1:4318`, for grpc `http://127.0.0.1:4317`. What is empty counts as unset.
   */
  endpoint?: string | undefined;
  /** Environment: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, then OTEL_EXPORTER_OTLP_PROTOCOL. Default `http/json`. */
  protocol?: Protocol | undefined;
  /** Headers of every request, e.g. for authorisation. OTEL_EXPORTER_OTLP_HEADERS are sent too. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Base URL of an Inspector, e.g. `http://127.0.0.1:4319`. It is sent what ended as well, unless `endpoint` leads there, and it alone is told what starts, so that
   * it can draw a run that goes on. Nobody need be there. Environment: ORCHESTRACE_INSPECTOR_URL. An empty text counts as unset, `off` is none.
   */
  inspectorUrl?: string | undefined;
  /** Sends the metrics too, every 60 s. Default false. */
  metrics?: boolean | undefined;
  /** Instrumentations of OpenTelemetry, e.g. `new UndiciInstrumentation()`. */
  instrumentations?: NodeSDKConfiguration['instrumentations'] | undefined;
  /** Default: OTEL_TRACES_SAMPLER, else everything. */
  sampler?: NodeSDKConfiguration['sampler'] | undefined;
  /** Further processors. */
  spanProcessors?: NodeSDKConfiguration['spanProcessors'] | undefined;
  /** Longest time that a flush may take, in milliseconds. Default 5000. */
  flushTimeoutMs?: number | undefined;
  /** Most spans that wait while the receiver cannot be reached. Default 100,000. */
  maxQueueSpans?: number | undefined;
  /** Told what goes wrong, a line at a time. Default: writes it to stderr. */
  onWarning?: ((message: string) => void) | undefined;
}

/** Tracing that was started. */
export interface Tracing extends AsyncDisposable {
  /** False when a provider was registered before: then nothing was registered, and there is nothing to flush here. */
  readonly registered: boolean;
  /** Where spans are sent. */
  readonly url: string;
  /** Sends what has ended. Within `flushTimeoutMs`; never rejects. */
  forceFlush(): Promise<FlushResult>;
  /** Sends what has ended and stops. Within `flushTimeoutMs`; never rejects. Again: gives the same. */
  shutdown(): Promise<FlushResult>;
}

const PROTOCOLS: readonly Protocol[] = ['http/json', 'http/protobuf', 'grpc'];

/**
 * Registers OpenTelemetry's NodeSDK with an OTLP exporter, for those who have no SDK yet. Traces, on request metrics, no logs. What has ended is also
 * sent when the process runs out of work; `process.exit()` and signals need `shutdown()` before.
 *
 * @throws {TypeError} an option that cannot be used
 * @throws {OrchestraceError} code `PEER_MISSING`: the SDK or the exporter of the protocol is not installed; the message has the command
 * @example
 * await using tracing = await startTracing({ serviceName: 'my-service' });
 */
export async function startTracing(options: TracingOptions = {}): Promise<Tracing> {
  const onWarning = options.onWarning ?? ((message: string) => void process.stderr.write(`orchestrace: ${message}\n`));
  const flushTimeoutMs = options.flushTimeoutMs ?? DEFAULT_FLUSH_TIMEOUT_MS;
  const protocol = protocolOf(options.protocol, onWarning);
  const url = urlOf(options.endpoint, protocol, onWarning);
  const named = parseInspectorUrl(options.inspectorUrl) ?? environmentInspectorUrl(process.env, onWarning);
  const inspectorUrl = named === NO_INSPECTOR ? undefined : named;
  if (isRegistered()) {
    onWarning(
      'a tracer provider is registered already; startTracing registers nothing. Spans go where that provider sends them',
    );
    return notRegistered(url);
  }

  const { NodeSDK } = await importPeer<typeof import('@opentelemetry/sdk-node')>('@opentelemetry/sdk-node');
  const maxQueueSpans = options.maxQueueSpans ?? DEFAULT_MAX_QUEUE_SPANS;
  const isInspector = inspectorUrl !== undefined && leadsToInspector(url, inspectorUrl);
  const deliverer = new Deliverer({
    exporter: await exporterOf(protocol, url, options.headers),
    url,
    delayMs: isInspector ? INSPECTOR_DELAY_MS : undefined,
    maxQueueSpans,
    onWarning,
  });
  const link =
    inspectorUrl === undefined
      ? undefined
      : new InspectorLink({ url: inspectorUrl, sendsEnded: !isInspector, maxQueueSpans, onWarning });
  const sdk = new NodeSDK({
    spanProcessors: [deliverer, ...(link ? [link] : []), ...(options.spanProcessors ?? [])],
    metricReaders: options.metrics ? [await metricReaderOf(url, options.headers)] : [],
    logRecordProcessors: [],
    instrumentations: options.instrumentations ?? [],
    ...(options.serviceName !== undefined && { serviceName: options.serviceName }),
    ...(options.sampler && { sampler: options.sampler }),
  });
  sdk.start();
  const flushAtExit = (): void => void forceFlush();
  process.once('beforeExit', flushAtExit);

  const bounded = async (work: Promise<unknown>): Promise<FlushResult> => {
    await within(flushTimeoutMs, work);
    return deliverer.result();
  };
  const forceFlush = (): Promise<FlushResult> => bounded(Promise.all([deliverer.flush(), link?.forceFlush()]));
  let ending: Promise<FlushResult> | undefined;
  const shutdown = (): Promise<FlushResult> => {
    process.off('beforeExit', flushAtExit);
    if (ending) return ending;
    // What starts from now on finds no provider, instead of one that takes its spans and sends nothing.
    trace.disable();
    if (options.metrics) metrics.disable();
    return (ending = bounded(sdk.shutdown()));
  };
  return { registered: true, url, forceFlush, shutdown, [Symbol.asyncDispose]: async () => void (await shutdown()) };
}

function notRegistered(url: string): Tracing {
  const result: FlushResult = { ok: true, pending: 0, dropped: 0 };
  return {
    registered: false,
    url,
    forceFlush: async () => result,
    shutdown: async () => result,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Whether somebody registered a tracer provider with the API. */
function isRegistered(): boolean {
  const provider = trace.getTracerProvider();
  return (
    !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== new ProxyTracerProvider().getDelegate()
  );
}

function protocolOf(option: Protocol | undefined, onWarning: (message: string) => void): Protocol {
  const list = PROTOCOLS.map((name) => `"${name}"`).join(', ');
  if (option !== undefined) {
    if (PROTOCOLS.includes(option)) return option;
    throw new TypeError(`option protocol must be one of ${list}, got ${JSON.stringify(option)}`);
  }
  const text = fromEnvironment('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? fromEnvironment('OTEL_EXPORTER_OTLP_PROTOCOL');
  const known = PROTOCOLS.find((name) => name === text);
  if (text !== undefined && !known)
    onWarning(`OTEL_EXPORTER_OTLP_PROTOCOL must be one of ${list}, got "${text}"; using http/json`);
  return known ?? 'http/json';
}

function urlOf(option: string | undefined, protocol: Protocol, onWarning: (message: string) => void): string {
  if (option !== undefined && option !== '') {
    if (isHttpUrl(option)) return tracesUrl(option, protocol);
    throw new TypeError(whatUrl('option endpoint', option));
  }
  const read = (name: string): string | undefined => {
    const text = fromEnvironment(name);
    if (text === undefined || isHttpUrl(text)) return text;
    onWarning(`${whatUrl(name, text)}; it is left out of account`);
  };
  const whole = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  return whole ?? tracesUrl(read('OTEL_EXPORTER_OTLP_ENDPOINT') ?? defaultEndpoint(protocol), protocol);
}

function whatUrl(name: string, got: unknown): string {
  return `${name} must be a URL such as http://127.0.0.1:4318, got ${JSON.stringify(got)}`;
}

async function exporterOf(
  protocol: Protocol,
  url: string,
  headers: TracingOptions['headers'],
): Promise<NonNullable<NodeSDKConfiguration['traceExporter']>> {
  const config = { url, headers: { ...headers }, httpAgentOptions: createUnrefAgent };
  switch (protocol) {
    case 'http/json': {
      const name = '@opentelemetry/exporter-trace-otlp-http';
      return new (await importPeer<typeof import('@opentelemetry/exporter-trace-otlp-http')>(name)).OTLPTraceExporter(
        config,
      );
    }
    case 'http/protobuf': {
      const name = '@opentelemetry/exporter-trace-otlp-proto';
      return new (await importPeer<typeof import('@opentelemetry/exporter-trace-otlp-proto')>(name)).OTLPTraceExporter(
        config,
      );
    }
    case 'grpc': {
      const name = '@opentelemetry/exporter-trace-otlp-grpc';
      return new (await importPeer<typeof import('@opentelemetry/exporter-trace-otlp-grpc')>(name)).OTLPTraceExporter({
        url,
      });
    }
  }
}

async function metricReaderOf(
  tracesUrl: string,
  headers: TracingOptions['headers'],
): Promise<NonNullable<NodeSDKConfiguration['metricReaders']>[number]> {
  const name = '@opentelemetry/exporter-metrics-otlp-http';
  const { OTLPMetricExporter } = await importPeer<typeof import('@opentelemetry/exporter-metrics-otlp-http')>(name);
  const { PeriodicExportingMetricReader } =
    await importPeer<typeof import('@opentelemetry/sdk-metrics')>('@opentelemetry/sdk-metrics');
  const url = tracesUrl.replace(/\/v1\/traces$/, '/v1/metrics');
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url, headers: { ...headers }, httpAgentOptions: createUnrefAgent }),
  });
}

function fromEnvironment(name: string): string | undefined {
  return environmentText(process.env, name);
}
