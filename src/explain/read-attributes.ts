import type { MappingRecord } from '../mapping.ts';
import type { Outcome } from '../semconv.ts';
import type { Attributes } from './received-span.ts';

const OUTCOMES: readonly Outcome[] = ['success', 'failure', 'error', 'timeout', 'cancellation', 'skip'];

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
  const value = attributes.get(key);
  if (!Array.isArray(value)) return [];
  return value.every((item) => typeof item === 'string') ? value : value.filter((item) => typeof item === 'string');
}

export function outcomeAt(attributes: Attributes, key: string): Outcome | undefined {
  const text = textAt(attributes, key);
  return OUTCOMES.find((outcome) => outcome === text);
}

/** An `output_mapping`: parameter to reference. */
export function readMapping(value: unknown): Record<string, string> {
  const entries = Object.entries(asRecord(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}

/** What `orchestration.mappings` holds; entries that cannot be read are left out. */
export function readMappingRecords(value: unknown): MappingRecord[] {
  return asList(value).flatMap((item) => {
    const { field, ref, resolved, type, bytes } = asRecord(item);
    // Where a list was cut, its last entry does not come to say whether something was found.
    if (typeof field !== 'string' || typeof ref !== 'string' || typeof resolved !== 'boolean') return [];
    const found = { ...(typeof type === 'string' ? { type } : {}), ...(typeof bytes === 'number' ? { bytes } : {}) };
    return [{ field, ref, resolved, ...found }];
  });
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
