import { cut } from '../words.ts';

/** Milliseconds as people read them: `0.4 ms`, `42 ms`, `1.24 s`, `2 min 3 s`, `1 h 2 min`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0 ms';
  if (ms < 9.95) return `${ms < 0.05 ? '<0.1' : ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Nanoseconds, in the same way. */
export function formatNs(ns: number): string {
  return formatDuration(ns / 1e6);
}

/** `1 step`, `2 steps`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Puts names and texts of others into sentences: redacted first, then in one line, then cut. */
export class Wording {
  readonly #redact: (text: string) => string;

  constructor(redact: (text: string) => string = (text) => text) {
    this.#redact = redact;
  }

  /** A name: at most 40 characters. */
  name(name: string): string {
    return this.text(name, MAX_NAME_LENGTH) || '(no name)';
  }

  /** The name of a step: of a further pass with its number. */
  step({ toolId, iteration }: { readonly toolId: string; readonly iteration: number }): string {
    return iteration > 1 ? `${this.name(toolId)} #${iteration}` : this.name(toolId);
  }

  /** The first names, and how many more there are. */
  names(names: readonly string[], most = 3): string {
    const shown = names.slice(0, names.length === most + 1 ? most + 1 : most).map((name) => this.name(name));
    const more = names.length - shown.length;
    if (more > 0) return `${shown.join(', ')} and ${more} more`;
    return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
  }

  /** Why something happened; what stands in its place where nobody says, or says nothing. */
  reason(text: string | undefined, length: number, otherwise = 'no reason given'): string {
    return (text === undefined ? '' : this.text(text, length)) || otherwise;
  }

  /** A text of at most `length` characters. */
  text(text: string, length: number): string {
    return shorten(this.#redact(text), length);
  }
}

const MAX_NAME_LENGTH = 40;

/** A text in one line of at most `length` characters. */
export function shorten(text: string, length: number): string {
  const line = cut(text, 2 * length)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= length && text.length <= 2 * length ? line : `${cut(line, length - 1)}…`;
}
