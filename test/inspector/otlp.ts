import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { OtlpContentType } from '../../src/inspector/answer.ts';
import { decodeResponse, decodeStatus, encodeReference } from './reference.ts';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const SPAN_ID = 'b7ad6b7169203331';
export const JSON_TYPE = 'application/json';
export const PROTOBUF_TYPE = 'application/x-protobuf';
export const CONTENT_TYPES: readonly OtlpContentType[] = [JSON_TYPE, PROTOBUF_TYPE];

/** A span in OTLP's JSON encoding. */
export function spanJson(change: object = {}): object {
  return {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    name: 'work',
    startTimeUnixNano: '1700000000000000001',
    endTimeUnixNano: '1700000000000000002',
    ...change,
  };
}

export function attribute(key: string, value: unknown): object {
  return { key, value };
}

export function envelope(...spans: object[]): object {
  const resource = { attributes: [attribute('service.name', { stringValue: 'shop' })] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'orchestrace', version: '0.1.0' }, spans }] }] };
}

/** A body from its JSON: as it is for JSON, by the reference for protobuf. */
export function encode(json: object, type: OtlpContentType): Buffer {
  return type === JSON_TYPE ? Buffer.from(JSON.stringify(json)) : encodeReference(json);
}

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  /** As JSON has it, whatever it was encoded in. */
  readonly body: unknown;
  readonly retryAfter?: string;
}

/** Posts a body. `Content-Type` is that of JSON unless `headers` say another; an empty value leaves a header out. */
export async function post(
  port: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  path = '/v1/traces',
): Promise<Answer> {
  const given = Object.entries({ 'Content-Type': JSON_TYPE, ...headers }).filter(([, value]) => value !== '');
  const options = { host: '127.0.0.1', port, path, method: 'POST', headers: Object.fromEntries(given), agent: false };
  return new Promise((resolve, reject) => {
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => {
        const {
          statusCode: status,
          headers: { 'content-type': type, 'retry-after': retryAfter },
        } = response;
        const answer = { status, type, body: decodeAnswer(Buffer.concat(chunks), status, type) };
        resolve(retryAfter === undefined ? answer : { ...answer, retryAfter });
      });
    });
    request.on('error', reject).end(body);
  });
}

function decodeAnswer(bytes: Buffer, status: number | undefined, type: string | undefined): unknown {
  if (type === PROTOBUF_TYPE) return status === 200 ? decodeResponse(bytes) : decodeStatus(bytes);
  return JSON.parse(bytes.toString());
}

/** Sends bytes as they are and gives back what comes until the other side closes. */
export function raw(bytes: string, port: number, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, host, () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text)).on('error', (error) => (text ? resolve(text) : reject(error)));
  });
}

/** What comes on a socket until the other side closes it. */
export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => {}).on('close', () => resolve(text));
  });
}
