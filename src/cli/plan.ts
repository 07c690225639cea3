import { PlanError } from '../errors.ts';
import { parsePlan, type Plan } from '../plan.ts';
import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../plan-trace.ts';
import { MAX_MERMAID_LINES } from '../explain/tell/escape-mermaid.ts';
import { parseFileAndFlags, usageError, type Command } from './command.ts';
import { renderDot, renderMermaid } from './plan/render-graph.ts';
import { renderPlan } from './plan/render-plan.ts';
import { jsonText } from './json-text.ts';
import { ContentError, readJson } from './read-file.ts';
import { sayFault } from './say-fault.ts';
import { terminalHasColor, terminalWidth } from './terminal.ts';

const HELP = `Checks a plan and shows what runs when, and with whose output.

Usage: orchestrace plan FILE [--json | --mermaid | --dot]

FILE is JSON, or - for stdin. Every fault is named at once, with its place in the plan.

Options:
  --json      the execution plan trace: strategy, groups, dependencies, mappings
  --mermaid   a flow chart for Markdown: solid arrows wait, labels say which data flows
  --dot       the same for Graphviz
  --help      this text

Examples:
  orchestrace plan plan.json
  orchestrace plan plan.json --json | jq '.execution_groups | length'
  orchestrace plan plan.json --dot | dot -Tsvg > plan.svg
  my-planner | orchestrace plan -

Exit codes: 0 the plan is valid, 1 it is not, 2 wrong use, such as a file that cannot be read.
`;

const VIEWS = ['json', 'mermaid', 'dot'] as const;

/** `orchestrace plan FILE`. Exit code 1 for a plan that is not valid, be it no JSON or of many faults. */
export const runPlanCommand: Command = async (args, { signal }) => {
  const { file, flags } = parseFileAndFlags(args, {
    json: { type: 'boolean' },
    mermaid: { type: 'boolean' },
    dot: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (file === undefined) throw usageError('plan needs a file: orchestrace plan FILE, or - for stdin');
  const views = VIEWS.filter((view) => flags[view]);
  if (views.length > 1) throw usageError(`choose one of ${views.map((view) => `--${view}`).join(' and ')}`);
  let plan: Plan;
  try {
    plan = parsePlan(await readJson(file, 'plan', signal));
  } catch (error) {
    if (!(error instanceof ContentError) && !PlanError.isInstance(error)) throw error;
    sayFault(error);
    return 1;
  }
  process.stdout.write(render(plan, views[0]));
  return 0;
};

/** All of a plan, as it was asked for; what is too much for Mermaid is said. */
function renderWhole(plan: Plan, trace: ExecutionPlanTrace): string {
  const text = renderMermaid(plan, trace);
  const lines = text.match(/^ {2}t\d+ -/gm)?.length ?? 0;
  if (lines > MAX_MERMAID_LINES)
    sayFault(
      `Mermaid draws up to ${MAX_MERMAID_LINES} lines, unless maxEdges says otherwise; this plan has ${lines}: try --dot`,
    );
  return text;
}

function render(plan: Plan, view: (typeof VIEWS)[number] | undefined): string {
  const trace = createExecutionPlanTrace(plan);
  switch (view) {
    case 'json':
      return jsonText(trace);
    case 'mermaid':
      return `${renderWhole(plan, trace)}\n`;
    case 'dot':
      return `${renderDot(plan, trace)}\n`;
    case undefined: {
      const width = terminalWidth(process.stdout, process.env);
      return `${renderPlan(plan, trace, { width, color: terminalHasColor(process.stdout, process.env) })}\n`;
    }
  }
}
