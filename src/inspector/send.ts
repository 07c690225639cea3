import type { ServerResponse } from 'node:http';

/** What of an answer is not its body. */
export interface AnswerHead {
  /** Default 200. */
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Answers with a body. Whether anybody takes it is no matter. */
export function send(
  response: ServerResponse,
  type: string,
  body: string | Uint8Array,
  { status = 200, headers = {} }: AnswerHead = {},
): void {
  response.on('error', () => {}); // whoever asked has left
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
}

/** Answers with what nobody may keep: the next time it is another. */
export function sendFresh(
  response: ServerResponse,
  type: string,
  body: string | Uint8Array,
  { status, headers }: AnswerHead = {},
): void {
  send(response, type, body, { status, headers: { 'Cache-Control': 'no-store', ...headers } });
}

export function sendJson(response: ServerResponse, value: unknown): void {
  sendFresh(response, 'application/json; charset=utf-8', JSON.stringify(value));
}
