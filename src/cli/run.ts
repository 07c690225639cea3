import { explainRun } from '../explain/explain-run.ts';
import { runPlan } from '../index.ts';
import { parsePlan, type Plan } from '../plan.ts';
import type { RunResult } from '../run/types.ts';
import { parseFileAndFlags, usageError, type Command } from './command.ts';
import { describeDelivery, findDestination, Forwarder } from './destination.ts';
import { pageOfRun } from './find-inspector.ts';
import { jsonText } from './json-text.ts';
import { TraceKeeper } from './keep-traces.ts';
import { readJson } from './read-file.ts';
import { renderTimeline } from './render-timeline.ts';
import { renderVerdict } from './report/render-verdict.ts';
import { loadTools, placeOf } from './run/load-tools.ts';
import { describeEvent } from './run/progress.ts';
import { outcomeOf, resultToJson, valueToJson } from './run/result-json.ts';
import { lineScreen, treeScreenFor } from './run/screen.ts';
import { watchSteps } from './run/watch-steps.ts';
import { messageOf, sayFault } from './say-fault.ts';
import { terminalHasColor, terminalWidth } from './terminal.ts';
import { escapeText, wrapText } from './terminal-text.ts';
import { requirePeers, traceRun, type TracedRun } from './trace-run.ts';

const HELP = `Runs a plan with tools of yours, shows its progress and draws the trace that comes of it.

Usage: orchestrace run FILE --tools MODULE [--input FILE] [--concurrency N] [--json]

FILE is the plan as JSON, or - for stdin. MODULE exports functions by tool_type or tool_id, by name or as an object that is
its default export: ESM, CommonJS, or TypeScript where Node strips types. A tool gets its parameters, and a context with a
signal that says when to stop:

  // tools.mjs
  export async function ci_lookup({ keywords }, { signal }) {
    const response = await fetch(\`https://cmdb.test/search?q=\${keywords}\`, { signal });
    return response.json();
  }

Options:
  --tools MODULE    the module with the tools
  --input FILE      JSON that references such as {$input.keywords} read; - for stdin
  --concurrency N   most tools at once (no limit)
  --json            the result and the run that was read back, as JSON; what tools print goes to stderr
  --help            this text

Examples:
  orchestrace run plan.json --tools tools.mjs
  orchestrace run plan.json --tools tools.ts --input input.json --concurrency 4
  echo '{"keywords":["web"]}' | orchestrace run plan.json --tools tools.mjs --input - --json | jq .final_output

Ctrl-C or SIGTERM cancels the run, and its trace is sent all the same; a second one ends it at once.

Environment:
  OTEL_EXPORTER_OTLP_ENDPOINT   a backend to send the trace to, e.g. http://127.0.0.1:4318; without it, the stack of
                                docker-compose.yml if it answers
  ORCHESTRACE_JAEGER_URL        the Jaeger to link to (http://127.0.0.1:16686)
  ORCHESTRACE_INSPECTOR_URL     the Inspector to show the run in as it goes, or off (http://127.0.0.1:4319 if it answers)
  ORCHESTRACE_STORE             where the trace is kept for orchestrace report, or off
                                (~/.local/state/orchestrace/traces.sqlite)

Exit codes: 0 the run succeeded, 1 it failed, 2 wrong use: nothing was run, 130 cancelled by Ctrl-C, 143 by
SIGTERM.
`;

const MAX_OUTPUT_LINES = 5;

