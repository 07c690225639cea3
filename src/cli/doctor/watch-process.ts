import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { resolveEndpoint } from '../../node/diagnose/endpoint.ts';
import { API_KEY, examineApi, hasProvider } from '../../node/diagnose/examine-api.ts';
import type { Finding } from '../../node/diagnose/finding.ts';
import { type Exchange, type ProcessReport, REPORT_FOLDER_VARIABLE } from './report.ts';

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
    };
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(report));
  };
  onRegistration(quietly(examine));
  watchExports((exchange) => exchanges.set(exchange.url, exchange));
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
  const take = (request: ClientRequest, status: number | undefined): void => {
    if (!EXPORTER.test(String(request.getHeader('user-agent') ?? '')) || /\/v1\/(metrics|logs)$/.test(request.path))
      return;
    const type = String(request.getHeader('content-type'));
    const url = `${request.protocol}//${String(request.getHeader('host'))}${request.path}`;
    tell({ url, protocol: type.includes('json') ? 'http/json' : 'http/protobuf', status });
  };
  subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    take(request, response.statusCode);
  });
  subscribe('http.client.request.error', (message) => take((message as { request: ClientRequest }).request, undefined));
}

function watchConnections(tell: (target: string) => void): void {
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { socket: Socket };
    socket.once('error', (error: NodeJS.ErrnoException & { address?: string; port?: number }) => {
      if (error.code === 'ECONNREFUSED') tell(`${error.address}:${error.port}`);
    });
  });
}
