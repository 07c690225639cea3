import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type OtlpContentType, Refusal, sendRefusal, statusOf } from './answer.ts';

/**
 * Answers what is not an HTTP request, or does not arrive, with a Status body as everything else. Node by itself answers with the bare HTTP
 * status.
 *
 * @param typeOf in which encoding a request is to be answered
 */
export function answerBrokenRequests(server: Server, typeOf: (response: ServerResponse) => OtlpContentType): void {
  const underWay = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => {
    underWay.set(request.socket, response);
    response.once('close', () => underWay.delete(request.socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const refusal = refusalOf(error.code);
    const response = underWay.get(socket);
    if (!socket.writable) socket.destroy();
    else if (!response || response.headersSent) socket.end(response ? '' : rawAnswer(refusal), () => socket.destroy());
    else if (response.req.complete) response.setHeader('Connection', 'close'); // the fault is behind the request
    else sendRefusal(response, typeOf(response), refusal);
  });
  server.on('checkExpectation', (_, response: ServerResponse) => {
    sendRefusal(response, typeOf(response), new Refusal(417, 'Expect must be 100-continue or none'));
  });
}

function refusalOf(code: string | undefined): Refusal {
  const headers = { Connection: 'close' };
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal(408, 'the request did not arrive in time', headers);
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal(431, 'the headers are too large', headers);
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Refusal(413, 'the chunk extensions are too large', headers);
    default:
      return new Refusal(400, 'this is not an HTTP/1.1 request', headers);
  }
}

/** An answer where there is no response to write to, because no request could be read. */
function rawAnswer(refusal: Refusal): string {
  const body = JSON.stringify(statusOf(refusal));
  const lines = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`, 'Content-Type: application/json'];
  for (const [name, value] of Object.entries(refusal.headers)) lines.push(`${name}: ${value}`);
  return [...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}
