import { OrchestraceError } from './errors.ts';
import { ownValue } from './own-value.ts';

/** The word that stands for what the run was given, in the place of a tool id: `{$input.keywords}`. */
export const INPUT = '$input';

/** Longest reference that is read. */
const MAX_LENGTH = 256;
/** Most array elements that one reference visits: nested `[*]` over shared arrays would multiply without end. */
const MAX_VISITS = 1_000_000;
/** Most values that are looked at to tell how large a mapped value is. */
const MAX_SIZED = 64;

const EVERY = -1;
/** A key of an object, an index of an array, or {@link EVERY} for `[*]`. */
type Step = string | number;

/** A value in an earlier result, read once and looked up many times. */
export interface Reference {
  /** As it was written, e.g. `{primary.data.rows[0].ci_type}`. */
  readonly text: string;
  /** Whose result; `$input` for the run's input. */
  readonly toolId: string;
  /** From the result (or the input) to the value. */
  readonly steps: readonly Step[];
}

/** What a reference can see of a step. */
export interface StepData {
  readonly success: boolean;
  readonly data: unknown;
  readonly error?: unknown;
}

/** Where references look. */
export interface ReferenceSource {
  readonly input: unknown;
  result(toolId: string): StepData | undefined;
}

export type Resolved = { readonly found: true; readonly value: unknown } | { readonly found: false };

/** One entry of an `output_mapping`, read once. */
export interface CompiledMapping {
  readonly field: string;
  readonly text: string;
  /** Absent for a literal, and for a reference that does not parse. */
  readonly reference: Reference | undefined;
  /** Why the reference does not parse; it resolves to nothing then. */
  readonly fault?: string;
}

/** What became of one entry of an `output_mapping`; never its value. */
export interface MappingRecord {
  readonly field: string;
  /** The reference as written, or `<literal>`. */
  readonly ref: string;
  readonly resolved: boolean;
  /** `null`, `array`, or what `typeof` says; absent when nothing was found. */
  readonly type?: string;
  /** About how large the value is as JSON; absent when that would be costly to tell. */
  readonly bytes?: number;
}

/**
 * Reads a reference: `{tool_id}`, `{tool_id.data.rows[0].name}`, `{tool_id.data.rows[*].name}`, `{["x.y"].data["a b"]}`,
 * `{$input.keywords}`.
 *
 * @returns undefined for a literal: a text that does not start with `{` and end with `}`
 * @throws {OrchestraceError} code `REFERENCE_INVALID`, with the position and what to write instead
 * @example
 * parseReference('{primary.data.rows[0]}')?.toolId // => 'primary'
 */
export function parseReference(text: string): Reference | undefined {
  const reference = readReference(text);
  if (typeof reference === 'string') throw new OrchestraceError('REFERENCE_INVALID', reference);
  return reference;
}

/** Like {@link parseReference}; a string says what is wrong. */
export function readReference(text: string): Reference | string | undefined {
  if (text.length < 2 || !text.startsWith('{') || !text.endsWith('}')) return undefined;
  if (text.length > MAX_LENGTH) return `reference of ${text.length} characters; at most ${MAX_LENGTH} are read`;
  const end = text.length - 1;
  cursor.at = 1;
  const toolId = readStep(text, end, true);
  if (typeof toolId !== 'string') return faultAt(text, toolId === undefined ? cursor.expected : FIRST_EXPECTED);
  const afterTool = cursor.at;
  const steps: Step[] = [];
  while (cursor.at < end) {
    const step = readStep(text, end, false);
    if (step === undefined) return faultAt(text, cursor.expected);
    if (steps.length === 0 && toolId !== INPUT && step !== 'data' && step !== 'success' && step !== 'error') {
      const meant = `${text.slice(0, afterTool)}.data${text.slice(afterTool)}`;
      cursor.at = afterTool;
      return faultAt(text, `.data, .success or .error: write ${meant}, or {["a.b"].data} for a tool id with a dot`);
    }
    steps.push(step);
  }
  if (steps.length === 0 && toolId !== INPUT) steps.push('data');
  return { text, toolId, steps };
}

/** Where the reading of a reference is, and what it expected there when it failed. */
const cursor = { at: 0, expected: '' };

