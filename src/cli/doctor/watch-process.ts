import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { resolveEndpoint } from '../../node/diagnose/endpoint.ts';
import { API_KEY, examineApi, hasProvider } from '../../node/diagnose/examine-api.ts';
import type { Finding } from '../../node/diagnose/finding.ts';
import { EXPORT_PATH } from '../../node/diagnose/probe-endpoint.ts';
import { type Exchange, type ProcessReport, REPORT_FOLDER_VARIABLE } from './report.ts';
import { samplerOf } from './sampler.ts';

const EXPORTER = /^OTel-OTLP-Exporter/i;

/** Watches what this process registers with OpenTelemetry and sends, and leaves a report when it ends. */
export function watchProcess(): void {
  const folder = process.env[REPORT_FOLDER_VARIABLE];
  if (!folder) return;
  const exchanges = new Map<string, Exchange>();
  const refused = new Set<string>();
  let findings: readonly Finding[] | undefined;
  // What is registered may be gone by the end: an SDK that is shut down takes itself off.
  const examine = (): void => {
    if (hasProvider()) findings = examineApi();
  };
  const write = (): void => {
    examine();
    const report: ProcessReport = {
      hasProvider: findings !== undefined,
      findings: findings ?? examineApi(),
      exchanges: [...exchanges.values()],
      refused: [...refused],
      endpoint: resolveEndpoint({}, process.env),
      sampler: samplerOf(process.env),
    };
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(report));
  };
  onRegistration(quietly(examine));
  const take = (exchange: Exchange): void => void exchanges.set(exchange.url, exchange);
  watchExports(take);
  watchGrpcExports(take);
  watchConnections((target) => refused.add(target));
  process.on('exit', quietly(write));
  setTimeout(quietly(write), 1000).unref(); // for a process that is killed
}

/** Whatever fails, the command goes on. */
function quietly(work: () => void): () => void {
  return () => {
    try {
      work();
    } catch {
      // Its report is missing then, or not the last.
    }
  };
}

/** Every copy of the API sets its global object anew when something is registered. */
function onRegistration(tell: () => void): void {
  const holder = globalThis as { [API_KEY]?: unknown };
  let api = holder[API_KEY];
  Object.defineProperty(holder, API_KEY, {
    configurable: true,
    enumerable: true,
    get: () => api,
    set: (value: unknown) => {
      api = value;
      // Once all is registered that belongs to it.
      queueMicrotask(tell);
    },
  });
}

function watchExports(tell: (exchange: Exchange) => void): void {
  const take = (request: ClientRequest, response?: IncomingMessage): void => {
    if (!EXPORTER.test(String(request.getHeader('user-agent') ?? '')) || /\/v1\/(metrics|logs)$/.test(request.path))
      return;
    const type = String(request.getHeader('content-type'));
    const url = `${request.protocol}//${String(request.getHeader('host'))}${request.path}`;
    const protocol = type.includes('json') ? 'http/json' : 'http/protobuf';
    tell({ url, protocol, status: response?.statusCode, contentType: response?.headers['content-type'] });
  };
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    take(request, response);
  });
  subscribe('http.client.request.error', (message) => take((message as { request: ClientRequest }).request));
}

function watchGrpcExports(tell: (exchange: Exchange) => void): void {
  subscribe('http2.client.stream.created', (message) => {
    const { stream, headers } = message as { stream: ClientHttp2Stream; headers: Record<string, unknown> };
    if (headers[':path'] !== EXPORT_PATH) return;
    const url = `${String(headers[':scheme'])}://${String(headers[':authority'])}`;
    const take = ({ 'grpc-status': status }: IncomingHttpHeaders): void => {
      if (status !== undefined) tell({ url, protocol: 'grpc', status: status === '0' ? 200 : 500 });
    };
    tell({ url, protocol: 'grpc', status: undefined });
    // An answer without a message has its status among the headers.
    stream.once('response', take).once('trailers', take);
  });
}

function watchConnections(tell: (target: string) => void): void {
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { socket: Socket };
    socket.once('error', (error: NodeJS.ErrnoException & { address?: string; port?: number }) => {
      if (error.code === 'ECONNREFUSED') tell(`${error.address}:${error.port}`);
    });
  });
}
