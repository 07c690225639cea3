import { context } from '@opentelemetry/api';
import { OrchestraceError } from '../errors.ts';
import { asRecord } from '../explain/read/read-attributes.ts';
import { suppressTracing } from '../suppress-tracing.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_RESPONSE_BYTES = 256 * 1024 * 1024;
const MAX_REDIRECTS = 5;
/** Shortest part of a header that is taken for a secret: shorter ones are words. */
const MIN_SECRET_LENGTH = 6;
const NO_HOST: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'ENODATA']);
const NO_TLS = /^EPROTO$|WRONG_VERSION|PACKET_LENGTH/;
const CERTIFICATE = /CERT|SELF_SIGNED|VERIFY|UNABLE_TO_GET_ISSUER/;

export interface JaegerHttpOptions {
  /** Sent with every request, to this server only, and never shown. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** How long one request may take, in milliseconds. Default 30,000. */
  timeoutMs?: number | undefined;
  /** Largest answer in bytes, decompressed. Default 256 MiB. */
  maxResponseBytes?: number | undefined;
}

/** Asks one server for texts. What goes wrong is an {@link OrchestraceError} with code `USAGE_INVALID`, one line that says what to do. */
export class JaegerHttp {
  /** The address, with its base path and without a slash at its end. */
  readonly url: string;
  readonly #headers: Headers;
  readonly #secrets: readonly string[];
  readonly #timeoutMs: number;
  readonly #maxResponseBytes: number;

  constructor(url: string, { headers = {}, timeoutMs, maxResponseBytes }: JaegerHttpOptions) {
    this.url = jaegerAddress(url);
    this.#headers = toHeaders(headers);
    this.#secrets = Object.values(headers).flatMap(secretsIn);
    this.#timeoutMs = timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#maxResponseBytes = maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
  }

  /**
   * @param target path and query, below the base path
   * @throws what `signal` was aborted with, or an {@link OrchestraceError}
   */
  async get(target: string, signal?: AbortSignal): Promise<{ status: number; text: string }> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const init: RequestInit = {
      headers: this.#headers,
      redirect: 'manual', // by itself, fetch takes all headers but a few along to whatever server
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    };
    try {
      for (let url = new URL(this.url + target), redirects = 0; ; redirects++) {
        // Reading traces must not make any.
        const response = await context.with(suppressTracing(context.active()), () => fetch(url, init));
        const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
        if (location === null) return { status: response.status, text: await this.#read(response) };
        await response.body?.cancel();
        url = this.#redirect(url, location, redirects);
      }
    } catch (error) {
      if (OrchestraceError.isInstance(error) || signal?.aborted) throw error;
      throw this.#explain(error, timeout.aborted);
    }
  }

  /** A text of the server without what it may repeat from the headers. */
  conceal(text: string): string {
    // The longest first: another may be a part of it.
    const secrets = this.#secrets.toSorted((a, b) => b.length - a.length);
    return secrets.reduce((told, secret) => told.replaceAll(secret, '[REDACTED]'), text);
  }

  #redirect(from: URL, location: string, redirects: number): URL {
    const to = new URL(location, from);
    if (to.origin !== from.origin) {
      const advice = "give that address; or --header 'Authorization: ...' if it leads to a login";
      throw fault(`${this.url} redirects to ${to.origin}: ${advice}`);
    }
    if (redirects >= MAX_REDIRECTS) throw fault(`${this.url} redirects more than ${MAX_REDIRECTS} times`);
    return to;
  }

  async #read(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > this.#maxResponseBytes) {
        const limit = `${this.#maxResponseBytes / 1024 / 1024} MiB`;
        throw fault(`${this.url} answers with more than ${limit}: ask for fewer traces`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  }

  #explain(error: unknown, isTimeout: boolean): OrchestraceError {
    const { cause = error } = asRecord(error);
    const { code, message } = asRecord(cause);
    const why = String(code ?? message);
    return fault(isTimeout ? this.#sayTimeout() : this.#sayFailure(code, why), error);
  }

  #sayTimeout(): string {
    return `${this.url} did not answer within ${this.#timeoutMs} ms: is the host right, and does a firewall let this machine through?`;
  }

  #sayFailure(code: unknown, why: string): string {
    if (code === 'ECONNREFUSED')
      return `nothing listens at ${this.url} (${why}): is Jaeger running, and is this its page?`;
    if (NO_HOST.has(code))
      return `there is no host ${new URL(this.url).hostname} (${why}): correct the name of the host`;
    if (NO_TLS.test(why)) return `${this.url} does not speak TLS (${why}): begin the address with http://`;
    if (CERTIFICATE.test(why)) {
      return `the certificate of ${this.url} is not trusted (${why}): name that of its authority, NODE_EXTRA_CA_CERTS=ca.pem`;
    }
    return `${this.url} cannot be read (${why}): is this the address of Jaeger's page, and http:// or https:// right?`;
  }
}

/** An error of use: the code that fits an address, a header, a server that says no. */
export function fault(message: string, cause?: unknown): OrchestraceError {
  return new OrchestraceError('USAGE_INVALID', message, { cause });
}

/**
 * The address of Jaeger's page with its base path, without a slash at its end.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: it is none, or has a name and a password in it, which the message does not repeat
 */
export function jaegerAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw fault(
      `expected the address of Jaeger's page, such as http://127.0.0.1:16686, got "${withoutPassword(text)}"`,
    );
  }
  if (url.username || url.password) {
    throw fault(`give name and password as --header 'Authorization: Basic ...', not in the address ${url.origin}`);
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** An address as it may be shown, whatever is wrong with it. */
export function withoutPassword(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.host && !url.username && !url.password) return address;
  return address.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1');
}

/** The parts of a header, and of `name=value`, such as a cookie, the value as well. */
function secretsIn(header: string): string[] {
  return header
    .split(/[\s;,]+/)
    .flatMap((part) => [part, part.slice(part.indexOf('=') + 1)])
    .filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

function toHeaders(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers({ Accept: 'application/json' });
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value);
    } catch {
      // Its message has the value.
      const which = /^[\w-]+$/.test(name) ? `the header ${name} has a value` : 'there is a header with a name';
      throw new OrchestraceError(
        'USAGE_INVALID',
        `${which} that cannot be sent: expected 'Name: value' in Latin letters`,
      );
    }
  }
  return headers;
}