/** `orchestrace run FILE --tools MODULE`. Everything that can be wrong before anything runs is wrong use, the plan included. */
export const runRunCommand: Command = async (args, { signal }) => {
  const { file, flags } = parseFileAndFlags(args, {
    tools: { type: 'string' },
    input: { type: 'string' },
    concurrency: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (file === undefined) throw usageError('run needs a plan: orchestrace run FILE --tools MODULE');
  if (!flags.tools)
    throw usageError('run needs tools: --tools MODULE, a module that exports functions by tool_type or tool_id');
  if (file === '-' && flags.input === '-') throw usageError('the plan and the input cannot both come from stdin');
  const maxConcurrency = flags.concurrency === undefined ? undefined : parseCount('--concurrency', flags.concurrency);
  const plan = parsePlan(await readJson(file, 'plan', signal));
  const input = flags.input === undefined ? undefined : await readJson(flags.input, 'input', signal);
  requirePeers('run');

  using stray = catchStrayErrors();
  await using keeper = new TraceKeeper(process.env);
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was
  const { write } = process.stdout;
  if (flags.json) process.stdout.write = process.stderr.write.bind(process.stderr);
  let traced: TracedRun;
  let forwarder: Forwarder | undefined;
  try {
    const tools = await loadTools(flags.tools);
    const destination = await findDestination(process.env);
    if (destination !== undefined) forwarder = new Forwarder(destination, process.env);
    using screen = flags.json ? undefined : process.stderr.isTTY ? treeScreenFor(plan) : lineScreen();
    const spanProcessors = screen && [watchSteps(screen.take)];
    const serviceName = process.env['OTEL_SERVICE_NAME']?.trim() || plan.name || 'orchestrace-run';
    const cancel = AbortSignal.any([signal, stray.signal]);
    using _ = sayEarlyEnd();
    traced = await traceRun({ serviceName, forwarder, keeper, spanProcessors }, () =>
      runPlan(plan, { tools, input, signal: cancel, maxConcurrency }),
    );
  } finally {
    process.stdout.write = write;
  }
  if (flags.json) await printJson(traced, forwarder);
  else await printText(traced, plan, forwarder);
  const page = traced.run && (await pageOfRun(traced.inspectorUrl, traced.run.traceId));
  for (const said of [keeper.said, page && `See it in the Inspector: ${page}`])
    if (said !== undefined) (flags.json ? process.stderr : process.stdout).write(`${said}\n`);
  stray.rethrow();
  return traced.result.success ? 0 : 1;
};

async function printText(
  { result, run, isForeign }: TracedRun,
  plan: Plan,
  forwarder: Forwarder | undefined,
): Promise<void> {
  const width = terminalWidth(process.stdout, process.env);
  const color = terminalHasColor(process.stdout, process.env);
  const say = (text: string): boolean =>
    process.stdout.write(`${wrapText(escapeText(text), width, MAX_OUTPUT_LINES).join('\n')}\n`);
  if (run) process.stdout.write(`${renderVerdict(explainRun(run).verdict, { width, color })}\n\n`);
  process.stdout.write(`${run ? renderTimeline(run, { width, color }) : listResults(result, plan)}\n\n`);
  const output = valueToJson(result.finalOutput);
  if (output !== undefined) say(`Output: ${output}`);
  if (!run) return void say(whyNoRun(isForeign));
  // The line with the link is not wrapped, so that it can be followed.
  process.stdout.write(`${await describeDelivery(forwarder, run.traceId, process.env)}\n`);
}

async function printJson({ result, run, isForeign }: TracedRun, forwarder: Forwarder | undefined): Promise<void> {
  process.stdout.write(jsonText(resultToJson({ result, run })));
  const said = run ? await describeDelivery(forwarder, run.traceId, process.env) : whyNoRun(isForeign);
  process.stderr.write(`${said}\n`);
}

/** What came of the steps, where no trace arrived that could be drawn. */
function listResults(result: RunResult, plan: Plan): string {
  const lines = [...result.results].map(([toolId, { outcome, executionTimeMs, error, skipReason }]) => {
    const reason = skipReason ?? (error === undefined ? undefined : messageOf(error));
    return `  ${describeEvent({ type: 'end', toolId, iteration: 1, outcome, reason, durationMs: executionTimeMs })}`;
  });
  return [`${escapeText(plan.name ?? 'unnamed plan')}: ${outcomeOf(result)}`, ...lines].join('\n');
}

function whyNoRun(isForeign: boolean): string {
  return isForeign
    ? 'The tools have tracing of their own: the spans went where that sends them.'
    : 'No span of the run arrived: is OTEL_SDK_DISABLED set in the environment?';
}

function parseCount(flag: string, text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count;
  throw usageError(`${flag} must be a whole number of at least 1, got ${text === '' ? 'nothing' : text}`);
}

/** Says so when the process ends while the run goes on: nothing can be waited for then. */
function sayEarlyEnd(): Disposable {
  process.on('exit', sayExit);
  return { [Symbol.dispose]: () => void process.off('exit', sayExit) };
}

function sayExit(code: number): void {
  sayFault(`process.exit(${code}) was called while the run went on: its trace is not drawn, and may not be sent`);
}

interface StrayErrors extends Disposable {
  /** Aborted by the first of them. */
  readonly signal: AbortSignal;
  /** @throws {Error} that says what was thrown, if something was */
  rethrow(): void;
}

/** Catches what tools throw outside their calls, e.g. in a timer, so that the run is cancelled and its trace sent. */
function catchStrayErrors(): StrayErrors {
  const controller = new AbortController();
  let message: string | undefined;
  const take = (error: unknown): void => {
    message ??= `a tool threw outside its call: ${messageOf(error)}${placeOf(error)}`;
    controller.abort(new Error(message));
  };
  process.on('uncaughtException', take).on('unhandledRejection', take);
  return {
    signal: controller.signal,
    rethrow: () => {
      if (message !== undefined) throw new Error(message);
    },
    [Symbol.dispose]: () => void process.off('uncaughtException', take).off('unhandledRejection', take),
  };
}
