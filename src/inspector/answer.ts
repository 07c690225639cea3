import type { ServerResponse } from 'node:http';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { DecodedTraces } from './decoded-traces.ts';
import { send } from './send.ts';

/** How a request is encoded, and its answer as well. */
export type OtlpContentType = 'application/json' | 'application/x-protobuf';

/** Codes of google.rpc, by HTTP status: what a Status body says. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  403: 7,
  404: 5,
  405: 12,
  408: 4,
  413: 8,
  415: 12,
  417: 3,
  431: 8,
  503: 14,
};
const UNKNOWN = 2;

/** A request that is not taken: answered with its status and a Status body. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A refusal after which the sender tries again, in a second at the earliest. */
export function comeAgain(message: string): Refusal {
  return new Refusal(503, message, { 'Retry-After': '1' });
}

/** Answers 200 with an ExportTraceServiceResponse: an empty one, or a partial success. */
export function sendSuccess(
  response: ServerResponse,
  type: OtlpContentType,
  { rejectedSpans, reason }: Pick<DecodedTraces, 'rejectedSpans' | 'reason'> = { rejectedSpans: 0 },
): void {
  const writer = new BinaryWriter();
  if (reason === undefined) return sendAs(response, 200, type, {}, writer);
  const json = { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage: reason } };
  writer.tag(1, WireType.LengthDelimited).fork();
  sendAs(response, 200, type, json, writeNumberAndText(writer, rejectedSpans, reason).join());
}

/** Answers with a google.rpc.Status, if nothing was answered before. */
export function sendRefusal(response: ServerResponse, type: OtlpContentType, refusal: Refusal): void {
  if (response.headersSent) return;
  for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
  const status = statusOf(refusal);
  sendAs(response, refusal.status, type, status, writeNumberAndText(new BinaryWriter(), status.code, status.message));
}

/** The google.rpc.Status of a refusal, as JSON has it. */
export function statusOf({ status, message }: Refusal): { readonly code: number; readonly message: string } {
  return { code: RPC_CODES[status] ?? UNKNOWN, message };
}

function sendAs(
  response: ServerResponse,
  status: number,
  type: OtlpContentType,
  json: object,
  protobuf: BinaryWriter,
): void {
  send(response, type, type === 'application/json' ? JSON.stringify(json) : protobuf.finish(), { status });
}

/** Writes a number as field 1 and a text as field 2: so do google.rpc.Status and ExportTracePartialSuccess. */
function writeNumberAndText(writer: BinaryWriter, number: number, text: string): BinaryWriter {
  return writer.tag(1, WireType.Varint).int64(number).tag(2, WireType.LengthDelimited).string(text);
}
