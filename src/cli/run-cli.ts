import { constants } from 'node:os';
import { OrchestraceError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { suggest, usageError, type Command } from './command.ts';
import { sayFault } from './say-fault.ts';

interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Loads the command only when it is called: `--help` stays quick. */
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly CommandRow[] = [
  {
    name: 'plan',
    summary: 'checks a plan and shows what runs when: text, --json, --mermaid, --dot',
    load: async () => (await import('./plan.ts')).runPlanCommand,
  },
  {
    name: 'run',
    summary: 'runs a plan with tools of yours and draws the trace',
    load: async () => (await import('./run.ts')).runRunCommand,
  },
  {
    name: 'demo',
    summary: 'runs real tools on the packages of this folder and draws the trace',
    load: async () => (await import('./demo.ts')).runDemo,
  },
  {
    name: 'inspect',
    summary: 'shows runs in the browser as they go, and keeps the traces that it receives',
    load: async () => (await import('./inspect.ts')).runInspect,
  },
  {
    name: 'report',
    summary: 'explains a run from its trace: what went wrong, what took time, what to change',
    load: async () => (await import('./report.ts')).runReport,
  },
  {
    name: 'compare',
    summary: 'compares a run with one before it, or with many, and fails by rules of yours',
    load: async () => (await import('./compare.ts')).runCompare,
  },
  {
    name: 'doctor',
    summary: 'finds out why no spans arrive, or what a trace lacks',
    load: async () => (await import('./doctor.ts')).runDoctor,
  },
];

/** Signals after which a command cleans up: Ctrl-C, and what process managers and CI send. */
const ENDING = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs the command line and sets the exit code: 0 done, 1 the run failed or differs, 2 wrong use, 130 Ctrl-C, 143 SIGTERM. Errors are
 * one line on stderr, never a stack. A reader of stdout that leaves early (`| head -1`) changes nothing.
 */
export async function runCli(args: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return; // a run goes on to its end, and its trace is sent
    fail(error);
    process.exit(1);
  });
  process.stderr.on('error', () => {}); // nobody is left to tell
  const interrupt = new AbortController();
  let endedBy: (typeof ENDING)[number] | undefined;
  const end = (signal: (typeof ENDING)[number]): void => {
    endedBy = signal;
    // A second one, of either, ends the process at once.
    for (const name of ENDING) process.off(name, end);
    interrupt.abort();
  };
  for (const name of ENDING) process.on(name, end);
  try {
    process.exitCode = await dispatch(args, interrupt.signal);
  } catch (error) {
    process.exitCode = interrupt.signal.aborted ? 0 : fail(error);
  }
  if (endedBy) process.exitCode = 128 + constants.signals[endedBy];
  // What tools left open, or left behind, does not keep the process.
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  process.exit();
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

async function dispatch([first, ...rest]: readonly string[], signal: AbortSignal): Promise<number> {
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    process.stdout.write(helpText());
    return 0;
  }
  if (first === '--version' || first === '-v') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (first.startsWith('-')) throw usageError(`unknown option ${first}${suggest(first, ['--help', '--version'])}`);
  const row = COMMANDS.find(({ name }) => name === first);
  if (!row) {
    const names = [...COMMANDS.map(({ name }) => name), 'help'];
    throw usageError(`unknown command ${first}${suggest(first, names)}`);
  }
  const command = await row.load();
  return command(rest, { signal });
}

function helpText(): string {
  const commands = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
  return `Traces tool orchestration with OpenTelemetry: the plan, its groups and every step in one trace.

Usage: orchestrace <command> [options]

Commands:
${commands.join('\n')}

Options:
  --help      this text; after a command, its own
  --version   ${VERSION}
`;
}

/** Says what went wrong. */
function fail(error: unknown): 1 | 2 {
  sayFault(error);
  return OrchestraceError.isInstance(error) ? 2 : 1;
}