const FIRST_EXPECTED = 'a tool id, as in {tool_id.data.rows[0]}';

function faultAt(text: string, expected: string): string {
  return `reference ${text}: at position ${cursor.at}, expected ${expected}`;
}

/** Reads the key or the brackets at the cursor, and moves it behind them. */
function readStep(text: string, end: number, isFirst: boolean): Step | undefined {
  const { at } = cursor;
  const hasDot = !isFirst && text[at] === '.';
  const from = hasDot ? at + 1 : at;
  if (text[from] === '[') return readBrackets(text, from, end);
  if (!isFirst && !hasDot) return fail('"." or "[" before the next key', at);

  const stop = endOfName(text, from, end);
  const next = text[stop];
  if (stop < end && next !== '.' && next !== '[') {
    return fail(
      'no brace, bracket or quote: such a key is written ["key"], a text with braces belongs in params',
      stop,
    );
  }
  const name = text.slice(from, stop);
  if (name === '') return fail(`${isFirst ? 'a tool id' : 'a key'}; an empty one is written [""]`, from);
  if (name === '*') return fail('a key; write [*] for every element of an array, ["*"] for the key *', from);
  cursor.at = stop;
  return name;
}

function fail(expected: string, at: number): undefined {
  cursor.expected = expected;
  cursor.at = at;
}

function readBrackets(text: string, open: number, end: number): Step | undefined {
  const close = closingBracket(text, open, end);
  const step = close < 0 ? undefined : readInside(text.slice(open + 1, close));
  if (step === undefined) return fail('[0], [*] or ["key"]; indexes count from 0, keys stand in double quotes', open);
  cursor.at = close + 1;
  return step;
}

/** Position of the bracket that closes the one at `open`, or -1. */
function closingBracket(text: string, open: number, end: number): number {
  if (text[open + 1] !== '"') {
    const close = text.indexOf(']', open);
    return close < end ? close : -1;
  }
  for (let at = open + 2; at < end; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return text[at + 1] === ']' && at + 1 < end ? at + 1 : -1;
  }
  return -1;
}

function readInside(inside: string): Step | undefined {
  if (inside === '*') return EVERY;
  if (/^[0-9]+$/.test(inside)) return Number(inside);
  if (!inside.startsWith('"')) return undefined;
  try {
    return JSON.parse(inside) as string;
  } catch {
    return undefined;
  }
}

function endOfName(text: string, from: number, end: number): number {
  let at = from;
  for (; at < end; at += 1) {
    const char = text[at];
    if (char === '.' || char === '[' || char === ']' || char === '{' || char === '}' || char === '"') break;
  }
  return at;
}

const NOTHING: Resolved = { found: false };
const nothing: unique symbol = Symbol('nothing');
/** What is left of the limits during one call; these functions call nothing that could come back here but a proxy's trap. */
const limits = { visits: 0, values: 0 };

/**
 * Looks a reference up. Reads own data properties only: keys on objects, indexes on arrays; never a prototype, never a
 * getter. `[*]` gives an array as long as the one that it maps over, with null where an element has no such value; when
 * none has one, nothing is found. Never throws.
 */
export function resolveReference(reference: Reference, source: ReferenceSource): Resolved {
  try {
    const { toolId, steps } = reference;
    limits.visits = MAX_VISITS;
    const value = walk(toolId === INPUT ? source.input : source.result(toolId), steps, 0);
    return value === nothing ? NOTHING : { found: true, value };
  } catch {
    return NOTHING; // a proxy that throws, or is revoked, holds nothing that can be read
  }
}

function walk(start: unknown, steps: readonly Step[], first: number): unknown {
  let value = start;
  for (let i = first; i < steps.length; i += 1) {
    const step = steps[i] as Step;
    if (typeof value !== 'object' || value === null || Array.isArray(value) === (typeof step === 'string'))
      return nothing;
    if (step === EVERY) return walkEvery(value as readonly unknown[], steps, i + 1);
    value = ownValue(value, step);
  }
  return value === undefined ? nothing : value;
}

