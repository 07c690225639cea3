import { OrchestraceError } from '../errors.ts';
import type { ReceivedSpan } from '../explain/received-span.ts';
import { reconstruct } from '../explain/reconstruct.ts';
import type { Run } from '../explain/run.ts';
import { runPlan } from '../index.ts';
import { startReceiver } from '../inspector/receive.ts';
import type { RunResult, Tool, ToolRegistry } from '../run/types.ts';
import { parseFlags, type Command } from './command.ts';
import { startAuditServer } from './demo/audit-server.ts';
import { findDestination, jaegerLink, sendOn } from './demo/destination.ts';
import { type LockedPackages, openDatabase, readPackages } from './demo/packages.ts';
import { chooseInput, DEMO_PLAN, demoTools, describeFindings } from './demo/plan.ts';
import { renderTimeline } from './render-timeline.ts';
import { runToJson } from './run-json.ts';
import { terminalHasColor, terminalWidth } from './terminal.ts';
import { escapeText, formatDuration, wrapText } from './terminal-text.ts';

/** What the demo needs beside this package. They are optional: who has an SDK set up already needs none of them. */
const PEERS = [
  '@opentelemetry/sdk-node',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/instrumentation-undici',
];

const ON_PURPOSE =
  'One step fails on purpose: advisory_audit asks for data that a lock file does not hold, and upgrade_plan needs it.';

const HELP = `Runs real tools on real data and draws the trace that comes of it.

Usage: orchestrace demo [--json]

The packages in package-lock.json of the current folder are loaded into a table in memory, looked up, counted and
audited over HTTP by a plan of 8 tools. The run is sent as OTLP/HTTP to a receiver in this process, read back from what
arrived, and drawn. One step fails on purpose. Nothing leaves this machine, unless a backend is set or answers.

Options:
  --json    the run that was read back, as JSON
  --help    this text

Environment:
  OTEL_EXPORTER_OTLP_ENDPOINT   a backend to send the trace to as well, e.g. http://127.0.0.1:4318; without it, the
                                stack of docker-compose.yml if it answers
  ORCHESTRACE_JAEGER_URL        the Jaeger to link to (http://127.0.0.1:16686)
`;

/** `orchestrace demo`. Exit code 0 although a step fails: that is what it shows. */
export const runDemo: Command = async (args, { signal }) => {
  const flags = parseFlags(args, { json: { type: 'boolean' }, help: { type: 'boolean' } });
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  requirePeers();
  const packages = await readPackages(process.cwd());
  const destination = await findDestination(process.env);
  const showsProgress = !flags.json && process.stderr.isTTY;
  const { run, summary, spans, requests } = await traceRun(packages, signal, showsProgress);
  if (showsProgress) process.stderr.write('\n');
  if (signal.aborted) return 0;
  if (!run)
    throw new Error(
      'no span of the run arrived: is OTEL_SDK_DISABLED, a sampler or another SDK set in the environment?',
    );

  if (flags.json) {
    process.stdout.write(`${JSON.stringify(runToJson(run), undefined, 2)}\n`);
    await sendTo(destination, { run, requests }, process.stderr, signal);
    return 0;
  }
  const width = terminalWidth(process.stdout, process.env);
  const color = terminalHasColor(process.stdout, process.env);
  const say = (text: string): boolean => process.stdout.write(`${wrapText(escapeText(text), width, 5).join('\n')}\n`);
  process.stdout.write(`${packages.items.length} packages of ${packages.file}\n\n`);
  process.stdout.write(`${renderTimeline(run, { width, color })}\n\n`);
  for (const finding of describeFindings(summary)) say(finding);
  say(ON_PURPOSE);
  say(`Drawn from the ${spans} spans that arrived as OTLP/HTTP in this process.`);
  await sendTo(destination, { run, requests }, process.stdout, signal);
  return 0;
};

/** What came of the run, told from outside. */
interface Traced {
  /** Undefined when nothing arrived. */
  readonly run: Run | undefined;
  /** What the step `summary` returned. */
  readonly summary: unknown;
  readonly spans: number;
  /** The OTLP requests as they arrived. */
  readonly requests: readonly Buffer[];
}

async function traceRun(packages: LockedPackages, signal: AbortSignal, showsProgress: boolean): Promise<Traced> {
  const received: ReceivedSpan[] = [];
  const requests: Buffer[] = [];
  await using receiver = await startReceiver({
    onSpans: (spans, json) => {
      received.push(...spans);
      requests.push(json);
    },
  });
  const [{ startTracing }, { UndiciInstrumentation }] = await Promise.all([
    import('../node/index.ts'),
    import('@opentelemetry/instrumentation-undici'),
  ]);
  const http = new UndiciInstrumentation();
  const tracing = await startTracing({
    serviceName: 'orchestrace-demo',
    endpoint: receiver.url,
    protocol: 'http/json',
    instrumentations: [http],
  });
  let result: RunResult;
  try {
    const database = openDatabase(packages.items);
    await using audits = await startAuditServer(database, process.cwd());
    const tools = demoTools(database, audits.url);
    result = await runPlan(DEMO_PLAN, {
      tools: showsProgress ? withProgress(tools) : tools,
      input: chooseInput(packages),
      signal,
    });
  } finally {
    http.disable(); // what is fetched from now on is none of the run's
    await tracing.shutdown();
  }
  const run = reconstruct(received).find((one) => one.traceId === result.traceId);
  return { run, summary: result.results.get('summary')?.data, spans: received.length, requests };
}

/** Says on stderr which step has ended, while the run goes on. */
function withProgress(tools: ToolRegistry): ToolRegistry {
  const entries = Object.entries(tools).map(([name, tool]): [string, Tool] => {
    const execute = typeof tool === 'function' ? tool : tool.execute;
    return [name, (params, context) => announce(context.toolId, async () => execute(params, context))];
  });
  return Object.fromEntries(entries);
}

async function announce<T>(toolId: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  let ended = 'failed';
  try {
    const data = await work();
    ended = 'done';
    return data;
  } finally {
    process.stderr.write(`  ${toolId} ${ended}, ${formatDuration(performance.now() - startedAt)}\n`);
  }
}

async function sendTo(
  destination: string | undefined,
  { run, requests }: { run: Run; requests: readonly Buffer[] },
  out: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<void> {
  if (destination === undefined) {
    out.write('To see it in Jaeger as well, start the compose stack or set OTEL_EXPORTER_OTLP_ENDPOINT.\n');
    return;
  }
  const fault = await sendOn(requests, destination, process.env, signal);
  if (signal.aborted) return;
  const where = escapeText(destination);
  out.write(
    fault === undefined
      ? `Sent to ${where}: ${escapeText(jaegerLink(run.traceId, process.env))}\n`
      : `Could not be sent to ${where}: ${escapeText(fault)}\n`,
  );
}

/** @throws {OrchestraceError} code `PEER_MISSING`: says what to install */
function requirePeers(): void {
  const missing = PEERS.filter((name) => {
    try {
      import.meta.resolve(name);
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length > 0) {
    throw new OrchestraceError(
      'PEER_MISSING',
      `the demo needs packages that are not installed: npm install ${missing.join(' ')}`,
    );
  }
}
