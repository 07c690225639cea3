import { type Explanation, explainRun } from '../explain/explain-run.ts';
import { readTrace } from '../explain/read/read-trace.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import type { Run, SpanNode } from '../explain/read/run.ts';
import { codeBlock, escapeMarkdown } from '../explain/tell/escape-markdown.ts';
import { encodeTracesLines } from '../inspector/encode-json.ts';
import { parseFileAndFlags, usageError, type Command } from './command.ts';
import { failures, FAIL_ON_HELP, parseFailOn } from './fail-on.ts';
import { jsonText } from './json-text.ts';
import { renderSpans } from './render-timeline.ts';
import { explanationToJson } from './report/explanation-json.ts';
import { type ListedRun, renderRuns, runsToJson } from './report/list-runs.ts';
import { renderMarkdown } from './report/render-markdown.ts';
import { renderReport } from './report/render-report.ts';
import { renderVerdict } from './report/render-verdict.ts';
import { runToJson, spanToJson } from './run-json.ts';
import { sayFault } from './say-fault.ts';
import { describeForeign } from './source/describe-foreign.ts';
import { terminalHasColor, terminalWidth } from './terminal.ts';
import { escapeJson } from './terminal-text.ts';
import { type FoundTrace, SOURCE_ENVIRONMENT, SOURCE_FLAGS, SOURCE_HELP, TraceSource } from './trace-source.ts';

/** Most runs that a list has. */
const MAX_LISTED = 20;

const HELP = `Explains a run: how it went and why, where the time went, and how it differs from its plan.

Usage: orchestrace report TRACE [--json | --markdown | --otlp] [--fail-on LIST]
       orchestrace report --list [--plan NAME] [--json]

TRACE is a trace id, or its first 6 digits or more; a file of traces (OTLP JSON, one a line as well, or Jaeger's JSON), - for
stdin; or latest, the newest run there is. --plan NAME alone is the newest run of that plan.

Options:
${SOURCE_HELP}
  --list            the newest ${MAX_LISTED} runs instead of one: when, which plan, how it ended
  --json            the explanation and the run, as JSON
  --markdown        for a pull request
  --otlp            the trace itself as lines of OTLP JSON, which Jaeger's upload and the Collector read
  --fail-on LIST    exit with 1 when one of these holds, such as failure,duration>30s
  --help            this text

Examples:
  orchestrace report latest
  orchestrace report --list
  orchestrace report --plan ci-overview --markdown >> "$GITHUB_STEP_SUMMARY"
  orchestrace report 0af7651916cd43dd8448eb211c80319c --jaeger https://jaeger.test --header 'Authorization: Bearer abc'
  orchestrace report traces.jsonl --json | jq -r .verdict
  orchestrace report latest --fail-on 'failure, not_started, duration>30s'

${FAIL_ON_HELP}

Environment:
${SOURCE_ENVIRONMENT}

Exit codes: 0 the report was made, also of a run that failed; 1 a rule of --fail-on holds, 2 wrong use, or not found.
`;

const MARKDOWN_WIDTH = 100;
const VIEWS = ['json', 'markdown', 'otlp'] as const;

