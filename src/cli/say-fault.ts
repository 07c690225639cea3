import { OrchestraceError } from '../errors.ts';
import { escapeText } from './terminal-text.ts';

/** A name, of a file say, that nobody can read; no path that the system takes is much longer. */
const LONG = /(\S{300})\S+?(?=[;:,]?(?:\s|$))/gu;

/** Writes on stderr what went wrong: in one line, never a stack. Only the faults of a plan, all named at once, have a line each. */
export function sayFault(error: unknown): void {
  const message = messageOf(error);
  const lines = OrchestraceError.isInstance(error) ? message.split(/\n +/) : [message];
  const written = lines.map((line) => escapeText(line.replaceAll(/\s+/g, ' ').trim().replaceAll(LONG, '$1…')));
  // A list of one fault is no list.
  process.stderr.write(`orchestrace: ${written.length === 2 ? written.join(' ') : written.join('\n  ')}\n`);
}

/** The message of what was thrown, whatever that was. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message || error.name : String(error);
  } catch {
    return 'something was thrown that cannot be shown';
  }
}
