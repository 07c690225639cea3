import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gunzip } from 'node:zlib';
import { OrchestraceError } from '../errors.ts';
import type { ReceivedSpan } from '../explain/received-span.ts';
import { DecodeError, decodeTracesJson } from './decode-json.ts';

/** The only address listened on: an address and not a name, because `localhost` may be another one. */
const ADDRESS = '127.0.0.1';
const TRACES_PATH = '/v1/traces';
const PATHS: ReadonlySet<string> = new Set([TRACES_PATH, '/v1/metrics', '/v1/logs']);
/** Largest body, as sent and decompressed: what the Collector takes. */
const DEFAULT_MAX_BODY_BYTES = 20 * 1024 * 1024;
const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
const MAX_HEADERS_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 256;
/** How long requests that are under way may take to finish once the receiver closes. */
const CLOSE_GRACE_MS = 1_000;
/** Codes of google.rpc, by HTTP status: what a Status body says. */
const RPC_CODES: Readonly<Record<number, number>> = { 400: 3, 403: 7, 404: 5, 405: 12, 413: 8, 415: 12, 503: 14 };

export interface ReceiverOptions {
  /** Port to listen on. Default 0: a free one, which `url` tells. */
  port?: number | undefined;
  /**
   * Takes the spans of one request. The request is answered when it is done; when it throws, with 503, so that the sender tries again.
   * A request whose answer got lost comes again: the same span may be handed over twice. `json` is the request itself, decompressed, to be
   * sent on or kept.
   */
  onSpans: (spans: readonly ReceivedSpan[], json: Buffer) => void | Promise<void>;
  /** Largest body in bytes, before and after decompression. Default 20 MiB. It is parsed on the event loop: about 15 ms a MiB. */
  maxBodyBytes?: number | undefined;
  /** How long a request may take to arrive, in milliseconds. Default 30,000. */
  requestTimeoutMs?: number | undefined;
}

export interface Receiver extends AsyncDisposable {
  readonly port: number;
  /** What an exporter is given as its endpoint, without `/v1/traces`. */
  readonly url: string;
  /** Stops listening and waits, at most a second, for requests under way. No spans are handed over after it. */
  close(): Promise<void>;
}

/**
 * Starts an OTLP/HTTP receiver on 127.0.0.1: `POST /v1/traces` as JSON, plain or gzip. Metrics and logs are accepted and dropped, so
 * that SDKs with default settings stay quiet. No web page can reach it: the Host header must be its own, foreign origins are refused.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: it cannot listen on the port
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const requestTimeout = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  const server = createServer({
    requestTimeout,
    headersTimeout: Math.min(requestTimeout, MAX_HEADERS_TIMEOUT_MS),
    connectionsCheckingInterval: Math.min(requestTimeout, 1_000),
  });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server, options.port ?? 0);

  let isClosed = false;
  const accept: Settings['accept'] = async (spans, json) => {
    if (isClosed) throw new Refusal(503, 'the receiver is closing');
    try {
      await options.onSpans(spans, json);
    } catch (error) {
      throw new Refusal(503, `the spans were not taken: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const settings: Settings = {
    hosts: new Set([`${ADDRESS}:${port}`, `localhost:${port}`, ...(port === 80 ? [ADDRESS, 'localhost'] : [])]),
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    accept,
  };
  server.on('request', (request, response) => void respond(request, response, settings));

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeServer(server).finally(() => (isClosed = true)));
  return { port, url: `http://${ADDRESS}:${port}`, close, [Symbol.asyncDispose]: close };
}

interface Settings {
  readonly hosts: ReadonlySet<string>;
  readonly maxBodyBytes: number;
  readonly accept: (spans: readonly ReceivedSpan[], json: Buffer) => Promise<void>;
}

/** A request that is not taken: answered with its status and a Status body. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, settings: Settings): Promise<void> {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  try {
    refuseForeigners(request, settings.hosts);
    if (pathOf(request) === TRACES_PATH) {
      sendJson(response, 200, await receiveTraces(request, settings));
    } else {
      acceptAndDrop(request, response);
    }
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'the receiver failed');
    for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
    sendJson(response, refusal.status, { code: RPC_CODES[refusal.status] ?? 2, message: refusal.message });
  }
}

/**
 * Refuses what a web page can send. The raw header is compared with a list and never parsed: parsers take `127.1` or
 * `user@localhost` for this machine.
 */
