import type { ServerResponse } from 'node:http';

/** What came within it is told together, in milliseconds. */
const TOGETHER_MS = 100;
/** How often the store is asked whether another process added to it, in milliseconds. Nobody is told: nobody asks. */
const POLL_MS = 1_000;
const MAX_LISTENERS = 32;
/** Most traces that are told by their ids; of more, only that something changed. */
const MAX_TOLD = 500;
/** A listener that takes nothing away: what it misses it asks for when it is back. */
const MAX_WAITING_BYTES = 64 * 1024;

/** Tells pages of what arrives, as server-sent events: `trace` with the id of a trace, or with none where it is not known which. */
export class ChangeFeed implements Disposable {
  readonly #listeners = new Set<ServerResponse>();
  readonly #changed = new Set<string>();
  readonly #version: () => unknown;
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #lastVersion: unknown;

  /** @param version differs once the store was changed, whoever changed it */
  constructor(version: () => unknown) {
    this.#version = version;
  }

  /** @returns false where there are too many already */
  listen(response: ServerResponse): boolean {
    if (this.#listeners.size >= MAX_LISTENERS) return false;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      Connection: 'close', // nothing comes after it, that the server could wait for when it closes
    });
    response.write('retry: 1000\nevent: hello\ndata: {}\n\n');
    this.#listeners.add(response);
    response.once('close', () => this.#leave(response));
    response.on('error', () => {}); // it has left
    if (!this.#poll) {
      this.#lastVersion = this.#readVersion();
      this.#poll = setInterval(() => this.#look(), POLL_MS).unref();
    }
    return true;
  }

  /** Changes the store from here: whoever does tells of which traces. What others changed before is told apart from it. */
  change(work: () => void): void {
    if (this.#listeners.size === 0) return work();
    this.#look();
    work();
    this.#lastVersion = this.#readVersion();
  }

  /** Notes that something of traces arrived here. */
  tell(traceIds: Iterable<string>): void {
    if (this.#listeners.size === 0) return;
    for (const traceId of traceIds) this.#changed.add(traceId);
    this.#timer ??= setTimeout(() => this.#send(), TOGETHER_MS).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    for (const response of this.#listeners) response.end();
    this.#listeners.clear();
  }

  #leave(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  #look(): void {
    const version = this.#readVersion();
    if (version === this.#lastVersion) return;
    this.#lastVersion = version;
    this.tell(['']);
  }

  /** Undefined as long as the store cannot be read: whoever asks for its traces is told why. */
  #readVersion(): unknown {
    try {
      return this.#version();
    } catch {
      return undefined;
    }
  }

  #send(): void {
    this.#timer = undefined;
    const told = this.#changed.size > MAX_TOLD ? [''] : [...this.#changed];
    const text = told.map((traceId) => `event: trace\ndata: ${JSON.stringify({ traceId })}\n\n`).join('');
    this.#changed.clear();
    for (const response of this.#listeners)
      if (response.writableLength < MAX_WAITING_BYTES) response.write(text);
      else response.destroy();
  }
}