/** `orchestrace report TRACE`. */
export const runReport: Command = async (args, { signal }) => {
  const { file: given, flags } = parseFileAndFlags(args, {
    ...SOURCE_FLAGS,
    list: { type: 'boolean' },
    json: { type: 'boolean' },
    markdown: { type: 'boolean' },
    otlp: { type: 'boolean' },
    'fail-on': { type: 'string' },
    help: { type: 'boolean' },
  });
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (flags.list) {
    if (given !== undefined || flags.markdown || flags.otlp || flags['fail-on'] !== undefined)
      throw usageError('--list shows many runs: leave out TRACE, --markdown, --otlp and --fail-on');
    await using source = new TraceSource(flags, signal);
    await listRuns(source, flags.json === true);
    return 0;
  }
  if (given === undefined && flags.plan === undefined)
    throw usageError('report needs a run: orchestrace report TRACE, where TRACE is a trace id, a file, - or latest');
  const views = VIEWS.filter((view) => flags[view]);
  if (views.length > 1) throw usageError(`choose one of ${views.map((view) => `--${view}`).join(' and ')}`);
  const rules = flags['fail-on'] === undefined ? [] : parseFailOn(flags['fail-on']);
  await using source = new TraceSource(flags, signal);
  // A rule cannot be checked without a run.
  const found = rules.length > 0 ? await source.runOf(given) : await source.traceOf(given);
  for (const note of found.notes) sayFault(note);
  if (!found.run) {
    for (const part of writeForeign(found, views[0])) process.stdout.write(part);
    return 0;
  }
  const explanation = explainRun(found.run);
  for (const part of write(found, found.run, explanation, views[0])) process.stdout.write(part);
  const failed = failures(rules, found.run);
  for (const sentence of failed) sayFault(sentence);
  return failed.length > 0 ? 1 : 0;
};

async function listRuns(source: TraceSource, isJson: boolean): Promise<void> {
  const runs: ListedRun[] = [];
  let notes: readonly string[] = [];
  for await (const { run, notes: said } of source.recentRuns()) {
    const { traceId, planName, strategy, outcome, startNs, endNs } = run;
    notes = said;
    if (runs.push({ traceId, planName, strategy, outcome, startNs, endNs }) === MAX_LISTED) break;
  }
  if (runs.length === 0) throw await source.noRun();
  for (const note of notes) sayFault(note);
  process.stdout.write(isJson ? jsonText(runsToJson(runs)) : `${renderRuns(runs, terminal())}\n`);
}

type View = (typeof VIEWS)[number] | undefined;

function write({ spans }: FoundTrace, run: Run, explanation: Explanation, view: View): Iterable<string> {
  switch (view) {
    case 'json':
      return [toJson(() => ({ ...explanationToJson(explanation), run: runToJson(run) }))];
    case 'markdown':
      return [`${renderMarkdown(run, explanation)}\n`];
    case 'otlp':
      return otlpLines(spans);
    case undefined:
      return [`${renderReport(run, terminal(), explanation)}\n`];
  }
}

/** Spans without a run: what is missing, and all of them as a plain tree. */
function writeForeign(found: FoundTrace, view: View): Iterable<string> {
  const { foreign } = readTrace(found.spans);
  const verdict = describeForeign(found);
  const zeroNs = firstStart(foreign);
  switch (view) {
    case 'json':
      return [toJson(() => ({ verdict, run: null, spans: foreign.map((node) => spanToJson(node, zeroNs)) }))];
    case 'markdown':
      return [
        `**${escapeMarkdown(verdict)}**\n\n`,
        `${codeBlock(renderSpans(foreign, { width: MARKDOWN_WIDTH, color: false }), 'text')}\n`,
      ];
    case 'otlp':
      return otlpLines(found.spans);
    case undefined:
      return [`${renderVerdict(verdict, terminal())}\n\n`, `${renderSpans(foreign, terminal())}\n`];
  }
}

function* otlpLines(spans: readonly ReceivedSpan[]): Iterable<string> {
  for (const line of encodeTracesLines(spans)) yield escapeJson(line);
}

function firstStart(nodes: readonly SpanNode[]): bigint {
  const starts = nodes.map(({ span }) => span.startNs).filter((startNs) => startNs > 0n);
  return starts.reduce((first, startNs) => (startNs < first ? startNs : first), starts[0] ?? 0n);
}

function toJson(make: () => object): string {
  try {
    return jsonText(make());
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw usageError('the trace is nested too deeply, or too large, to be one JSON document; --otlp gives its spans');
  }
}

function terminal(): { width: number; color: boolean } {
  const { stdout, env } = process;
  return { width: terminalWidth(stdout, env), color: terminalHasColor(stdout, env) };
}
