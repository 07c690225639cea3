/**
 * Attributes as OTLP's JSON encoding has them: a list of KeyValue.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function encodeAttributes(attributes: Iterable<readonly [string, unknown]>): object[] {
  return Array.from(attributes, ([key, value]) => ({ key, value: encodeValue(value) }));
}

/** What OTLP has no value for is an empty one. */
function encodeValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') return encodeNumber(value);
  if (Array.isArray(value)) return { arrayValue: { values: value.map(encodeValue) } };
  if (value instanceof Uint8Array)
    return { bytesValue: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  if (typeof value !== 'object' || value === null) return {};
  const entries = value instanceof Map ? (value as ReadonlyMap<string, unknown>) : Object.entries(value);
  return { kvlistValue: { values: encodeAttributes(entries) } };
}

/** JSON has no -0, NaN and Infinity; beyond 2^53 a number that is whole is a double all the same, for integers are bigints there. */
function encodeNumber(value: number): object {
  if (Object.is(value, -0)) return { doubleValue: '-0' };
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}
