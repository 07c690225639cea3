import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { handleLive } from '../../src/inspector/live-routes.ts';
import { LiveSpans } from '../../src/inspector/live-spans.ts';
import { startReceiver } from '../../src/inspector/receive.ts';

/** What the Inspector has for processes: OTLP and the live routes, over real HTTP. */
export interface LiveServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What arrived over OTLP, in order. */
  readonly ended: readonly ReceivedSpan[];
  /** Paths of the live requests that came, in order. */
  readonly paths: readonly string[];
  /** What is open, by name, in the order in which it was told; `!` stands before what is interrupted. */
  readonly open: () => string[];
  /** The one open span of this name. */
  readonly openSpan: (name: string) => ReceivedSpan;
  /** Every span that was ever told to have started, by name. */
  readonly started: ReadonlySet<string>;
  /** Settles as soon as this holds; asked whenever something was told, arrived, or broke off. */
  readonly until: (holds: () => boolean) => Promise<void>;
  /** Knows nothing of processes any more, as a new Inspector, though their connections stand. */
  readonly forget: () => void;
  readonly close: () => Promise<void>;
}

export async function startLiveServer(port = 0): Promise<LiveServer> {
  const waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];
  const look = (): void => {
    for (const wait of waiting.filter(({ holds }) => holds())) {
      waiting.splice(waiting.indexOf(wait), 1);
      wait.resolve();
    }
  };
  const ended: ReceivedSpan[] = [];
  const paths: string[] = [];
  const started = new Set<string>();
  let live: LiveSpans;
  const forget = (): void => {
    live = new LiveSpans();
    live.onChange = (traceIds) => {
      for (const traceId of traceIds) for (const { span } of live.openSpans(traceId)) started.add(span.name);
      look();
    };
  };
  forget();
  const openSpans = (): ReturnType<LiveSpans['openSpans']> =>
    live.traces().flatMap((traceId) => live.openSpans(traceId));
  const receiver = await startReceiver({
    port,
    onSpans: (spans) => {
      ended.push(...spans);
      live.end(spans);
      look();
    },
    handle: async (request, response) => {
      const path = request.url ?? '';
      paths.push(path);
      response.once('close', look);
      return handleLive(request, response, path, live);
    },
  });
  const close = async (): Promise<void> => {
    live[Symbol.dispose]();
    await receiver.close();
  };
  return {
    url: receiver.url,
    port: receiver.port,
    ended,
    paths,
    started,
    open: () => openSpans().map(({ span, isInterrupted }) => (isInterrupted ? '!' : '') + span.name),
    openSpan: (name) => openSpans().find(({ span }) => span.name === name)!.span,
    until: (holds) =>
      new Promise((resolve) => {
        waiting.push({ holds, resolve });
        look();
      }),
    forget,
    close,
    [Symbol.asyncDispose]: close,
  };
}

export function namesOf(spans: readonly ReceivedSpan[]): string[] {
  return spans.map(({ name }) => name);
}
