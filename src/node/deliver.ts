import { connect } from 'node:net';
import { context } from '@opentelemetry/api';
import { ATTR_ORCHESTRATION_SPAN_TYPE } from '../semconv.ts';
import { describe, safely } from '../spans/guard.ts';
import { suppressTracing } from '../suppress-tracing.ts';
import { isSampled, type ReadableSpan, type SpanExporter, type SpanProcessor } from './sdk-types.ts';

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

const SUCCESS = 0; // ExportResultCode.SUCCESS of @opentelemetry/core
const BATCH_SPANS = 512;
const DEFAULT_DELAY_MS = 1000;
const RETRY_DELAY_MS = 1000;
const MAX_RETRY_DELAY_MS = 30_000;
const CONNECT_TIMEOUT_MS = 3000;
/** Of HTTP, then of gRPC: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes and #failures */
const RETRYABLE = new Set([429, 502, 503, 504, 1, 4, 10, 11, 14, 15]);
/** What HTTP and gRPC answer to a message that is too large; the Collector takes 20 and 4 MiB. */
const TOO_LARGE = new Set([413, 8]);

/** What became of the spans that ended until now. */
export interface FlushResult {
  /** Whether all of them arrived. */
  readonly ok: boolean;
  /** How many are still here. */
  readonly pending: number;
  /** How many were given up since the start: refused by the receiver, or over the limit of the queue. */
  readonly dropped: number;
  /** Why the last attempt failed; absent with `ok`. */
  readonly error?: string;
}

export interface DelivererOptions {
  readonly exporter: SpanExporter;
  /** Where the exporter sends, if that is known; asked for a connection before spans are handed over, so that nobody waits for a host that is down. */
  readonly url?: string | undefined;
  /** How long spans are gathered, in milliseconds. Default 1000. */
  readonly delayMs?: number | undefined;
  /** Most spans that are kept; more are dropped and counted. */
  readonly maxQueueSpans: number;
  /** Told once when spans cannot be delivered, and once when spans are dropped. */
  readonly onWarning: (message: string) => void;
}

/**
 * Delivers spans in batches, one after the other, and keeps what the receiver cannot take now. The SDK's own batch processor drops what a
 * burst has beyond its queue of 2,048 spans, and gives a batch up after ten seconds.
 */
