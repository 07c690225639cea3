import { OrchestraceError } from '../errors.ts';

/**
 * Loads an optional peer.
 *
 * @throws {OrchestraceError} code `PEER_MISSING`, with the command that installs it
 */
export async function importPeer<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    throw new OrchestraceError('PEER_MISSING', `${name} cannot be loaded; install it with: npm install ${name}`, {
      cause,
    });
  }
}
