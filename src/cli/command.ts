import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { OrchestraceError } from '../errors.ts';
import { nearest } from './nearest.ts';

/** What a command is handed. */
interface CommandContext {
  /** Aborted by Ctrl-C or SIGTERM: the command cleans up and returns. */
  readonly signal: AbortSignal;
}

/**
 * Runs a command with what stands behind its name.
 *
 * @returns the exit code: 0 done, 1 the run failed or differs
 * @throws {OrchestraceError} wrong use: exit code 2
 */
export type Command = (args: readonly string[], context: CommandContext) => Promise<number>;

type Parsed<T extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ args: string[]; options: T }>>['values'];

/** Exit code 2: said in one line. */
export function usageError(message: string): OrchestraceError {
  return new OrchestraceError('USAGE_INVALID', message);
}

/**
 * Reads the flags of a command that takes nothing else.
 *
 * @param hint what to do instead, for who gives it something
 * @throws {OrchestraceError} code `USAGE_INVALID`: a flag that is unknown (the nearest is named), lacks its value or has one too many
 */
export function parseFlags<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  hint = ': this command takes none',
): Parsed<T> {
  const { values, positionals } = parseWith(args, options);
  if (positionals.length > 0) throw usageError(`unexpected argument ${positionals[0]}${hint}`);
  return values;
}

/**
 * Reads the flags of a command that takes one file, or what it finds like one.
 *
 * @param hint what to do instead, for who gives it two
 * @returns `file` is undefined when none is given: `--help` needs none
 * @throws {OrchestraceError} as {@link parseFlags}, and for a second file
 */
export function parseFileAndFlags<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  hint = 'one file at a time',
): { file: string | undefined; flags: Parsed<T> } {
  const { values, positionals } = parseWith(args, options);
  const [file, second] = positionals;
  if (second !== undefined) throw usageError(`unexpected argument ${second}: ${hint}`);
  if (file === '') throw usageError('the name of the file is empty');
  return { file, flags: values };
}

/**
 * Reads the flags of a command that takes several things.
 *
 * @throws {OrchestraceError} as {@link parseFlags}, but for what stands beside the flags
 */
export function parseWith<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
): { values: Parsed<T>; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
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
