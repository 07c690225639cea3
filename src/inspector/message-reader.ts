import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { DecodeError } from './decoded-traces.ts';

/**
 * Reads protobuf messages field by field, strictly: every length must fit, every field must have the wire type that its reader expects,
 * texts must be UTF-8, and groups, which proto3 does not have, are refused.
 *
 * @example
 * const end = reader.enter();
 * for (let field = reader.next(end); field !== 0; field = reader.next(end)) {
 *   if (field === 1) name = reader.string();
 *   else reader.skip();
 * }
 */
export class MessageReader {
  readonly #reader: BinaryReader;
  /** Of the field that {@link next} told last. The body itself reads like the content of a field. */
  #type: WireType = WireType.LengthDelimited;

  constructor(bytes: Uint8Array) {
    this.#reader = new BinaryReader(bytes);
  }

  /** Where the outermost message ends. */
  get end(): number {
    return this.#reader.len;
  }

  /** Enters the message that is the value of the field; gives back where it ends. */
  enter(): number {
    this.#expect(WireType.LengthDelimited);
    const length = this.#reader.uint32();
    return this.#reader.pos + length;
  }

  /** The number of the next field; 0 at the message's end. */
  next(end: number): number {
    const reader = this.#reader;
    if (reader.pos === end) return 0;
    if (reader.pos > end || end > reader.len) throw new DecodeError('a length goes beyond the end');
    const [field, type] = reader.tag();
    if (type === WireType.StartGroup || type === WireType.EndGroup) throw new DecodeError('groups are not allowed');
    this.#type = type;
    return field;
  }

  /** Passes over a field. */
  skip(): void {
    // The reader's own skip() takes a varint of any length.
    if (this.#type === WireType.Varint) this.#reader.uint64();
    else this.#reader.skip(this.#type);
  }

  string(): string {
    this.#expect(WireType.LengthDelimited);
    return this.#reader.string(true);
  }

  /** Bytes, on a copy: the body may be large, and belongs to somebody else. */
  bytes(): Buffer {
    this.#expect(WireType.LengthDelimited);
    return Buffer.from(this.#reader.bytes());
  }

  bool(): boolean {
    this.#expect(WireType.Varint);
    return this.#reader.bool();
  }

  int32(): number {
    this.#expect(WireType.Varint);
    return this.#reader.int32();
  }

  int64(): bigint {
    this.#expect(WireType.Varint);
    return BigInt(this.#reader.int64());
  }

  fixed64(): bigint {
    this.#expect(WireType.Bit64);
    return BigInt(this.#reader.fixed64());
  }

  double(): number {
    this.#expect(WireType.Bit64);
    return this.#reader.double();
  }

  #expect(type: WireType): void {
    if (this.#type !== type) throw new DecodeError(`a field has wire type ${this.#type} instead of ${type}`);
  }
}
