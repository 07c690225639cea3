import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Switches the default store off. */
const OFF = 'off';

/**
 * The file where `run`, `demo` and `inspect` keep traces unless told otherwise: that of ORCHESTRACE_STORE, else one in the folder that the
 * system has for such data (XDG Base Directory Specification; LOCALAPPDATA on Windows).
 *
 * @returns undefined with ORCHESTRACE_STORE=off: nothing is kept
 * @throws when the system has no such folder for this user
 */
export function defaultStoreFile(env: NodeJS.ProcessEnv): string | undefined {
  const given = env['ORCHESTRACE_STORE']?.trim();
  if (given === OFF) return undefined;
  return given || join(stateFolder(env), 'orchestrace', 'traces.sqlite');
}

function stateFolder(env: NodeJS.ProcessEnv): string {
  const named = process.platform === 'win32' ? env['LOCALAPPDATA'] : env['XDG_STATE_HOME'];
  // A relative path is to be passed over, by the specification.
  return named && isAbsolute(named) ? named : join(homedir(), '.local', 'state');
}
