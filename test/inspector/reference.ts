import protobuf from 'protobufjs';
import { otlpMessages } from './otlp-messages.ts';

const Request = otlpMessages.lookupType('ExportTraceServiceRequest');
const Response = otlpMessages.lookupType('ExportTraceServiceResponse');
const Status = new protobuf.Type('Status')
  .add(new protobuf.Field('code', 1, 'int32'))
  .add(new protobuf.Field('message', 2, 'string'));

// Another implementation of protobuf than the one that is tested.

/** A request in OTLP's JSON encoding as protobuf. */
export function encodeReference(json: object): Buffer {
  return Buffer.from(Request.encode(Request.fromObject(bytesForIds(json) as object)).finish());
}

/** An ExportTraceServiceResponse in protobuf as JSON has it. */
export function decodeResponse(bytes: Buffer): object {
  return Response.toObject(Response.decode(bytes), { longs: String });
}

/** A google.rpc.Status in protobuf as JSON has it. */
export function decodeStatus(bytes: Buffer): object {
  return Status.toObject(Status.decode(bytes));
}

/** OTLP's JSON has hex where protobuf's has base64. */
function bytesForIds(value: unknown, key = ''): unknown {
  if (typeof value === 'string' && /^(trace|span|parentSpan)Id$/.test(key)) return Buffer.from(value, 'hex');
  if (Array.isArray(value)) return value.map((item) => bytesForIds(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, bytesForIds(item, name)]));
}