export class Deliverer implements SpanProcessor {
  readonly #options: DelivererOptions;
  readonly #delayMs: number;
  #queue: ReadableSpan[] = [];
  #batchSpans = BATCH_SPANS;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #dropped = 0;
  #lastError: string | undefined;
  #hasWarnedOfFailure = false;
  #hasWarnedOfDrop = false;
  #isShutDown = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#delayMs = options.delayMs ?? DEFAULT_DELAY_MS;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (!isSampled(span)) return;
    if (this.#isShutDown) return this.#drop(1, 'it ended after the shutdown');
    if (this.#queue.length >= this.#options.maxQueueSpans)
      return this.#drop(1, `more than ${this.#options.maxQueueSpans} spans are waiting`);
    this.#queue.push(span);
    // A plan leaves at once, so that a run that is killed right after still shows what was meant.
    const isUrgent = this.#queue.length >= BATCH_SPANS || span.attributes[ATTR_ORCHESTRATION_SPAN_TYPE] === 'plan';
    this.#schedule(isUrgent && this.#failures === 0 ? 0 : this.#delayMs);
  }

  async forceFlush(): Promise<void> {
    await this.flush();
  }

  /** Sends everything that ended until now, or stops at the first batch that cannot be delivered. Never rejects. */
  async flush(): Promise<FlushResult> {
    await this.#sending;
    const until = this.#queue.at(-1);
    let isDelivered = true;
    while (isDelivered && until !== undefined && this.#queue.includes(until)) isDelivered = await this.#sendOne();
    return this.result();
  }

  result(): FlushResult {
    const pending = this.#queue.length;
    const ok = pending === 0 && this.#dropped === 0;
    return {
      ok,
      pending,
      dropped: this.#dropped,
      ...(!ok && this.#lastError !== undefined && { error: this.#lastError }),
    };
  }

  async shutdown(): Promise<void> {
    this.#isShutDown = true;
    await this.flush();
    clearTimeout(this.#timer);
    try {
      await this.#options.exporter.shutdown();
    } catch (error) {
      this.#lastError = describe(error);
    }
  }

  #schedule(delayMs: number): void {
    if (this.#sending) return;
    if (this.#timer) {
      if (delayMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#sendOne();
    }, delayMs);
    this.#timer.unref();
  }

  /** Sends the oldest batch; gives whether it left the queue. One at a time. */
  async #sendOne(): Promise<boolean> {
    while (this.#sending) await this.#sending;
    let isDone = false;
    const attempt = async (): Promise<void> => {
      isDone = await this.#send(this.#queue.slice(0, this.#batchSpans));
    };
    this.#sending = attempt();
    await this.#sending;
    this.#sending = undefined;
    if (this.#queue.length > 0) this.#schedule(this.#nextDelay());
    return isDone;
  }

  #nextDelay(): number {
    if (this.#failures > 0)
      return (
        Math.min(MAX_RETRY_DELAY_MS, RETRY_DELAY_MS * 2 ** Math.min(this.#failures - 1, 10)) *
        (0.8 + 0.4 * Math.random())
      );
    return this.#queue.length >= this.#batchSpans ? 0 : this.#delayMs;
  }

  async #send(batch: readonly ReadableSpan[]): Promise<boolean> {
    if (batch.length === 0) return true;
    const failure = await this.#tryToSend(batch);
    if (failure === undefined) {
      this.#failures = 0;
      this.#queue.splice(0, batch.length);
      return true;
    }
    if (failure.isTooLarge && batch.length > 1) {
      this.#batchSpans = Math.ceil(batch.length / 2);
      return true; // they are still in the queue, and leave in smaller batches
    }
    this.#lastError = failure.message;
    if (failure.isFinal) {
      this.#queue.splice(0, batch.length);
      this.#drop(batch.length, failure.message);
      return true;
    }
    this.#failures++;
    if (!this.#hasWarnedOfFailure) {
      this.#hasWarnedOfFailure = true;
      const { url } = this.#options;
      this.#warn(
        `spans cannot be ${url === undefined ? 'exported' : `sent to ${url}`}: ${failure.message}. They are kept (at most ${this.#options.maxQueueSpans}) until it answers, and lost if the process ends before. Is a Collector running there?`,
      );
    }
    return false;
  }

  /** Gives why the batch could not be delivered; final when trying again is no use. Never rejects. */
  async #tryToSend(batch: readonly ReadableSpan[]): Promise<SendFailure | undefined> {
    const { url } = this.#options;
    const refused = url === undefined ? undefined : await whyNotConnected(url);
    if (refused !== undefined) return { message: refused, isFinal: false };
    try {
      const { resource } = batch[0]!;
      if (resource.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
      const result = await new Promise<ExportResult>((resolve) => {
        const exportBatch = (): void => this.#options.exporter.export([...batch], resolve);
        context.with(suppressTracing(context.active()), exportBatch);
      });
      return (result.code as number) === SUCCESS ? undefined : failureOf(result.error);
    } catch (error) {
      return { message: describe(error), isFinal: true };
    }
  }

  #warn(message: string): void {
    safely('say what became of spans', () => this.#options.onWarning(message));
  }

  #drop(count: number, why: string): void {
    this.#dropped += count;
    if (this.#hasWarnedOfDrop) return;
    this.#hasWarnedOfDrop = true;
    this.#warn(
      `${count === 1 ? 'a span is' : `${count} spans are`} dropped: ${why}. Further drops are counted, not said`,
    );
  }
}

interface SendFailure {
  readonly message: string;
  /** Whether trying again is no use. */
  readonly isFinal: boolean;
  readonly isTooLarge?: boolean;
}

function failureOf(error: unknown): SendFailure {
  const code = (error as { code?: unknown } | undefined)?.code;
  const status = typeof code === 'number' ? code : undefined;
  if (status === 415) {
    const remedy = "set protocol: 'http/protobuf' (or OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf)";
    return { message: `the receiver answered 415, it takes no JSON; ${remedy}`, isFinal: true };
  }
  const message = status === undefined ? describe(error) : `the receiver answered ${status} (${describe(error)})`;
  return {
    message,
    isFinal: status !== undefined && !RETRYABLE.has(status),
    isTooLarge: status !== undefined && TOO_LARGE.has(status),
  };
}

/** Says why there is no connection to the host of a URL; undefined when there is one. */
async function whyNotConnected(url: string): Promise<string | undefined> {
  const { hostname, port, protocol } = new URL(url);
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: number, timeout: CONNECT_TIMEOUT_MS });
    socket.unref(); // asking does not keep the process
    const settle = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => settle(undefined));
    socket.once('timeout', () => settle(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  });
}
