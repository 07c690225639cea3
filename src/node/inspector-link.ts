import { randomUUID } from 'node:crypto';
import { LIVE_PROCESS_PATH, LIVE_SPANS_PATH, type LiveProcessMessage, OUTER_SPAN_TYPES } from '../live-protocol.ts';
import { ATTR_ORCHESTRATION_SPAN_TYPE } from '../semconv.ts';
import { safely } from '../spans/guard.ts';
import { encodeBatch } from './encode-spans.ts';
import { InspectorClient, InspectorRefusal } from './inspector-client.ts';
import { isSampled, type ReadableSpan, type SpanProcessor } from './sdk-types.ts';

/** How long spans are gathered, in milliseconds. A span that is shorter is told only when it has ended. */
export const INSPECTOR_DELAY_MS = 50;
const MAX_RETRY_DELAY_MS = 5000;
/** How often a process that is connected is heard of, in milliseconds: whoever is not keeps its event loop busy. */
const BEAT_MS = 1000;
/** Most open spans of which the Inspector is told; the oldest steps and attempts make room, then groups and runs. */
const MAX_OPEN_SPANS = 20_000;
/** Most ended spans that wait where no Inspector answers. */
const MAX_WAITING_SPANS = 10_000;
/** Plans are sent when they end, which is at once. */
const LIVE_TYPES: ReadonlySet<unknown> = new Set(['run', 'group', 'step', 'attempt']);
const TRACES_PATH = '/v1/traces';
/** Trying again may help. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);
const NOT_CONNECTED = 409;

export interface InspectorLinkOptions {
  /** Base URL of the Inspector. */
  readonly url: string;
  /** Whether spans that ended are sent there too; not where another exporter of this process does. */
  readonly sendsEnded: boolean;
  /** Most ended spans that wait; of more, the oldest make room. Where no Inspector answers, 10,000 at most. */
  readonly maxQueueSpans: number;
  /** Told once, when the Inspector cannot be reached or refuses something. */
  readonly onWarning: (message: string) => void;
}

/**
 * Tells the Inspector what starts and, where asked, what ended: the sending end of `live-protocol.ts`. Where none answers it tries again in silence, as long as there is
 * something to tell; once one answers, it is told everything that is open.
 */
export class InspectorLink implements SpanProcessor {
  readonly #options: InspectorLinkOptions;
  readonly #client: InspectorClient;
  readonly #process = randomUUID();
  /** By span id. */
  readonly #open = new Map<string, ReadableSpan>();
  /** Ids of those that make room first. */
  readonly #inner = new Set<string>();
  /** Ids of those that the Inspector was not told. */
  readonly #untold = new Set<string>();
  #ended: ReadableSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #telling: Promise<void> | undefined;
  #failures = 0;
  #wasConnected = false;
  #hasWarned = false;
  #isShutDown = false;

  constructor(options: InspectorLinkOptions) {
    this.#options = options;
    this.#client = new InspectorClient(options.url.replace(/\/+$/, ''));
  }

