import { type Context, context, trace } from '@opentelemetry/api';
import { OrchestraceError } from '../errors.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { reconstruct } from '../explain/read/reconstruct.ts';
import type { Run } from '../explain/read/run.ts';
import { startReceiver } from '../inspector/receive.ts';
import type { TracingOptions } from '../node/index.ts';
import { NO_INSPECTOR } from '../node/inspector-url.ts';
import type { RunResult } from '../run/types.ts';
import { suppressTracing } from '../suppress-tracing.ts';
import type { Forwarder } from './destination.ts';
import { findInspector } from './find-inspector.ts';
import type { TraceKeeper } from './keep-traces.ts';
import { sayFault } from './say-fault.ts';

/** What tracing needs beside this package. They are optional: who has an SDK set up already needs none of them. */
const PEERS = ['@opentelemetry/sdk-node', '@opentelemetry/exporter-trace-otlp-http'];
export const HTTP_PEER = '@opentelemetry/instrumentation-undici';
/** The receiver is in this process: it takes everything, but not in no time. */
const FLUSH_TIMEOUT_MS = 30_000;
const FOREIGN_FLUSH_TIMEOUT_MS = 5_000;
/** Who runs a plan here wants to see it, whatever OTEL_TRACES_SAMPLER says. */
const EVERYTHING: NonNullable<TracingOptions['sampler']> = {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the SDK, which has the enum, is loaded later
  shouldSample: () => ({ decision: 2 }), // SamplingDecision.RECORD_AND_SAMPLED
  toString: () => 'everything',
};

/** A run that was traced in this process. */
export interface TracedRun {
  readonly result: RunResult;
  /** Read back from what arrived; undefined when nothing did. */
  readonly run: Run | undefined;
  /** Those that arrived. */
  readonly spans: readonly ReceivedSpan[];
  /** Whether a provider was registered before, e.g. by the tools: its spans go where it sends them. */
  readonly isForeign: boolean;
  /** Base URL of the Inspector that was told of it; undefined where none was. */
  readonly inspectorUrl: string | undefined;
}

interface TraceRunOptions {
  readonly serviceName: string;
  /** Where everything is sent as well. */
  readonly forwarder: Forwarder | undefined;
  readonly keeper: TraceKeeper;
  readonly spanProcessors?: TracingOptions['spanProcessors'];
}

/**
 * Runs a plan with a receiver in this process and reads the run back from the OTLP that arrived there. An Inspector that runs on this machine shows it
 * as it goes. HTTP requests of `fetch` are traced where OpenTelemetry's instrumentation is installed.
 */
export async function traceRun(options: TraceRunOptions, work: () => Promise<RunResult>): Promise<TracedRun> {
  const { serviceName, forwarder, keeper, spanProcessors } = options;
  const received: ReceivedSpan[] = [];
  await using receiver = await startReceiver({
    onSpans: (spans, request) => {
      received.push(...spans);
      keeper.add(spans);
      forwarder?.push(request);
    },
  });
  const { startTracing } = await import('../node/index.ts');
  // Asked before requests are traced.
  const inspectorUrl = await findInspector(process.env, sayFault);
  const http = await instrumentHttp();
  let isStarting = true;
  const tracing = await startTracing({
    serviceName,
    endpoint: receiver.url,
    protocol: 'http/json',
    inspectorUrl: inspectorUrl ?? NO_INSPECTOR,
    sampler: EVERYTHING,
    flushTimeoutMs: FLUSH_TIMEOUT_MS,
    instrumentations: http ? [http] : [],
    spanProcessors,
    onWarning: (message) => {
      if (!isStarting) sayFault(message); // nothing else is said at the start than that a provider is registered, which is said at the end
    },
  });
  isStarting = false;
  let result: RunResult;
  try {
    result = await work();
  } finally {
    http?.disable();
    if (!tracing.registered) await flushForeign();
    await tracing.shutdown();
  }
  const run = reconstruct(received).find(({ traceId }) => traceId === result.traceId);
  return { result, run, spans: received, isForeign: !tracing.registered, inspectorUrl };
}

/** @throws {OrchestraceError} code `PEER_MISSING`: says what to install */
export function requirePeers(command: string, more: readonly string[] = []): void {
  const missing = [...PEERS, ...more].filter((name) => !isInstalled(name));
  if (missing.length > 0) {
    throw new OrchestraceError(
      'PEER_MISSING',
      `${command} needs packages that are not installed: npm install ${missing.join(' ')}`,
    );
  }
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

async function instrumentHttp(): Promise<
  InstanceType<typeof import('@opentelemetry/instrumentation-undici').UndiciInstrumentation> | undefined
> {
  if (!isInstalled(HTTP_PEER)) return undefined;
  const { UndiciInstrumentation } = await import('@opentelemetry/instrumentation-undici');
  return new UndiciInstrumentation();
}

/** Has a provider that is none of ours send what it holds, because this process ends with the run. */
async function flushForeign(): Promise<void> {
  type Flushable = { getDelegate?(): Flushable; forceFlush?(): Promise<void> };
  const proxy = trace.getTracerProvider() as Flushable;
  const quiet: Context = suppressTracing(context.active());
  try {
    const flushed = context.with(quiet, () => (proxy.getDelegate?.() ?? proxy).forceFlush?.());
    const tooLate = new Promise((resolve) => setTimeout(resolve, FOREIGN_FLUSH_TIMEOUT_MS).unref());
    await Promise.race([flushed, tooLate]);
  } catch (error) {
    sayFault(`the spans could not be flushed: ${String(error)}`);
  }
}
