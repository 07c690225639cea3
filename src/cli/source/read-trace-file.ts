import { OrchestraceError } from '../../errors.ts';
import { type ReadTraces, readTraces } from '../../inspector/read-traces.ts';
import { usageError } from '../command.ts';
import { describeJsonFault, findJsonFault } from '../parse-json.ts';
import { readText } from '../read-file.ts';

/** Longer texts come close to what a text can hold. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Reads a file of traces.
 *
 * @param file a path, or `-` for stdin
 * @throws {OrchestraceError} code `USAGE_INVALID`: it cannot be read, or holds no traces
 */
export async function readTraceFile(file: string, signal: AbortSignal): Promise<ReadTraces> {
  const text = await readText(file, 'trace', MAX_BYTES, signal);
  try {
    return readTraces(text);
  } catch (error) {
    if (!OrchestraceError.isInstance(error)) throw error;
    const name = file === '-' ? 'stdin' : file;
    const fault = findJsonFault(text);
    if (fault?.endsIn) throw usageError(`${name} is not JSON: ${describeJsonFault(fault)}`);
    throw usageError(`${name} has ${error.message}`);
  }
}
