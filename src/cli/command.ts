import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { OrchestraceError } from '../errors.ts';
import { nearest } from './nearest.ts';

/** What a command is handed. */
interface CommandContext {
  /** Aborted by Ctrl-C: the command cleans up and returns. */
  readonly signal: AbortSignal;
}

/**
 * Runs a command with what stands behind its name.
 *
 * @returns the exit code: 0 done, 1 the run failed or differs
 * @throws {OrchestraceError} wrong use: exit code 2
 */
export type Command = (args: readonly string[], context: CommandContext) => Promise<number>;

/** Exit code 2: said in one line. */
export function usageError(message: string): OrchestraceError {
  return new OrchestraceError('USAGE_INVALID', message);
}

/**
 * Reads the flags of a command.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: a flag that is unknown (the nearest is named), lacks its value or has one too many
 */
export function parseFlags<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T }>>['values'] {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
    if (unknown === undefined) throw usageError(lowerFirst(message));
    const names = Object.keys(options).map((name) => `--${name}`);
    throw usageError(`unknown option ${unknown}${suggest(unknown, names)}`);
  }
}

/** `; did you mean X?` where something is near, else a list of what there is. */
export function suggest(given: string, names: readonly string[]): string {
  const near = nearest(given, names);
  return near === undefined ? `; there is ${names.join(', ')}` : `; did you mean ${near}?`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