function refuseForeigners(request: IncomingMessage, hosts: ReadonlySet<string>): void {
  const [host, ...more] = request.headersDistinct.host ?? [];
  if (host === undefined || more.length > 0 || !hosts.has(host.toLowerCase())) {
    throw new Refusal(403, `the Host header must be one of ${[...hosts].join(', ')}`);
  }
  const { origin, 'sec-fetch-site': site } = request.headers;
  if ((origin !== undefined && origin !== `http://${host}`) || site === 'cross-site') {
    throw new Refusal(403, 'requests of web pages are refused');
  }
}

function pathOf(request: IncomingMessage): string {
  const path = request.url?.split('?', 1)[0] ?? '';
  if (!PATHS.has(path)) throw new Refusal(404, `nothing is here; traces go to ${TRACES_PATH}`);
  if (request.method !== 'POST') throw new Refusal(405, 'only POST is allowed', { Allow: 'POST' });
  return path;
}

function acceptAndDrop(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (request.headers['content-type'] === 'application/x-protobuf') {
    response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
  } else {
    sendJson(response, 200, {});
  }
}

async function receiveTraces(request: IncomingMessage, settings: Settings): Promise<object> {
  requireJson(request.headers['content-type'] ?? '');
  const encoding = request.headers['content-encoding']?.toLowerCase() || 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') throw new Refusal(415, 'Content-Encoding must be gzip or none');

  const sent = await readBody(request, settings.maxBodyBytes);
  const body = encoding === 'gzip' ? await decompress(sent, settings.maxBodyBytes) : sent;
  const { spans, rejectedSpans, reason } = decode(body);
  if (spans.length > 0) await settings.accept(spans, body);
  return reason === undefined ? {} : { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage: reason } };
}

function requireJson(contentType: string): void {
  const [type, ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (type === 'application/json' && (charset === undefined || /^charset="?utf-8"?$/.test(charset))) return;
  const advice = type === 'application/x-protobuf' ? ': set OTEL_EXPORTER_OTLP_PROTOCOL=http/json' : '';
  throw new Refusal(415, `Content-Type must be application/json in UTF-8${advice}`);
}

/** Reads a body. One that is too large is refused at once; the rest of it is read past, so that the sender gets to see the answer. */
function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(new Refusal(413, `the body is larger than ${maxBytes} bytes`));
    const chunks: Buffer[] = [];
    let bytes = 0;
    if (Number(request.headers['content-length']) > maxBytes) return refuse();
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else refuse();
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => reject(new Refusal(400, 'the body broke off')));
  });
}

function decompress(body: Buffer, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(body, { maxOutputLength: maxBytes }, (error: NodeJS.ErrnoException | null, data) => {
      if (!error) resolve(data);
      else if (error.code === 'ERR_BUFFER_TOO_LARGE') {
        reject(new Refusal(413, `the decompressed body is larger than ${maxBytes} bytes`));
      } else reject(new Refusal(400, 'the body is no gzip'));
    });
  });
}

function decode(body: Buffer): ReturnType<typeof decodeTracesJson> {
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new Refusal(400, 'the body is no JSON in UTF-8');
  }
  try {
    return decodeTracesJson(data);
  } catch (error) {
    if (error instanceof DecodeError) throw new Refusal(400, error.message);
    throw error;
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.on('error', () => {}); // the client has left
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** @returns the port that it is, which port 0 leaves to the system */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
      reject(new OrchestraceError('USAGE_INVALID', `cannot listen on ${ADDRESS}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, ADDRESS, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
