import { setTimeout as delay } from 'node:timers/promises';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { ChangeFeed } from './change-feed.ts';
import { Inspector } from './inspector.ts';
import type { JaegerClient } from './jaeger.ts';
import { readPageFiles } from './page-files.ts';
import { type Receiver, startReceiver, type TracesRequest } from './receive.ts';
import { PAGE_PATH, Routes, type RoutesOptions } from './routes.ts';
import type { TraceStore } from './store.ts';
import type { RunView } from './view/run-view.ts';

/** A process that connects again within that has not died. */
const RECONNECT_MS = 1_000;

export interface InspectorOptions extends RoutesOptions {
  readonly store: TraceStore;
  /** Default 0: a free one. */
  readonly port?: number | undefined;
  /** Traces are looked up there as well. */
  readonly jaeger?: JaegerClient | undefined;
  /** Told what arrived and was kept. */
  readonly onSpans?: ((spans: readonly ReceivedSpan[]) => void) | undefined;
  /** Told of each run whose process died. */
  readonly onInterrupted?: ((run: RunView) => void) | undefined;
  /** Told why spans could not be kept, which were refused then; with undefined when some were kept. */
  readonly onStoreFault?: ((error: unknown) => void) | undefined;
}

export interface InspectorServer extends Receiver {
  /** Takes spans that arrived elsewhere, as its own receiver does. */
  take(spans: readonly ReceivedSpan[]): void;
}

/**
 * Serves the Inspector on 127.0.0.1: the page, what it asks for, and OTLP/HTTP at `/v1/traces`. No other web page can reach it: see {@link startReceiver}. What changes
 * something needs the token that only its own page gets to know.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: it cannot listen on the port, or the page was not built
 */
export async function startInspector(options: InspectorOptions): Promise<InspectorServer> {
  const { store } = options;
  const inspector = new Inspector(store, options.jaeger);
  const feed = new ChangeFeed(() => JSON.stringify(store.counts));
  inspector.live.onChange = (traceIds) => feed.tell(traceIds);
  const closing = new AbortController();
  const tellInterrupted = async (traceIds: ReadonlySet<string>): Promise<void> => {
    await delay(RECONNECT_MS, undefined, { ref: false, signal: closing.signal });
    for (const traceId of traceIds)
      for (const run of await inspector.interrupted(traceId)) options.onInterrupted?.(run);
  };
  // A trace that is not there any more has nothing to tell.
  inspector.live.onDeath = (traceIds) => void tellInterrupted(traceIds).catch(() => {});
  const take = (spans: readonly ReceivedSpan[]): void => {
    try {
      feed.change(() => store.add(spans));
      inspector.storeFault = undefined;
      options.onStoreFault?.(undefined);
    } catch (error) {
      inspector.storeFault = error instanceof Error ? error.message : String(error);
      options.onStoreFault?.(error);
      throw error;
    }
    inspector.live.end(spans);
    feed.tell(new Set(spans.map(({ traceId }) => traceId)));
    options.onSpans?.(spans);
  };
  const routes = new Routes({ inspector, feed, files: readPageFiles(), take }, options);
  const receiver = await startReceiver({
    port: options.port,
    onSpans: (spans: readonly ReceivedSpan[], _request: TracesRequest) => take(spans),
    handle: (request, response) => routes.handle(request, response),
    pages: PAGE_PATH,
  });
  const close = async (): Promise<void> => {
    closing.abort();
    feed[Symbol.dispose]();
    inspector.live[Symbol.dispose]();
    await receiver.close();
  };
  return { port: receiver.port, url: receiver.url, take, close, [Symbol.asyncDispose]: close };
}
