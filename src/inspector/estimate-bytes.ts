import type { Attributes, AttributeValue, ReceivedSpan } from '../explain/read/received-span.ts';

// Measured on real spans: what they add to the heap, and to a file of JSON, lies within a third of this.
const SPAN_BYTES = 600;
const ENTRY_BYTES = 80;
const VALUE_BYTES = 24;

/** About how many bytes a span takes, without its resource. */
export function estimateSpan(span: ReceivedSpan): number {
  let bytes = SPAN_BYTES + span.name.length + (span.status.message?.length ?? 0) + estimateAttributes(span.attributes);
  for (const { name, attributes } of span.events) bytes += ENTRY_BYTES + name.length + estimateAttributes(attributes);
  for (const { attributes } of span.links) bytes += 2 * ENTRY_BYTES + estimateAttributes(attributes);
  return bytes;
}

/** About how many bytes attributes take. */
export function estimateAttributes(attributes: Attributes): number {
  let bytes = 0;
  for (const [key, value] of attributes) bytes += ENTRY_BYTES + key.length + estimateValue(value);
  return bytes;
}

function estimateValue(value: AttributeValue): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  if (value instanceof Uint8Array) return ENTRY_BYTES + value.byteLength;
  if (value instanceof Map) return VALUE_BYTES + estimateAttributes(value as Attributes);
  return (value as readonly AttributeValue[]).reduce<number>((sum, item) => sum + VALUE_BYTES + estimateValue(item), 0);
}
