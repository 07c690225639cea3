import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { encodeTracesJson } from '../../src/inspector/encode-json.ts';

export interface JaegerServer extends AsyncDisposable {
  readonly url: string;
  /** The header `authorization` of each request. */
  readonly authorizations: (string | undefined)[];
}

const NOT_FOUND = { error: { httpCode: 404, message: 'No traces found' } };

/** An HTTP server that has these spans and answers as API v3 of Jaeger 2 does, to the questions that the command line asks. */
export async function startJaegerServer(spans: readonly ReceivedSpan[]): Promise<JaegerServer> {
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://jaeger.test');
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    if (pathname === '/api/v3/services') return send(200, { services: ['made'] });
    if (pathname === '/api/v3/traces') {
      const wanted = JSON.parse(searchParams.get('query.attributes') ?? '{}') as Record<string, string>;
      const isWanted = ({ attributes }: ReceivedSpan): boolean =>
        Object.entries(wanted).every(([key, value]) => attributes.get(key) === value);
      const ids = new Set(spans.filter(isWanted).map(({ traceId }) => traceId));
      if (ids.size === 0) return send(404, NOT_FOUND);
      return send(200, { result: encodeTracesJson(spans.filter(({ traceId }) => ids.has(traceId))) });
    }
    const id = /^\/api\/v3\/traces\/([0-9a-f]{32})$/.exec(pathname)?.[1];
    const found = spans.filter(({ traceId }) => traceId === id);
    if (found.length > 0) return send(200, { result: encodeTracesJson(found) });
    send(404, NOT_FOUND);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorizations,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
