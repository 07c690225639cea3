import { safely, warn } from '../spans/guard.ts';
import { Deliverer } from './deliver.ts';
import { InspectorLink } from './inspector-link.ts';
import { NO_INSPECTOR, parseInspectorUrl } from './inspector-url.ts';
import type { SpanExporter, SpanProcessor } from './sdk-types.ts';
import { within } from './within.ts';

/** Options of {@link orchestraceProcessor}: `exporter`, `inspectorUrl` or both. */
export interface ProcessorOptions {
  /** Sends what ended to a backend, e.g. `new OTLPTraceExporter()`. Leave it out where other processors do so already, or where it would lead to the Inspector. */
  exporter?: SpanExporter | undefined;
  /**
   * Base URL of an Inspector, e.g. `http://127.0.0.1:4319`. It is sent what ended as well, and it alone is told what starts, so that it can draw a run that goes
   * on. An empty text counts as unset, and so does `off`. Nobody need be there.
   */
  inspectorUrl?: string | undefined;
  /** Most spans that wait for each of the two. Default 100,000. For an Inspector that does not answer, the newest 10,000 at most. */
  maxQueueSpans?: number | undefined;
  /** Longest time that a flush may take, in milliseconds. Default 5000. */
  flushTimeoutMs?: number | undefined;
  /** Told what goes wrong, a line at a time. Default: OpenTelemetry's `diag`. */
  onWarning?: ((message: string) => void) | undefined;
}

export const DEFAULT_FLUSH_TIMEOUT_MS = 5000;
export const DEFAULT_MAX_QUEUE_SPANS = 100_000;

/**
 * A span processor for those who have an OpenTelemetry SDK, of any line from 1.30 on: keeps what a backend cannot take now, and shows running steps in the
 * Inspector. What has ended is also sent when the process runs out of work.
 *
 * @throws {TypeError} an option that cannot be used, or neither `exporter` nor `inspectorUrl`
 * @example
 * new NodeSDK({ spanProcessors: [orchestraceProcessor({ exporter, inspectorUrl: 'http://127.0.0.1:4319' })] }).start();
 */
export function orchestraceProcessor(options: ProcessorOptions): SpanProcessor {
  const processors = processorsOf(options ?? {});
  const flushTimeoutMs = options.flushTimeoutMs ?? DEFAULT_FLUSH_TIMEOUT_MS;
  const all = (end: 'forceFlush' | 'shutdown'): Promise<void> =>
    within(flushTimeoutMs, Promise.all(processors.map((processor) => processor[end]())));
  const flushAtExit = (): void => void all('forceFlush');
  process.once('beforeExit', flushAtExit);
  return {
    onStart: (span, parent) => {
      safely('take a span that started', () => {
        for (const processor of processors) processor.onStart(span, parent);
      });
    },
    onEnd: (span) => {
      safely('take a span that ended', () => {
        for (const processor of processors) processor.onEnd(span);
      });
    },
    forceFlush: () => all('forceFlush'),
    shutdown: () => {
      process.off('beforeExit', flushAtExit);
      return all('shutdown');
    },
  };
}

function processorsOf(options: ProcessorOptions): SpanProcessor[] {
  const { exporter, maxQueueSpans = DEFAULT_MAX_QUEUE_SPANS, onWarning = warn } = options;
  const named = parseInspectorUrl(options.inspectorUrl);
  const inspectorUrl = named === NO_INSPECTOR ? undefined : named;
  if (exporter !== undefined && typeof exporter?.export !== 'function')
    throw new TypeError('option exporter must be a span exporter, such as new OTLPTraceExporter()');
  if (exporter === undefined && inspectorUrl === undefined)
    throw new TypeError(
      'orchestraceProcessor needs somewhere to send spans: give it an exporter, such as new OTLPTraceExporter(), or an inspectorUrl, such as http://127.0.0.1:4319',
    );
  return [
    ...(exporter ? [new Deliverer({ exporter, maxQueueSpans, onWarning })] : []),
    ...(inspectorUrl === undefined
      ? []
      : [new InspectorLink({ url: inspectorUrl, sendsEnded: true, maxQueueSpans, onWarning })]),
  ];
}
