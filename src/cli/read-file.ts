import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { OrchestraceError } from '../errors.ts';
import { usageError } from './command.ts';
import { describeJsonFault, findJsonFault } from './parse-json.ts';
import { describeSystemFault } from './system-fault.ts';
import { formatBytes } from './terminal-text.ts';

/** Larger files of JSON are refused before they are read. A plan of 100,000 tools has about 20 MiB. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** A file that was read and is not what it should be. */
export class ContentError extends OrchestraceError {
  override readonly name: string = 'ContentError';

  constructor(message: string, options?: ErrorOptions) {
    super('USAGE_INVALID', message, options);
  }
}

/**
 * Reads a file of JSON.
 *
 * @param file a path, or `-` for stdin
 * @param what what it should hold, e.g. `plan`
 * @throws {OrchestraceError} code `USAGE_INVALID`: it cannot be read
 * @throws {ContentError} it is not JSON; the message has line and column
 */
export async function readJson(file: string, what: string, signal: AbortSignal): Promise<unknown> {
  const name = file === '-' ? 'stdin' : file;
  const text = await readText(file, what, MAX_JSON_BYTES, signal);
  if (text.trim() === '') throw new ContentError(`${name} is empty; the ${what} must be JSON`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const fault = findJsonFault(text);
    throw new ContentError(`${name} is not JSON: ${fault ? describeJsonFault(fault) : String(error)}`, {
      cause: error,
    });
  }
}

/**
 * Reads a file of text.
 *
 * @param file a path, or `-` for stdin
 * @param what what it should hold, e.g. `plan`
 * @throws {OrchestraceError} code `USAGE_INVALID`: it cannot be read, or is too large
 * @throws {ContentError} it is not UTF-8 text
 */
export async function readText(file: string, what: string, maxBytes: number, signal: AbortSignal): Promise<string> {
  const bytes = file === '-' ? await readStdin(what, maxBytes, signal) : await readPath(file, what, maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes); // drops a byte order mark
  } catch {
    throw new ContentError(`${file === '-' ? 'stdin' : file} is not UTF-8 text; the ${what} must be JSON`);
  }
}

async function readPath(file: string, what: string, maxBytes: number): Promise<Buffer> {
  try {
    await using handle = await open(file);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw usageError(`${file} is a folder; name the file of the ${what}`);
    if (stats.size > maxBytes) throw tooLarge(`${file} has ${formatBytes(stats.size)}`, what, maxBytes);
    return await readAll(handle.createReadStream({ autoClose: false }), file, what, maxBytes); // a pipe has no size
  } catch (error) {
    if (OrchestraceError.isInstance(error)) throw error;
    throw usageError(`cannot read the ${what} ${file}: ${describeSystemFault(error)}`);
  }
}

async function readStdin(what: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  if (process.stdin.isTTY) process.stderr.write(`orchestrace: reads the ${what} from this terminal; Ctrl-D ends it\n`);
  return readAll(addAbortSignal(signal, process.stdin), 'stdin', what, maxBytes);
}

async function readAll(stream: Readable, name: string, what: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(`${name} has more than ${formatBytes(maxBytes)}`, what, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(found: string, what: string, maxBytes: number): Error {
  return usageError(`${found}; a ${what} of at most ${formatBytes(maxBytes)} is read`);
}
