import { context } from '@opentelemetry/api';
import { withoutPassword } from '../inspector/jaeger-http.ts';
import type { TracesRequest } from '../inspector/receive.ts';
import { headersFrom } from '../node/diagnose/endpoint.ts';
import { describeType, isOtlpAnswer } from '../node/endpoint.ts';
import { suppressTracing } from '../suppress-tracing.ts';
import { messageOf } from './say-fault.ts';
import { defaultJaegerUrl } from './source/jaeger-place.ts';
import { describeSystemFault } from './system-fault.ts';
import { escapeText } from './terminal-text.ts';

/** The stack of docker-compose.yml. */
const COMPOSE_HEALTH_URL = 'http://127.0.0.1:13133';
const COMPOSE_ENDPOINT = 'http://127.0.0.1:4318';
const PROBE_TIMEOUT_MS = 300;
const SEND_TIMEOUT_MS = 5_000;

/**
 * Where traces go as well: what OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT says, else the compose stack if it
 * answers within 0.3 s.
 *
 * @returns the URL to post to, or undefined
 */
export async function findDestination(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const traces = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']?.trim();
  if (traces) return traces;
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim() || ((await composeAnswers()) ? COMPOSE_ENDPOINT : undefined);
  return base && `${base.replace(/\/+$/, '')}/v1/traces`;
}

async function composeAnswers(): Promise<boolean> {
  return fetch(COMPOSE_HEALTH_URL, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

/** Page of a trace in Jaeger, or why there is no link to it. */
function jaegerLink(traceId: string, env: NodeJS.ProcessEnv): string {
  try {
    return `${defaultJaegerUrl(env)}/trace/${traceId}`;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Sends OTLP requests on as they come, one after the other, with the headers of OTEL_EXPORTER_OTLP_HEADERS: so a run that is killed shows
 * at the backend how far it came.
 */
export class Forwarder {
  readonly url: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #queue: TracesRequest[] = [];
  readonly #abort = new AbortController();
  #sending: Promise<void> | undefined;
  #fault: string | undefined;

  constructor(url: string, env: NodeJS.ProcessEnv) {
    this.url = url;
    this.#env = env;
  }

  push(request: TracesRequest): void {
    this.#queue.push(request);
    if (this.#fault === undefined) this.#send();
  }

  /**
   * Waits until all is sent; what failed is tried once more.
   *
   * @returns why it failed; undefined when all were taken
   */
  async finish(interrupt?: AbortSignal): Promise<string | undefined> {
    const onAbort = (): void => this.#abort.abort(interrupt?.reason);
    if (interrupt?.aborted) onAbort();
    interrupt?.addEventListener('abort', onAbort);
    await this.#sending;
    this.#send();
    await this.#sending;
    interrupt?.removeEventListener('abort', onAbort);
    return this.#fault;
  }

  #send(): void {
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined));
  }

  async #sendAll(): Promise<void> {
    this.#fault = undefined;
    for (let request = this.#queue[0]; request; request = this.#queue[0]) {
      this.#fault = await this.#post(request);
      if (this.#fault !== undefined) return;
      this.#queue.shift();
    }
  }

  async #post({ body, contentType }: TracesRequest): Promise<string | undefined> {
    if (!URL.canParse(this.url)) return 'it is not a URL: expected one such as http://127.0.0.1:4318';
    // By itself, fetch refuses it with a message that repeats the password.
    if (this.url !== withoutPassword(this.url))
      return "give name and password in OTEL_EXPORTER_OTLP_HEADERS, such as 'Authorization=Basic%20...'";
    try {
      const headers = { ...headersFrom(this.#env), 'Content-Type': contentType };
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]);
      const init = { method: 'POST', headers, body: new Uint8Array(body), signal };
      // It is none of the run's, and must not make spans of its own.
      const response = await context.with(suppressTracing(context.active()), () => fetch(this.url, init));
      await response.body?.cancel();
      const type = response.headers.get('content-type');
      if (response.ok && isOtlpAnswer(type)) return undefined;
      if (response.ok) return `it answered with ${describeType(type)}: is that the OTLP port (4318)?`;
      const encoding = contentType === 'application/json' ? 'JSON' : 'protobuf';
      return `it answered ${response.status}${response.status === 415 ? `: it takes no ${encoding}` : ''}`;
    } catch (error) {
      const { name, cause = error } = error as Error;
      return name === 'TimeoutError'
        ? `it did not answer within ${SEND_TIMEOUT_MS / 1000} s`
        : describeSystemFault(cause);
    }
  }
}

/** One line: where the trace is to be seen, or why not. */
export async function describeDelivery(
  forwarder: Forwarder | undefined,
  traceId: string,
  env: NodeJS.ProcessEnv,
  interrupt?: AbortSignal,
): Promise<string> {
  if (!forwarder) return 'To see it in Jaeger as well, start the compose stack or set OTEL_EXPORTER_OTLP_ENDPOINT.';
  const fault = await forwarder.finish(interrupt);
  const where = escapeText(withoutPassword(forwarder.url));
  return fault === undefined
    ? `Sent to ${where}: ${escapeText(jaegerLink(traceId, env))}`
    : `Could not be sent to ${where}: ${escapeText(fault)}`;
}
