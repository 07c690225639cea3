import type { Agent, IncomingMessage } from 'node:http';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '../suppress-tracing.ts';
import { createUnrefAgent } from './unref-agent.ts';

const ANSWER_TIMEOUT_MS = 5000;
/** Shorter, because this is answered before anything else is done. A host that ends waits no longer for an Inspector that hangs. */
const HOLD_TIMEOUT_MS = 2000;
/** What a connection says that the other side closed. */
const STALE: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

/** An answer other than 200. */
export class InspectorRefusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`it answered ${status}`);
    this.status = status;
  }
}

/** Posts JSON to the Inspector, untraced, over connections that do not keep the process. */
export class InspectorClient {
  readonly #url: string;
  #agent: Agent | undefined;
  #held: IncomingMessage | undefined;

  /** @param url base URL of the Inspector, without a slash at the end */
  constructor(url: string) {
    this.#url = url;
  }

  /** Whether an answer is held open. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Posts and holds the answer open.
   *
   * @param onLost called once when it ends, unless {@link hangUp} ended it
   * @throws it cannot be reached, or refuses
   */
  async hold(path: string, json: string, onLost: () => void): Promise<void> {
    const response = await this.#request(path, json, HOLD_TIMEOUT_MS);
    response.socket.setTimeout(0);
    this.#held = response;
    response.on('error', () => {}); // said by close
    response.once('close', () => {
      if (this.#held !== response) return;
      this.#held = undefined;
      onLost();
    });
    response.resume();
  }

  hangUp(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.destroy();
  }

  /**
   * Posts and waits for the answer.
   *
   * @throws it cannot be reached, or refuses
   */
  async post(path: string, json: string): Promise<void> {
    const response = await this.#request(path, json, ANSWER_TIMEOUT_MS);
    response.on('error', () => {}); // what counts is the status
    response.resume();
    await new Promise((resolve) => response.once('close', resolve)); // then its connection is free again
  }

  /** Ends all connections. */
  close(): void {
    this.hangUp();
    this.#agent?.destroy();
  }

  async #request(path: string, json: string, timeout: number): Promise<IncomingMessage> {
    try {
      return await this.#requestOnce(path, json, timeout);
    } catch (error) {
      // The other side may close a connection that it kept at the moment at which it is used again.
      if (error instanceof StaleConnection) return await this.#requestOnce(path, json, timeout);
      throw error;
    }
  }

  async #requestOnce(path: string, json: string, timeout: number): Promise<IncomingMessage> {
    const url = new URL(this.#url + path);
    const { request: send } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
    const agent = (this.#agent ??= await createUnrefAgent(url.protocol));
    const body = Buffer.from(json);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    return new Promise((resolve, reject) => {
      const start = (): void => {
        const request = send(url, { method: 'POST', agent, headers, timeout });
        request.once('timeout', () => request.destroy(new Error(`no answer within ${timeout / 1000} s`)));
        request.on('error', (error: NodeJS.ErrnoException) => {
          reject(request.reusedSocket && STALE.has(error.code) ? new StaleConnection() : error);
        });
        request.once('response', (response) => {
          if (response.statusCode === 200) return resolve(response);
          response.on('error', () => {}).resume();
          reject(new InspectorRefusal(response.statusCode ?? 0));
        });
        request.end(body);
      };
      context.with(suppressTracing(ROOT_CONTEXT), start);
    });
  }
}

class StaleConnection extends Error {}