  onStart(span: ReadableSpan): void {
    const type = span.attributes[ATTR_ORCHESTRATION_SPAN_TYPE];
    if (this.#isShutDown || !LIVE_TYPES.has(type) || !isSampled(span)) return;
    const { spanId } = span.spanContext();
    this.#open.set(spanId, span);
    if (!OUTER_SPAN_TYPES.has(type)) this.#inner.add(spanId);
    this.#untold.add(spanId);
    if (this.#open.size > MAX_OPEN_SPANS) this.#makeRoom();
    this.#schedule();
  }

  onEnd(span: ReadableSpan): void {
    if (this.#isShutDown) return;
    this.#forget(span.spanContext().spanId);
    if (!this.#options.sendsEnded || !isSampled(span)) return;
    const most = this.#failures === 0 ? this.#options.maxQueueSpans : this.#maxWaitingSpans();
    // Some more at a time, because each time all others move up.
    if (this.#ended.length >= most) this.#ended.splice(0, this.#ended.length - most + Math.ceil(most / 10));
    this.#ended.push(span);
    this.#schedule();
  }

  /** Tells what there is to tell, or gives up at the first failure. Never rejects. */
  async forceFlush(): Promise<void> {
    const failures = this.#failures;
    await this.#telling;
    if (this.#failures <= failures) await this.#tell();
  }

  /** Tells the rest, says goodbye, and ends the connections. Never rejects. */
  async shutdown(): Promise<void> {
    this.#isShutDown = true;
    await this.forceFlush();
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    if (this.#client.isHeld) {
      const message: LiveProcessMessage = { process: this.#process, bye: true };
      await this.#client.post(LIVE_PROCESS_PATH, JSON.stringify(message)).catch(() => {});
    }
    this.#client.close();
  }

  /** A host need not spend much memory on somebody who may never come. */
  #maxWaitingSpans(): number {
    return Math.min(this.#options.maxQueueSpans, MAX_WAITING_SPANS);
  }

  #makeRoom(): void {
    const [oldest] = this.#inner.size > 0 ? this.#inner : this.#open.keys();
    this.#forget(oldest!);
  }

  #forget(spanId: string): void {
    this.#open.delete(spanId);
    this.#inner.delete(spanId);
    this.#untold.delete(spanId);
  }

  #schedule(): void {
    if (this.#timer || this.#telling || this.#isShutDown) return;
    const retryMs = Math.min(MAX_RETRY_DELAY_MS, 250 * 2 ** Math.min(this.#failures - 1, 10));
    this.#timer = setTimeout(() => void this.#tell(), this.#failures === 0 ? INSPECTOR_DELAY_MS : retryMs);
    this.#timer.unref();
  }

  /** One at a time. */
  async #tell(): Promise<void> {
    while (this.#telling) await this.#telling;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#telling = this.#tellAll();
    await this.#telling;
    this.#telling = undefined;
    if (this.#untold.size > 0 || this.#ended.length > 0) this.#schedule();
  }

  /** What comes up meanwhile is left for the next time. */
  async #tellAll(): Promise<void> {
    if (this.#untold.size === 0 && this.#ended.length === 0) return;
    try {
      await this.#connect();
      await this.#tellStarted();
      await this.#tellEnded();
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      if (statusOf(error) === NOT_CONNECTED) this.#disconnect();
      if (!this.#wasConnected)
        this.#warnOnce(
          `no Inspector answers at ${this.#options.url}: ${whyOf(error)}. Is it running (npx orchestrace inspect)? It is tried again in silence; at most ${this.#maxWaitingSpans()} spans wait for it`,
        );
    }
  }

  async #connect(): Promise<void> {
    if (this.#client.isHeld) return;
    const message: LiveProcessMessage = { process: this.#process, beat_ms: BEAT_MS };
    await this.#client.hold(LIVE_PROCESS_PATH, JSON.stringify(message), () => this.#lose());
    this.#wasConnected = true;
    clearInterval(this.#beat);
    this.#beat = setInterval(() => void this.#sayAlive(), BEAT_MS).unref();
  }

  /** By spans of which there are none. Also where nothing is open: the Inspector may not have been sent every end. */
  async #sayAlive(): Promise<void> {
    if (this.#telling) return;
    // Who tells something meanwhile waits for it.
    this.#telling = this.#client.post(LIVE_SPANS_PATH, this.#bodyOf('{"resourceSpans":[]}')).catch((error: unknown) => {
      if (statusOf(error) === NOT_CONNECTED) this.#disconnect();
    });
    await this.#telling;
    this.#telling = undefined;
    if (this.#untold.size > 0 || this.#ended.length > 0) this.#schedule();
  }

  #bodyOf(traces: string): string {
    return `{"process":"${this.#process}","traces":${traces}}`;
  }

  #lose(): void {
    this.#disconnect();
    this.#failures ||= 1; // it is not there again at once
    this.#schedule();
  }

  /** Whoever answers next is to be told of everything that is open. */
  #disconnect(): void {
    clearInterval(this.#beat);
    this.#client.hangUp();
    for (const spanId of this.#open.keys()) this.#untold.add(spanId);
  }

  async #tellStarted(): Promise<void> {
    const spans = Array.from(this.#untold, (spanId) => this.#open.get(spanId)!);
    const bodyOf = (traces: string): string => this.#bodyOf(traces);
    await this.#post(LIVE_SPANS_PATH, spans, bodyOf, (done) => {
      for (const span of done) this.#untold.delete(span.spanContext().spanId);
    });
  }

  async #tellEnded(): Promise<void> {
    const spans = this.#ended;
    this.#ended = [];
    let count = 0;
    try {
      await this.#post(
        TRACES_PATH,
        spans,
        (traces) => traces,
        (done) => (count += done.length),
      );
    } finally {
      this.#ended = [...spans.slice(count), ...this.#ended];
    }
  }

  /**
   * Posts spans in batches.
   *
   * @param onDone told the spans of each batch that was taken or, for good, refused
   * @throws a batch could not be delivered, and may be tried again
   */
  async #post(
    path: string,
    spans: readonly ReadableSpan[],
    bodyOf: (traces: string) => string,
    onDone: (spans: readonly ReadableSpan[]) => void,
  ): Promise<void> {
    for (let from = 0; from < spans.length;) {
      const { resource } = spans[from]!;
      if (resource.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
      const batch = encodeBatch(spans, from);
      try {
        await this.#client.post(path, bodyOf(batch.json));
      } catch (error) {
        if (!isFinal(error)) throw error;
        this.#warnOnce(`the Inspector at ${this.#options.url} refused ${batch.spans} spans: ${whyOf(error)}`);
      }
      onDone(spans.slice(from, from + batch.spans));
      from += batch.spans;
    }
  }

  #warnOnce(message: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    safely('say that the Inspector takes nothing', () => this.#options.onWarning(message));
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof InspectorRefusal ? error.status : undefined;
}

/** Whether trying again is no use. */
function isFinal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status !== NOT_CONNECTED && !PASSING.has(status);
}

function whyOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
