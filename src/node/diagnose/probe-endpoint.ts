import { request as requestHttp } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttps } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '../../suppress-tracing.ts';
import { describeType, isOtlpAnswer } from '../endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { Finding, FindingCode } from './finding.ts';

export interface ProbeOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** For each question; a fault takes up to three. */
  readonly timeoutMs: number;
}

/** What came back: an answer, or the code of the error. */
interface Answer {
  readonly status?: number;
  readonly contentType?: string;
  readonly code?: string;
}

const SILENT = 'TIMEOUT';
/** Where spans are sent over gRPC. */
export const EXPORT_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const NO_SPANS = {
  'http/json': { type: 'application/json', body: '{"resourceSpans":[]}' },
  'http/protobuf': { type: 'application/x-protobuf', body: '' },
} as const;
/** Status of gRPC as status of HTTP: https://grpc.io/docs/guides/status-codes/ */
const GRPC_STATUS: Readonly<Record<string, number>> = { 0: 200, 7: 403, 12: 404, 14: 503, 16: 401 };
const NO_HOST = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'ENODATA']);
const UNREACHABLE = new Set([SILENT, 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);
const CERTIFICATE = /CERT|SELF_SIGNED|VERIFY|UNABLE_TO_GET_ISSUER/;

/**
 * Asks an endpoint whether it takes spans, with a request that holds none.
 *
 * @returns what is wrong; undefined when it takes them
 */
export async function probeEndpoint(endpoint: Endpoint, options: ProbeOptions): Promise<Finding | undefined> {
  return context.with(suppressTracing(context.active()), () => new Probe(endpoint, options).run());
}

class Probe {
  readonly #endpoint: Endpoint;
  readonly #options: ProbeOptions;
  readonly #url: URL;

  constructor(endpoint: Endpoint, options: ProbeOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#url = new URL(endpoint.url);
  }

  async run(): Promise<Finding | undefined> {
    const { protocol } = this.#endpoint;
    const answer = await this.#ask(this.#url, protocol);
    if (takesSpans(answer)) return undefined;
    const { status, code, contentType } = answer;
    if (code !== undefined) return this.#judgeError(code);
    if (status === 401 || status === 403 || status === 407) return this.#unauthorized(status);
    if (status === 415) return this.#wrongProtocol('it takes no JSON (415)', this.#remedyFor('http/protobuf'));
    if (status === 400) return (await this.#findOtherSpeech()) ?? this.#fails('answers 400');
    if (status === 404 || status === 405) return this.#wrongPath(`answers ${status}`);
    if (isSuccess(status) || contentType?.startsWith('text/html'))
      return this.#wrongPath(`answers with ${describeType(contentType)}`);
    return this.#fails(`answers ${status}`);
  }

  async #judgeError(code: string): Promise<Finding> {
    const where = this.#where;
    if (code === 'ECONNREFUSED') {
      return this.#finding(
        'ENDPOINT_REFUSED',
        `nothing listens at ${where} (ECONNREFUSED)`,
        'start a Collector there (docker compose up), or name another endpoint in OTEL_EXPORTER_OTLP_ENDPOINT',
      );
    }
    if (NO_HOST.has(code)) {
      return this.#finding(
        'HOST_UNKNOWN',
        `there is no host ${this.#url.hostname}: ${where} (${code})`,
        'correct the name of the host; inside a container, localhost is the container',
      );
    }
    if (CERTIFICATE.test(code)) {
      return this.#finding(
        'TLS_CERTIFICATE',
        `the certificate of ${where} is not trusted (${code})`,
        'name the certificate of its authority: NODE_EXTRA_CA_CERTS=ca.pem; or use the name that it is made out to',
      );
    }
    const other = await this.#findOtherSpeech();
    if (other) return other;
    if (UNREACHABLE.has(code)) {
      return this.#finding(
        'ENDPOINT_SILENT',
        `${where} does not answer (${code === SILENT ? `within ${this.#options.timeoutMs} ms` : code})`,
        'is the host right, and does a firewall let this machine through?',
      );
    }
    return this.#fails(`breaks the connection (${code})`);
  }

  /** Whether there is TLS where none was expected, or none where it was, or another protocol. */
  async #findOtherSpeech(): Promise<Finding | undefined> {
    const isTls = this.#url.protocol === 'https:';
    const other = new URL(this.#url);
    other.protocol = isTls ? 'http:' : 'https:';
    other.port = this.#url.port || (isTls ? '443' : '80');
    if (isTls ? await this.#speaksPlain(other) : await this.#speaksTls()) {
      const message = `${this.#where} ${isTls ? 'does not speak TLS' : 'speaks TLS'}`;
      return this.#finding('TLS_MISMATCH', message, `begin the endpoint with ${other.protocol}//`);
    }
    const { protocol } = this.#endpoint;
    const candidates = (['http/protobuf', 'http/json', 'grpc'] as const).filter((one) => one !== protocol);
    for (const candidate of candidates) {
      const url = new URL(this.#url);
      if (protocol === 'grpc' && url.pathname === '/') url.pathname = '/v1/traces';
      if (takesSpans(await this.#ask(url, candidate))) {
        return this.#wrongProtocol(`it speaks ${candidate}, not ${protocol}`, this.#remedyFor(candidate));
      }
    }
    return undefined;
  }

  async #speaksPlain(url: URL): Promise<boolean> {
    const { status } = await this.#ask(url, this.#endpoint.protocol);
    return status !== undefined;
  }

  #speaksTls(): Promise<boolean> {
    const { hostname, port } = this.#url;
    return new Promise((resolve) => {
      const host = hostname.replace(/^\[|\]$/g, '');
      // Only whether there is TLS is asked, and nothing is sent: any certificate will do.
      const socket = connectTls({
        host,
        port: Number(port) || 80,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      const settle = (isTls: boolean): void => {
        socket.destroy();
        resolve(isTls);
      };
      socket.setTimeout(this.#options.timeoutMs, () => settle(false));
      socket.once('secureConnect', () => settle(true)).on('error', () => settle(false));
    });
  }

  #ask(url: URL, protocol: Endpoint['protocol']): Promise<Answer> {
    return protocol === 'grpc' ? this.#askGrpc(url) : this.#askHttp(url, NO_SPANS[protocol]);
  }

  #askHttp(url: URL, { type, body }: { readonly type: string; readonly body: string }): Promise<Answer> {
    return new Promise((resolve) => {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const headers = { ...this.#options.headers, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
      const request = send(url, { method: 'POST', headers, agent: false });
      request.setTimeout(this.#options.timeoutMs, () =>
        request.destroy(Object.assign(new Error(SILENT), { code: SILENT })),
      );
      request.on('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? error.message }));
      request.on('response', (response) => {
        const contentType = response.headers['content-type'];
        resolve({ status: response.statusCode ?? 0, ...(contentType !== undefined && { contentType }) });
        response.destroy();
      });
      request.end(body);
    });
  }

  #askGrpc(url: URL): Promise<Answer> {
    return new Promise((resolve) => {
      const session = connectHttp2(url.origin);
      const settle = (answer: Answer): void => {
        resolve(answer);
        session.destroy();
      };
      const onError = (error: NodeJS.ErrnoException): void => settle({ code: error.code ?? error.message });
      session.on('error', onError);
      session.setTimeout(this.#options.timeoutMs, () => settle({ code: SILENT }));
      const headers = { ...this.#options.headers, ':method': 'POST', ':path': EXPORT_PATH, te: 'trailers' };
      const stream = session.request({ ...headers, 'content-type': 'application/grpc' });
      let status: string | undefined;
      const take = (received: { readonly 'grpc-status'?: string | string[] | undefined }): void => {
        if (received['grpc-status'] !== undefined) status = String(received['grpc-status']);
      };
      stream.on('response', (received) => {
        const type = String(received['content-type']);
        if (!type.startsWith('application/grpc')) settle({ status: received[':status'] ?? 0, contentType: type });
        take(received as Parameters<typeof take>[0]);
      });
      stream.on('trailers', take).on('error', onError);
      stream.on('close', () =>
        settle(status === undefined ? { code: 'NO_GRPC' } : { status: GRPC_STATUS[status] ?? 500 }),
      );
      stream.resume();
      stream.end(Buffer.alloc(5)); // a message of no bytes, not compressed
    });
  }

  get #where(): string {
    const { url, source } = this.#endpoint;
    return source === undefined ? `${url} (the default)` : url;
  }

  #wrongPath(what: string): Finding {
    const { url, protocol } = this.#endpoint;
    const message = `${this.#where} ${what}: traces are not taken there`;
    if (protocol === 'grpc')
      return this.#finding('WRONG_PATH', message, 'name the port of a receiver of OTLP over gRPC, mostly 4317');
    const fix = this.#url.pathname.endsWith('/v1/traces')
      ? 'give the base URL of a Collector, to which /v1/traces is appended, such as http://127.0.0.1:4318; is this the port of a user interface?'
      : `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, and the url of an exporter, are taken as they are: ${url.replace(/\/+$/, '')}/v1/traces`;
    return this.#finding('WRONG_PATH', message, fix);
  }

  #wrongProtocol(what: string, fix: string): Finding {
    return this.#finding('WRONG_PROTOCOL', `${this.#where} does not take ${this.#endpoint.protocol}: ${what}`, fix);
  }

  #remedyFor(protocol: Endpoint['protocol']): string {
    const exporter = { 'http/json': 'http', 'http/protobuf': 'proto', grpc: 'grpc' }[protocol];
    const port = protocol === 'grpc' ? '; or send to the port for HTTP, mostly 4318' : '';
    return `set OTEL_EXPORTER_OTLP_PROTOCOL=${protocol} (npm install @opentelemetry/exporter-trace-otlp-${exporter})${port}`;
  }

  #unauthorized(status: number): Finding {
    return this.#finding(
      'UNAUTHORIZED',
      `${this.#where} does not let this sender in (${status})`,
      'give it what it wants to see: OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20...',
    );
  }

  #fails(what: string): Finding {
    return this.#finding(
      'ENDPOINT_FAILS',
      `${this.#where} ${what}`,
      'look into the log of the receiver; is it a receiver of OTLP?',
    );
  }

  #finding(code: FindingCode, message: string, fix: string): Finding {
    return { code, message, fix };
  }
}

function takesSpans({ status, contentType }: Answer): boolean {
  return isSuccess(status) && isOtlpAnswer(contentType);
}

function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}
