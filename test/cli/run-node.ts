import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The command line as the repository's scripts start it. */
export const MAIN: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** For Node itself, before the script. */
  nodeArgs?: readonly string[];
  /** Written to its stdin; without it there is none. */
  input?: string;
  /** Told of the process at every piece of its stdout or stderr. */
  onOutput?: (child: ChildProcess, stdout: string, stderr: string) => void;
}

/** Runs the command line in a process of its own, without what the environment of the tests says of OpenTelemetry or colours. */
export function runMain(
  args: readonly string[],
  { cwd, env, nodeArgs = [], input, onOutput }: RunOptions = {},
): Promise<Ended> {
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL_|ORCHESTRACE_|VITEST|NODE_|FORCE_COLOR|NO_COLOR|COLUMNS)/.test(name),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...nodeArgs, MAIN, ...args], {
      cwd,
      // Tests leave nothing in the home of who runs them, nor in an Inspector that happens to run; those of the two name them.
      env: { ...Object.fromEntries(clean), ORCHESTRACE_STORE: 'off', ORCHESTRACE_INSPECTOR_URL: 'off', ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.on('error', () => {}).end(input); // it may end before it has read everything
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onOutput?.(child, stdout, stderr);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      onOutput?.(child, stdout, stderr);
    });
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
