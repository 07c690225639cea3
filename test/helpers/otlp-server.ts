import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

interface OtlpRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What it was answered with. */
  readonly status: number | undefined;
}

/** A receiver that answers as it is told, and remembers what it was sent. */
export interface OtlpServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly OtlpRequest[];
  /** Names of the spans that were sent as JSON and taken, in order. */
  readonly spanNames: () => string[];
  /** The resource of the first request with spans, by key. */
  readonly resource: () => Record<string, unknown>;
  /** Settles with the next request. */
  readonly nextRequest: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface OtlpServerOptions {
  port?: number;
  /** Status of the answer to the request of this number, from 0, with so many bytes; undefined is never. Default: 200. */
  answer?: (number: number, bytes: number) => number | undefined;
}

export async function startOtlpServer({ port = 0, answer = () => 200 }: OtlpServerOptions = {}): Promise<OtlpServer> {
  const requests: OtlpRequest[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => {}); // a client may leave
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
      const status = answer(requests.length, body.length);
      requests.push({ path: request.url ?? '', headers: request.headers, body, status });
      if (status !== undefined) response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
      for (const resolve of waiting.splice(0)) resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const taken = (): ResourceSpans[] =>
    requests
      .filter(({ path, status }) => path === '/v1/traces' && status === 200)
      .flatMap(({ body }) => (JSON.parse(body.toString()) as { resourceSpans: ResourceSpans[] }).resourceSpans);
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    spanNames: () =>
      taken().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name))),
    resource: () =>
      Object.fromEntries(taken()[0]!.resource.attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A port of this machine on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = await startOtlpServer();
  await server.close();
  return server.port;
}

interface ResourceSpans {
  readonly resource: { readonly attributes: readonly { key: string; value: Record<string, unknown> }[] };
  readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string }[] }[];
}
