import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../explain/read/read-attributes.ts';
import { LIVE_PROCESS_PATH, LIVE_SPANS_PATH } from '../live-protocol.ts';
import { comeAgain, type OtlpContentType, Refusal, sendSuccess } from './answer.ts';
import { decodeTracesJson } from './decode-json.ts';
import { DecodeError, type DecodedTraces } from './decoded-traces.ts';
import type { LiveSpans } from './live-spans.ts';
import { BodyBudget, readBody } from './read-body.ts';

const MAX_BODY_BYTES = 1024 * 1024;
/** Of all servers of this process: bodies are small, and taken at once. */
const BUDGET = new BodyBudget(16 * MAX_BODY_BYTES);
/** Who is heard of less often is not missed. */
const [MIN_BEAT_MS, MAX_BEAT_MS] = [100, 60_000];
const ANSWER_TYPE: OtlpContentType = 'application/json';
const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Takes what processes tell of spans that have not ended: the receiving end of `live-protocol.ts`. Whoever calls it has refused web pages.
 *
 * @returns whether there is something at the path
 * @throws {Refusal} there is, and the request is not taken
 */
export async function handleLive(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  live: LiveSpans,
): Promise<boolean> {
  if (path !== LIVE_PROCESS_PATH && path !== LIVE_SPANS_PATH) return false;
  if (request.method !== 'POST') throw new Refusal(405, 'only POST is allowed', { Allow: 'POST' });
  const message = await readMessage(request, response);
  if (path === LIVE_SPANS_PATH) sendSuccess(response, ANSWER_TYPE, takeSpans(message, live));
  else if (message.data['bye'] !== true) hold(response, message, live);
  else {
    live.leave(message.process);
    sendSuccess(response, ANSWER_TYPE);
  }
  return true;
}

interface Message {
  readonly process: string;
  readonly data: Readonly<Record<string, unknown>>;
}

async function readMessage(request: IncomingMessage, response: ServerResponse): Promise<Message> {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
    throw new Refusal(415, 'Content-Type must be application/json in UTF-8');
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new Refusal(415, 'Content-Encoding must be none');
  using claim = BUDGET.claim();
  const data = parseJson(await readBody(request, response, MAX_BODY_BYTES, claim));
  if (!isRecord(data)) throw new Refusal(400, 'the body: expected an object');
  const { process } = data;
  if (typeof process !== 'string' || !UUID.test(process)) throw new Refusal(400, 'process: expected a UUID');
  return { process: process.toLowerCase(), data };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new Refusal(400, 'the body is not JSON in UTF-8');
  }
}

function takeSpans({ process, data }: Message, live: LiveSpans): DecodedTraces {
  const decoded = decode(data['traces']);
  if (!live.start(process, decoded.spans))
    throw new Refusal(409, `this process is not connected: it has to POST to ${LIVE_PROCESS_PATH} first`);
  return decoded;
}

function decode(traces: unknown): DecodedTraces {
  try {
    return decodeTracesJson(traces);
  } catch (error) {
    if (error instanceof DecodeError) throw new Refusal(400, `traces: ${error.message}`);
    throw error;
  }
}

/** Answers, and leaves the answer open until one of the two ends it. */
function hold(response: ServerResponse, { process, data }: Message, live: LiveSpans): void {
  const beatMs = data['beat_ms'];
  if (beatMs !== undefined && !(typeof beatMs === 'number' && beatMs >= MIN_BEAT_MS && beatMs <= MAX_BEAT_MS))
    throw new Refusal(400, `beat_ms: expected a number from ${MIN_BEAT_MS} to ${MAX_BEAT_MS}`);
  const connection = { hangUp: () => void response.end('{}') };
  if (!live.open(process, connection, beatMs)) throw comeAgain('too many processes are connected');
  response.once('close', () => live.close(process, connection));
  response.on('error', () => {}); // the process has left
  response.writeHead(200, { 'Content-Type': ANSWER_TYPE }).flushHeaders();
}
