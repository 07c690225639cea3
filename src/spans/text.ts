import type { ExecutionPlanTrace } from '../plan-trace.ts';
import { cut } from '../words.ts';
import { warnOnce } from './guard.ts';

/** Longest name of a span, plan or tool that is written, in UTF-16 code units. */
const MAX_NAME_LENGTH = 256;
const REDACTED = '[REDACTED]';
const ELLIPSIS = '…';
const MAX_DEPTH = 32;
const ROOM_FOR_COUNT = 32;

/** Writes the strings of spans: redacted first, then cut. The one way from a value to an attribute. */
export class TextWriter {
  readonly #redact: ((text: string) => string) | undefined;
  readonly #maxBytes: number;

  constructor(redact: ((text: string) => string) | undefined, maxBytes: number) {
    this.#redact = redact;
    this.#maxBytes = maxBytes;
  }

  /** A name: at most 256 code units. */
  name(text: string): string {
    return limitName(this.#redact ? this.redact(text) : text);
  }

  /** A value: at most `maxAttributeBytes` of UTF-8. */
  text(text: string): string {
    return cutToBytes(this.#redact ? this.redact(text) : text, this.#maxBytes);
  }

  /** Names, all of them: for lists that must be complete. Gives the same array when nothing had to change. */
  names(texts: readonly string[]): string[] {
    if (this.#redact) return texts.map((text) => this.name(text));
    for (const text of texts) if (text.length > MAX_NAME_LENGTH) return texts.map((long) => this.name(long));
    return texts as string[];
  }

  /** Names within `maxAttributeBytes` in all; what does not fit is counted in a last entry. */
  namesWithin(texts: readonly string[]): string[] {
    const names = this.names(texts);
    let bytes = 0;
    let count = 0;
    for (; count < names.length; count++) {
      bytes += Buffer.byteLength(names[count]!) + 1;
      if (bytes > this.#maxBytes - ROOM_FOR_COUNT)
        return [...names.slice(0, count), `${ELLIPSIS} ${names.length - count} more`];
    }
    return names;
  }

  /** Any value as JSON within `maxAttributeBytes`; see {@link toJson}. */
  json(value: unknown): string {
    return toJson(value, this.#maxBytes, this.#redact && ((text) => this.redact(text)));
  }

  /**
   * Our own plain data as JSON within `maxAttributeBytes`: quicker than {@link json}, which distrusts its value.
   *
   * @param keys `theirs` where the keys are the user's too
   */
  plainJson(data: unknown, keys: 'ours' | 'theirs'): string {
    const redacted = this.#redact ? this.#redactIn(data, keys === 'theirs') : data;
    const json = JSON.stringify(redacted);
    const fits = json.length * 3 <= this.#maxBytes || Buffer.byteLength(json) <= this.#maxBytes;
    return fits ? json : toJson(redacted, this.#maxBytes, undefined);
  }

  /** A plan as JSON, whole. */
  planJson(plan: ExecutionPlanTrace): string {
    if (!this.#redact) return JSON.stringify(plan);
    return JSON.stringify({ ...(this.#redactIn(plan, false) as ExecutionPlanTrace), strategy: plan.strategy });
  }

  /** The text as the redactor wants it; unchanged without a redactor. */
  redact(text: string): string {
    if (!this.#redact) return text;
    try {
      const redacted: unknown = this.#redact(text);
      if (typeof redacted === 'string') return redacted;
      warnOnce('the redact option gave no string; wrote [REDACTED]');
    } catch {
      warnOnce('the redact option threw; wrote [REDACTED]'); // what it threw may quote what it was to hide
    }
    return REDACTED;
  }

  /** A copy of plain data with every string redacted, and with the keys that are the user's: those of an `output_mapping`. */
  #redactIn(data: unknown, areKeysTheirs: boolean): unknown {
    if (typeof data === 'string') return this.redact(data);
    if (Array.isArray(data)) return data.map((item) => this.#redactIn(item, false));
    if (typeof data !== 'object' || data === null) return data;
    const entries = Object.entries(data).map(([key, item]) => {
      return [areKeysTheirs ? this.redact(key) : key, this.#redactIn(item, key === 'output_mapping')] as const;
    });
    return Object.fromEntries(entries);
  }
}

/** At most 256 code units of a name. */
export function limitName(name: string): string {
  return name.length <= MAX_NAME_LENGTH ? name : `${cut(name, MAX_NAME_LENGTH - 1)}${ELLIPSIS}`;
}

/** The text if it has at most `maxBytes` bytes of UTF-8, else its beginning with an ellipsis. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const head = Buffer.from(text.slice(0, maxBytes));
  return head.toString('utf8', 0, boundaryAtOrBefore(head, maxBytes - 3)) + ELLIPSIS;
}

/** Divides a text into pieces of at most `maxBytes` bytes of UTF-8, never within a character. `maxBytes` is 4 or more. */
export function splitByBytes(text: string, maxBytes: number): string[] {
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.length - start <= maxBytes ? bytes.length : boundaryAtOrBefore(bytes, start + maxBytes);
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return pieces;
}

function boundaryAtOrBefore(bytes: Buffer, index: number): number {
  let end = index;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}

/**
 * Any value as valid JSON of at most `maxBytes` bytes (64 or more). Never throws and never runs code of the value but its proxies'
 * traps: getters show as `"[Getter]"`, cycles as `"[Circular]"`, what is deeper than 32 levels or beyond the limit as `"…"`; bigint
 * becomes a decimal string, a function or symbol a name in brackets, Date its ISO text, Map and Set their entries, an Error its name and
 * message.
 */
export function toJson(value: unknown, maxBytes: number, redact: ((text: string) => string) | undefined): string {
  for (let budget = maxBytes; ; budget = budget >> 1) {
    const json = JSON.stringify(new Copier(budget, redact).copy(value, 0));
    if (json.length * 3 <= maxBytes || Buffer.byteLength(json) <= maxBytes || budget < 16) return json;
  }
}

class Copier {
  #left: number;
  readonly #redact: ((text: string) => string) | undefined;
  readonly #path = new Set<object>();

  constructor(budget: number, redact: ((text: string) => string) | undefined) {
    this.#left = budget;
    this.#redact = redact;
  }

  copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.#string(this.#redact ? this.#redact(value) : value);
      case 'number':
        this.#left -= 8;
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        this.#left -= 5;
        return value;
      case 'bigint':
        return this.#string(value.toString());
      case 'undefined':
        this.#left -= 4;
        return null;
      case 'function':
      case 'symbol':
        return this.#string(`[${typeof value}]`);
      case 'object':
        if (value === null) return null;
        return this.#object(value, depth);
    }
  }

  #string(text: string): string {
    const room = Math.max(0, this.#left);
    this.#left -= text.length + 3;
    return text.length <= room ? text : `${cut(text, room)}${ELLIPSIS}`;
  }

  #object(value: object, depth: number): unknown {
    if (this.#left <= 0 || depth >= MAX_DEPTH) return ELLIPSIS;
    if (this.#path.has(value)) return '[Circular]';
    this.#path.add(value);
    try {
      return this.#members(value, depth + 1);
    } catch {
      return '[Unreadable]'; // a revoked proxy, or a trap that throws
    } finally {
      this.#path.delete(value);
    }
  }

  #members(value: object, depth: number): unknown {
    this.#left -= 2;
    if (Array.isArray(value)) return this.#list(value.length, (index) => this.#property(value, String(index), depth));
    if (value instanceof Date) return this.#string(dateText(value));
    if (value instanceof Error) {
      const text = `${errorText(value, 'name')}: ${errorText(value, 'message')}`;
      return this.#string(this.#redact ? this.#redact(text) : text);
    }
    if (ArrayBuffer.isView(value)) return this.#string(`[${value.constructor.name} of ${value.byteLength} bytes]`);
    if (value instanceof Map) return this.#iterable(Map.prototype.entries.call(value), value.size, depth);
    if (value instanceof Set) return this.#iterable(Set.prototype.values.call(value), value.size, depth);
    const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const key of Object.keys(value)) {
      if (this.#left <= 0) {
        copy[ELLIPSIS] = true;
        break;
      }
      copy[this.#string(this.#redact ? this.#redact(key) : key)] = this.#property(value, key, depth);
    }
    return copy;
  }

  #property(object: object, key: string, depth: number): unknown {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property && property.get) return this.#string('[Getter]');
    return this.copy(property?.value, depth);
  }

  #list(length: number, item: (index: number) => unknown): unknown[] {
    const copy: unknown[] = [];
    for (let index = 0; index < length; index++) {
      if (this.#left <= 0) {
        copy.push(ELLIPSIS);
        break;
      }
      this.#left -= 1;
      copy.push(item(index));
    }
    return copy;
  }

  #iterable(items: Iterable<unknown>, size: number, depth: number): unknown[] {
    const iterator = items[Symbol.iterator]();
    return this.#list(size, () => this.copy(iterator.next().value, depth));
  }
}

/** By the methods of the platform, whatever the date has of its own. */
function dateText(date: Date): string {
  return Number.isNaN(Date.prototype.getTime.call(date)) ? 'Invalid Date' : Date.prototype.toISOString.call(date);
}

function errorText(error: Error, key: 'name' | 'message'): string {
  const own = Object.getOwnPropertyDescriptor(error, key);
  return own?.get ? '[Getter]' : String(own ? own.value : error[key]);
}
