import { explainRun } from '../explain/explain-run.ts';
import { runPlan } from '../index.ts';
import { parseFlags, type Command, usageError } from './command.ts';
import { startAuditServer } from './demo/audit-server.ts';
import { type LockedPackages, openDatabase, readPackages } from './demo/packages.ts';
import { chooseInput, DEMO_PLAN, demoTools, describeFindings } from './demo/plan.ts';
import { describeDelivery, findDestination, Forwarder } from './destination.ts';
import { pageOfRun } from './find-inspector.ts';
import { jsonText } from './json-text.ts';
import { TraceKeeper } from './keep-traces.ts';
import { renderTimeline } from './render-timeline.ts';
import { renderVerdict } from './report/render-verdict.ts';
import { resultToJson } from './run/result-json.ts';
import { treeScreenFor } from './run/screen.ts';
import { watchSteps } from './run/watch-steps.ts';
import { sayFault } from './say-fault.ts';
import { showPage } from './show-page.ts';
import { terminalHasColor, terminalWidth } from './terminal.ts';
import { escapeText, wrapText } from './terminal-text.ts';
import { HTTP_PEER, requirePeers, traceRun, type TracedRun } from './trace-run.ts';

const ON_PURPOSE =
  'One step fails on purpose: advisory_audit asks for data that a lock file does not hold, and upgrade_plan needs it.';

const HELP = `Runs real tools on real data and draws the trace that comes of it.

Usage: orchestrace demo [--page | --no-page | --json]

The packages in package-lock.json of the current folder are loaded into a table in memory, looked up, counted and
audited over HTTP by a plan of 8 tools. The run is sent as OTLP/HTTP to a receiver in this process, read back from what
arrived, and drawn. One step fails on purpose. Nothing leaves this machine unless a backend is set or answers. The trace is
kept for orchestrace report. If an Inspector is running, it shows the run live; if not, and on a terminal, the demo opens a
page of its own at the end and serves it until Ctrl-C.

Options:
  --page      serve the page at the end, even without a terminal; --no-page: never
  --json      print the result and the run that was read back as JSON
  --help      this text

Environment:
  OTEL_EXPORTER_OTLP_ENDPOINT   a backend to send the trace to as well, e.g. http://127.0.0.1:4318; without it, the
                                stack of docker-compose.yml if it answers
  ORCHESTRACE_JAEGER_URL        the Jaeger to link to (http://127.0.0.1:16686)
  ORCHESTRACE_INSPECTOR_URL     the Inspector that shows the run live, or off (http://127.0.0.1:4319 if it answers)
  ORCHESTRACE_STORE             where the trace is kept for orchestrace report, or off
                                (~/.local/state/orchestrace/traces.sqlite)
`;

/** `orchestrace demo`. Exit code 0 although a step fails: that is what it shows. */
export const runDemo: Command = async (args, { signal }) => {
  const flags = parseFlags(args, {
    page: { type: 'boolean' },
    'no-page': { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (flags.page && (flags.json || flags['no-page'])) throw usageError('choose one of --page, --no-page and --json');
  requirePeers('the demo', [HTTP_PEER]);
  const packages = await readPackages(process.cwd());
  const destination = await findDestination(process.env);
  const forwarder = destination === undefined ? undefined : new Forwarder(destination, process.env);
  await using keeper = new TraceKeeper(process.env);
  const showsProgress = !flags.json && process.stderr.isTTY;
  const { result, run, spans, inspectorUrl } = await runDemoPlan(packages, {
    forwarder,
    keeper,
    signal,
    showsProgress,
  });
  if (signal.aborted) return 0;
  if (!run) throw new Error('no span of the run arrived: is OTEL_SDK_DISABLED or another SDK set in the environment?');

  const page = await pageOfRun(inspectorUrl, run.traceId);
  const sayDelivery = async (out: NodeJS.WriteStream): Promise<void> => {
    const delivered = await describeDelivery(forwarder, run.traceId, process.env, signal);
    const said = [delivered, keeper.said, page && `See it in the Inspector: ${page}`].filter(Boolean);
    if (!signal.aborted) out.write(`${said.join('\n')}\n`);
  };
  if (flags.json) {
    process.stdout.write(jsonText(resultToJson({ result, run })));
    await sayDelivery(process.stderr);
    return 0;
  }
  const width = terminalWidth(process.stdout, process.env);
  const color = terminalHasColor(process.stdout, process.env);
  const say = (text: string): boolean => process.stdout.write(`${wrapText(escapeText(text), width, 5).join('\n')}\n`);
  process.stdout.write(`${packages.items.length} packages of ${packages.file}\n\n`);
  process.stdout.write(`${renderVerdict(explainRun(run).verdict, { width, color })}\n\n`);
  process.stdout.write(`${renderTimeline(run, { width, color })}\n\n`);
  for (const finding of describeFindings(result.results.get('summary')?.data)) say(finding);
  say(ON_PURPOSE);
  say(`Drawn from the ${spans.length} spans that arrived as OTLP/HTTP in this process.`);
  await sayDelivery(process.stdout);
  if (page === undefined && (flags.page || (process.stdout.isTTY && !flags['no-page'])))
    await showPage({ traceId: run.traceId, spans, kept: keeper.kept }, signal).catch(sayFault);
  return 0;
};

async function runDemoPlan(
  packages: LockedPackages,
  {
    forwarder,
    keeper,
    signal,
    showsProgress,
  }: { forwarder: Forwarder | undefined; keeper: TraceKeeper; signal: AbortSignal; showsProgress: boolean },
): Promise<TracedRun> {
  const database = openDatabase(packages.items);
  await using audits = await startAuditServer(database, process.cwd());
  const tools = demoTools(database, audits.url);
  using screen = showsProgress ? treeScreenFor(DEMO_PLAN) : undefined;
  const spanProcessors = screen && [watchSteps(screen.take)];
  return await traceRun({ serviceName: 'orchestrace-demo', forwarder, keeper, spanProcessors }, () =>
    runPlan(DEMO_PLAN, { tools, input: chooseInput(packages), signal }),
  );
}
