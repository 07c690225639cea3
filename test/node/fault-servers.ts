import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';

/** Made for these tests, for 127.0.0.1: it guards nothing. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg47DjsFcsB0ewAF4d
YUFAzNyuu8dZUzW5OTUV6yq4tQqhRANCAARrszJe5gVEkD7/BxlOitvq1yn9+Ad/
2oAtNg+qE++92BaxKBTpvDPiySZ6fRNaM7tmu1nIkvi6v93h8VChjcMF
-----END PRIVATE KEY-----`;
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIULp4+rs+LchHbVK05IJo7lyK3ZBQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA1MjIxM1oYDzIxMjYxMDMw
MDUyMjEzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARrszJe5gVEkD7/BxlOitvq1yn9+Ad/2oAtNg+qE++92BaxKBTpvDPi
ySZ6fRNaM7tmu1nIkvi6v93h8VChjcMFo28wbTAdBgNVHQ4EFgQUhET6d2xt3GIe
LW/DPMiRcsHS7UwwHwYDVR0jBBgwFoAUhET6d2xt3GIeLW/DPMiRcsHS7UwwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIgDcUjV2naK/ENyphgAKs8g1T/AE5s8ksBT76Sohg9+EYCIQC1
3OcNXi3x8xY8a1Y8BSYSGbnJTWo68lPNSFz0cz32dA==
-----END CERTIFICATE-----`;

export interface FaultServer extends AsyncDisposable {
  readonly port: number;
}

/** Answers every request so. */
export function startHttp(listener: RequestListener): Promise<FaultServer> {
  return listen(createServer(listener));
}

/** Answers every request with a status, or as OTLP with 200 to requests of one type. */
export function startAnswering(status: number, contentType = 'application/json', body = '{}'): Promise<FaultServer> {
  return startHttp((request, response) => {
    request.resume();
    response.writeHead(status, { 'Content-Type': contentType }).end(body);
  });
}

/** Takes no other than this Content-Type, as Phoenix does. */
export function startTaking(contentType: string): Promise<FaultServer> {
  return startHttp((request, response) => {
    request.resume();
    response
      .writeHead(request.headers['content-type'] === contentType ? 200 : 415, { 'Content-Type': contentType })
      .end();
  });
}

export function startTls(status = 200): Promise<FaultServer> {
  return listen(createHttpsServer({ key: KEY, cert: CERTIFICATE }, (_, response) => response.writeHead(status).end()));
}

/** A gRPC server that takes spans, as a Collector's port 4317. */
export function startGrpc(grpcStatus = 0): Promise<FaultServer> {
  const server = createHttp2Server();
  server.on('stream', (stream) => {
    stream.on('error', () => {}).resume();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(grpcStatus) }));
    stream.end(Buffer.alloc(5));
  });
  return listen(server);
}

/** Takes connections and says nothing. */
export function startSilent(): Promise<FaultServer> {
  return listen(createTcpServer((socket) => void socket.on('error', () => {}).resume()));
}

/** Takes connections and ends them. */
export function startHangingUp(): Promise<FaultServer> {
  return listen(createTcpServer((socket) => void socket.on('error', () => {}).destroy()));
}

/** A port where nothing listens. */
export async function findFreePort(): Promise<number> {
  await using server = await startSilent();
  return server.port;
}

async function listen(server: Server | HttpServer): Promise<FaultServer> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
