import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { OtlpContentType } from '../../src/inspector/answer.ts';
import { attribute, envelope, JSON_TYPE, SPAN_ID, spanJson, TRACE_ID } from './otlp.ts';

/** A request with one attribute, nested to a depth: written from the inside out, because encoders are recursive. */
export function nestedBody(kind: 'arrayValue' | 'kvlistValue', depth: number, type: OtlpContentType): Buffer {
  return type === JSON_TYPE ? nestedJson(kind, depth) : nestedProtobuf(kind, depth);
}

function nestedJson(kind: 'arrayValue' | 'kvlistValue', depth: number): Buffer {
  const [open, close] =
    kind === 'arrayValue'
      ? ['{"arrayValue":{"values":[', ']}}']
      : ['{"kvlistValue":{"values":[{"key":"k","value":', '}]}}'];
  const value = `${open.repeat(depth - 1)}{"boolValue":true}${close.repeat(depth - 1)}`;
  const body = JSON.stringify(envelope(spanJson({ attributes: [attribute('deep', 0)] })));
  return Buffer.from(body.replace('"value":0', `"value":${value}`));
}

function nestedProtobuf(kind: 'arrayValue' | 'kvlistValue', depth: number): Buffer {
  const writer = new BinaryWriter(); // empty again after each `finish`; a new one each time takes longer
  const parts: Uint8Array[] = [writer.tag(2, WireType.Varint).bool(true).finish()];
  let length = 2;
  const wrap = (field: number, before: Uint8Array = new Uint8Array()): void => {
    const head = writer.tag(field, WireType.LengthDelimited).uint32(length).finish();
    parts.push(head, before);
    length += head.length + before.length;
  };
  const key = writer.tag(1, WireType.LengthDelimited).string('k').finish();
  for (let level = 1; level < depth; level++) {
    if (kind === 'kvlistValue') wrap(2, key);
    wrap(1);
    wrap(kind === 'arrayValue' ? 5 : 6);
  }
  writer.tag(1, WireType.LengthDelimited).bytes(Buffer.from(TRACE_ID, 'hex'));
  const ids = writer.tag(2, WireType.LengthDelimited).bytes(Buffer.from(SPAN_ID, 'hex')).finish();
  wrap(2, key); // the attribute's value
  wrap(9, ids); // the span's attribute
  wrap(2); // spans
  wrap(2); // scope_spans
  wrap(1); // resource_spans
  return Buffer.concat(parts.toReversed());
}