function walkEvery(array: readonly unknown[], steps: readonly Step[], next: number): unknown {
  const length = ownValue(array, 'length') as number;
  const values: unknown[] = [];
  let found = length === 0;
  for (let i = 0; i < length; i += 1) {
    limits.visits -= 1;
    if (limits.visits < 0) return nothing;
    const value = walk(ownValue(array, i), steps, next);
    found ||= value !== nothing;
    values.push(value === nothing ? null : value);
  }
  return found ? values : nothing;
}

/** Reads each entry of an `output_mapping`. Never throws: a reference that does not parse is kept, and finds nothing. */
export function compileMapping(mapping: Readonly<Record<string, string>>): readonly CompiledMapping[] {
  const compiled: CompiledMapping[] = [];
  try {
    for (const field of Object.keys(mapping)) {
      const text = ownValue(mapping, field);
      if (typeof text !== 'string') continue;
      const reference = readReference(text);
      compiled.push(
        typeof reference === 'string'
          ? { field, text, reference: undefined, fault: reference }
          : { field, text, reference },
      );
    }
  } catch {
    // a mapping that cannot be listed (a revoked proxy) maps nothing
  }
  return compiled;
}

/** The ids of the tools whose results a mapping reads, each once, in order; not `$input`. */
export function dataSources(mapping: Readonly<Record<string, string>> | readonly CompiledMapping[]): string[] {
  const compiled = Array.isArray(mapping)
    ? (mapping as readonly CompiledMapping[])
    : compileMapping(mapping as Readonly<Record<string, string>>);
  const ids = new Set<string>();
  for (const { reference } of compiled) if (reference && reference.toolId !== INPUT) ids.add(reference.toolId);
  return [...ids];
}

/**
 * Makes the parameters of a step: a copy of the defaults, overlaid by what the mapping found. A reference that finds
 * nothing leaves the default; null is a value.
 */
export function resolveMapping(
  compiled: readonly CompiledMapping[],
  params: Readonly<Record<string, unknown>>,
  source: ReferenceSource,
): { params: Record<string, unknown>; mappings: MappingRecord[] } {
  const merged: Record<string, unknown> = {};
  for (const key of Object.keys(params)) {
    const property = Object.getOwnPropertyDescriptor(params, key);
    if (property !== undefined && 'value' in property) setOwn(merged, key, property.value);
  }
  const mappings: MappingRecord[] = [];
  for (const { field, text, reference, fault } of compiled) {
    const isLiteral = reference === undefined && fault === undefined;
    const ref = isLiteral ? '<literal>' : text;
    const result = reference ? resolveReference(reference, source) : isLiteral ? { found: true, value: text } : NOTHING;
    if (!result.found) {
      mappings.push({ field, ref, resolved: false });
      continue;
    }
    setOwn(merged, field, result.value);
    const bytes = sizeOf(result.value);
    const record = { field, ref, resolved: true, type: typeOf(result.value) };
    mappings.push(bytes === undefined ? record : { ...record, bytes });
  }
  return { params: merged, mappings };
}

/** Sets an own property, also for the key `__proto__`, which a plain assignment would take for the prototype. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else target[key] = value;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  try {
    return Array.isArray(value) ? 'array' : typeof value;
  } catch {
    return 'object'; // a revoked proxy
  }
}

/** About the length of the value's JSON in bytes; undefined past {@link MAX_SIZED} values, and for what is no JSON. */
function sizeOf(value: unknown): number | undefined {
  limits.values = MAX_SIZED;
  try {
    const bytes = addSizes(value);
    return Number.isNaN(bytes) ? undefined : bytes;
  } catch {
    return undefined; // a proxy that throws
  }
}

/** NaN as soon as the size cannot be told. */
function addSizes(value: unknown): number {
  limits.values -= 1;
  if (limits.values < 0) return Number.NaN;
  if (value === null) return 4;
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value).length;
  if (typeof value !== 'object') return Number.NaN;
  let sum = 1;
  if (Array.isArray(value)) {
    const length = ownValue(value, 'length') as number;
    if (length > limits.values) return Number.NaN;
    for (let i = 0; i < length; i += 1) sum += addSizes(ownValue(value, i)) + 1;
  } else {
    for (const key in value) {
      if (limits.values < 0) return Number.NaN;
      if (Object.hasOwn(value, key)) sum += Buffer.byteLength(key) + 4 + addSizes(ownValue(value, key));
    }
  }
  return Math.max(sum, 2);
}
