import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { OrchestraceError } from '../errors.ts';
import { usageError } from './command.ts';
import { findJsonFault } from './parse-json.ts';
import { formatBytes } from './terminal-text.ts';

/** Larger files are refused before they are read. A plan of 100,000 tools has about 20 MiB. */
const MAX_BYTES = 64 * 1024 * 1024;

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
 * @throws {ContentError} it is no JSON; the message has line and column
 */
export async function readJson(file: string, what: string, signal: AbortSignal): Promise<unknown> {
  const name = file === '-' ? 'stdin' : file;
  const bytes = file === '-' ? await readStdin(what, signal) : await readPath(file, what);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // drops a byte order mark
  } catch {
    throw new ContentError(`${name} is no text in UTF-8; the ${what} must be JSON`);
  }
  if (text.trim() === '') throw new ContentError(`${name} is empty; the ${what} must be JSON`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const fault = findJsonFault(text);
    const where = fault && `line ${fault.line}, column ${fault.column}: expected ${fault.expected}`;
    throw new ContentError(`${name} is no JSON: ${where ?? String(error)}`, { cause: error });
  }
}

async function readPath(file: string, what: string): Promise<Buffer> {
  try {
    await using handle = await open(file);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw usageError(`${file} is a folder; name the file of the ${what}`);
    if (stats.size > MAX_BYTES) throw tooLarge(`${file} has ${formatBytes(stats.size)}`, what);
    return await readAll(handle.createReadStream({ autoClose: false }), file, what); // a pipe has no size
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'USAGE_INVALID') throw error;
    const why = { ENOENT: 'there is no such file', EACCES: 'permission denied' }[code ?? ''] ?? code ?? String(error);
    throw usageError(`cannot read the ${what} ${file}: ${why}`);
  }
}

async function readStdin(what: string, signal: AbortSignal): Promise<Buffer> {
  if (process.stdin.isTTY) process.stderr.write(`orchestrace: reads the ${what} from this terminal; Ctrl-D ends it\n`);
  return readAll(addAbortSignal(signal, process.stdin), 'stdin', what);
}

async function readAll(stream: Readable, name: string, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw tooLarge(`${name} has more than ${formatBytes(MAX_BYTES)}`, what);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(found: string, what: string): Error {
  return usageError(`${found}; a ${what} of at most ${formatBytes(MAX_BYTES)} is read`);
}
