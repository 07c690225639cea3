import type { MappingRecord } from '../../mapping.ts';
import type { Outcome } from '../../semconv.ts';
import type { Attributes } from './received-span.ts';

const OUTCOMES: ReadonlyMap<unknown, Outcome> = new Map(
  (['success', 'failure', 'error', 'timeout', 'cancellation', 'skip'] as const).map((outcome) => [outcome, outcome]),
);

/** The text, or undefined where there is none: producers may write anything under our names. */
export function textAt(attributes: Attributes, key: string): string | undefined {
  const value = attributes.get(key);
  return typeof value === 'string' ? value : undefined;
}

export function integerAt(attributes: Attributes, key: string): number | undefined {
  const value = attributes.get(key);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** The texts of a list; others are left out. Empty without a list. */
export function textsAt(attributes: Attributes, key: string): readonly string[] {
  return textsOf(attributes.get(key));
}

/** In the same way, of a value that is no attribute. */
export function textsOf(value: unknown): readonly string[] {
  const list = asList(value);
  return list.every(isText) ? list : list.filter(isText);
}

export function outcomeAt(attributes: Attributes, key: string): Outcome | undefined {
  return OUTCOMES.get(attributes.get(key));
}

/** An `output_mapping`: parameter to reference. */
export function readMapping(value: unknown): Readonly<Record<string, string>> {
  const mapping = asRecord(value);
  if (isOfTexts(mapping)) return mapping;
  return Object.fromEntries(Object.entries(mapping).filter((entry): entry is [string, string] => isText(entry[1])));
}

/** What `orchestration.mappings` holds; entries that cannot be read are left out. */
export function readMappingRecords(value: unknown): MappingRecord[] {
  const records: MappingRecord[] = [];
  for (const item of asList(value)) {
    const { field, ref, resolved, type, bytes } = asRecord(item);
    // Where a list was cut, its last entry does not come to say whether something was found.
    if (!isText(field) || !isText(ref) || typeof resolved !== 'boolean') continue;
    records.push({
      field,
      ref,
      resolved,
      ...(isText(type) && { type }),
      ...(typeof bytes === 'number' && { bytes }),
    });
  }
  return records;
}

/** Parses JSON; undefined for what is none, a text that was cut for example. */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The object itself; an empty one for anything else. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** The list itself; an empty one for anything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isOfTexts(record: Readonly<Record<string, unknown>>): record is Readonly<Record<string, string>> {
  for (const key in record) if (!isText(record[key])) return false;
  return true;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
