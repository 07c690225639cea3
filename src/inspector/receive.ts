import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { OrchestraceError } from '../errors.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { comeAgain, type OtlpContentType, Refusal, sendRefusal, sendSuccess } from './answer.ts';
import { answerBrokenRequests } from './broken-requests.ts';
import { decodeTracesJson } from './decode-json.ts';
import { decodeTracesProtobuf } from './decode-protobuf.ts';
import { DecodeError, type DecodedTraces } from './decoded-traces.ts';
import { BodyBudget, readDecompressed } from './read-body.ts';

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
/** How many bodies of the largest size are held at a time, those that are being taken among them. */
const MAX_LARGEST_BODIES = 4;

/** A request as it came, decompressed: to be sent on or kept. */
export interface TracesRequest {
  readonly body: Buffer;
  readonly contentType: OtlpContentType;
}

export interface ReceiverOptions {
  /** Port to listen on. Default 0: a free one, which `url` tells. */
  port?: number | undefined;
  /**
   * Takes the spans of one request. The request is answered when it is done; when it throws, with 503, so that the sender tries again.
   * A request whose answer got lost comes again: the same span may be handed over twice.
   */
  onSpans: (spans: readonly ReceivedSpan[], request: TracesRequest) => void | Promise<void>;
  /**
   * Largest body in bytes, before and after decompression. Default 20 MiB. It is read on the event loop: about 10 ms a MiB. While four
   * times as much is held, further requests are asked to come again.
   */
  maxBodyBytes?: number | undefined;
  /** How long a request may take to arrive, in milliseconds. Default 30,000. */
  requestTimeoutMs?: number | undefined;
  /** Answers what is asked for at other paths, and gives whether there is anything. A {@link Refusal} that it throws is answered as one. */
  handle?: ((request: IncomingMessage, response: ServerResponse) => Promise<boolean>) | undefined;
  /** Which of these paths are pages: links of other sites may lead to them. Default: none. */
  pages?: RegExp | undefined;
}

export interface Receiver extends AsyncDisposable {
  readonly port: number;
  /** What an exporter is given as its endpoint, without `/v1/traces`. */
  readonly url: string;
  /** Stops listening and waits, at most a second, for requests under way. No spans are handed over after it. */
  close(): Promise<void>;
}

/**
 * Starts an OTLP/HTTP receiver on 127.0.0.1: `POST /v1/traces` as protobuf or JSON, plain or gzip, and answers alike. Metrics and logs
 * are accepted and dropped, so that SDKs with default settings stay quiet. No web page can reach it: the Host header must be its own, foreign origins are refused.
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
  const accept: Settings['accept'] = async (spans, request) => {
    if (isClosed) throw comeAgain('the receiver is closing');
    try {
      await options.onSpans(spans, request);
    } catch (error) {
      throw comeAgain(`the spans were not taken: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  const settings: Settings = {
    hosts: new Set([`${ADDRESS}:${port}`, `localhost:${port}`, ...(port === 80 ? [ADDRESS, 'localhost'] : [])]),
    maxBodyBytes,
    budget: new BodyBudget(maxBodyBytes * MAX_LARGEST_BODIES),
    accept,
    handle: options.handle,
    pages: options.pages,
  };
  server.on('request', (request, response) => void respond(request, response, settings));
  answerBrokenRequests(server, ({ req }) => contentTypeOf(req) ?? 'application/json');

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeServer(server).finally(() => (isClosed = true)));
  return { port, url: `http://${ADDRESS}:${port}`, close, [Symbol.asyncDispose]: close };
}

interface Settings {
  readonly hosts: ReadonlySet<string>;
  readonly maxBodyBytes: number;
  readonly budget: BodyBudget;
  readonly accept: (spans: readonly ReceivedSpan[], request: TracesRequest) => Promise<void>;
  readonly handle: ReceiverOptions['handle'];
  readonly pages: ReceiverOptions['pages'];
}

async function respond(request: IncomingMessage, response: ServerResponse, settings: Settings): Promise<void> {
  const type = contentTypeOf(request);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  try {
    refuseForeigners(request, settings);
    if (settings.handle && !PATHS.has(pathOf(request)) && (await settings.handle(request, response))) return;
    const path = otlpPathOf(request);
    if (!type) throw new Refusal(415, 'Content-Type must be application/x-protobuf, or application/json in UTF-8');
    using claim = settings.budget.claim();
    const body = await readDecompressed(request, response, settings.maxBodyBytes, claim);
    sendSuccess(response, type, path === TRACES_PATH ? await takeTraces(body, type, settings) : undefined);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'the receiver failed');
    sendRefusal(response, type ?? 'application/json', refusal);
  }
}

/**
 * Refuses what a web page can send. The raw header is compared with a list and never parsed: parsers take `127.1` or
 * `user@localhost` for this machine.
 */
function refuseForeigners(request: IncomingMessage, { hosts, pages }: Settings): void {
  const [host, ...more] = request.headersDistinct.host ?? [];
  if (host === undefined || more.length > 0 || !hosts.has(host.toLowerCase())) {
    throw new Refusal(403, `the Host header must be one of ${[...hosts].join(', ')}`);
  }
  const own = `http://${host}`;
  // Not `same-site` either: a site is all ports of a host.
  const { origin = own, 'sec-fetch-site': site = 'none' } = request.headers;
  const isOwn = site === 'none' || site === 'same-origin' || (pages?.test(pathOf(request)) && isLink(request));
  if (origin !== own || !isOwn) throw new Refusal(403, 'requests of web pages are refused');
}

/** Whether somebody followed a link, into a window of its own. Whoever has the link does not get to see what comes of it. */
function isLink({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function otlpPathOf(request: IncomingMessage): string {
  const path = pathOf(request);
  if (!PATHS.has(path)) throw new Refusal(404, `nothing is here; traces go to ${TRACES_PATH}`);
  if (request.method !== 'POST') throw new Refusal(405, 'only POST is allowed', { Allow: 'POST' });
  return path;
}

/** What the body is encoded in; undefined when it is none that can be read. */
function contentTypeOf({ headers }: IncomingMessage): OtlpContentType | undefined {
  const [type, ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase());
  if (type === 'application/x-protobuf') return type;
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  return type === 'application/json' && (charset === undefined || /^charset="?utf-8"?$/.test(charset))
    ? type
    : undefined;
}

async function takeTraces(body: Buffer, contentType: OtlpContentType, { accept }: Settings): Promise<DecodedTraces> {
  const decoded = decode(body, contentType);
  if (decoded.spans.length > 0) await accept(decoded.spans, { body, contentType });
  return decoded;
}

function decode(body: Buffer, type: OtlpContentType): DecodedTraces {
  try {
    return type === 'application/json' ? decodeTracesJson(parseJson(body)) : decodeTracesProtobuf(body);
  } catch (error) {
    if (error instanceof DecodeError) throw new Refusal(400, error.message);
    throw error;
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new DecodeError('the body is not JSON in UTF-8');
  }
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
