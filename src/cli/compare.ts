import { baselineOf } from '../explain/compare/baseline.ts';
import { compareRuns } from '../explain/compare/compare.ts';
import { compareWithBaseline } from '../explain/compare/compare-baseline.ts';
import type { Reference } from '../explain/compare/reference.ts';
import type { Run } from '../explain/read/run.ts';
import { tellBaseline } from '../explain/tell/tell-baseline.ts';
import { tellComparison } from '../explain/tell/tell-comparison.ts';
import type { ToldComparison } from '../explain/tell/told-comparison.ts';
import { type Command, parseWith, usageError } from './command.ts';
import { type BaselineChoice, earlierSuccesses, parseBaseline } from './compare/choose-baseline.ts';
import { baselineToJson, comparisonToJson } from './compare/comparison-json.ts';
import { renderMarkdown } from './compare/render-markdown.ts';
import { renderText } from './compare/render-text.ts';
import { FAIL_ON_HELP, type FailRule, failures, needsReference, parseFailOn } from './fail-on.ts';
import { jsonText } from './json-text.ts';
import { runHeadToJson } from './run-json.ts';
import { sayFault } from './say-fault.ts';
import { terminalHasColor, terminalWidth } from './terminal.ts';
import { type FoundRun, SOURCE_ENVIRONMENT, SOURCE_FLAGS, SOURCE_HELP, TraceSource } from './trace-source.ts';

const HELP = `Compares a run with one before it, or with many: what took longer, what ended otherwise, what is new in the plan.

Usage: orchestrace compare A B [--json | --markdown] [--fail-on LIST]
       orchestrace compare B --baseline last-success [...]
       orchestrace compare B --baseline median:20 [...]

A and B are each a trace id, or its first 6 digits or more; a file of traces (OTLP JSON, one a line as well, or Jaeger's JSON),
- for stdin; or latest. A is the run before, B the run after. --plan NAME alone, with --baseline, is the newest run of that plan.

Options:
  --baseline WHAT   instead of A: last-success, the newest earlier run of the same plan that succeeded; or median:N, the last N
                    of them (fewer if there are not so many). They are looked for where B is: in its file if that has more
                    runs of the plan, else in the store or Jaeger
${SOURCE_HELP}
  --json            the comparison as JSON
  --markdown        for a pull request
  --fail-on LIST    exit with 1 when one of these holds for B, such as failure,duration>+20%
  --help            this text

Examples:
  orchestrace compare before.jsonl after.jsonl
  orchestrace compare 0af765 latest
  orchestrace compare latest --baseline last-success
  orchestrace compare --plan nightly --baseline median:20 --fail-on 'failure, duration>+20%, step:rank>+50%'
  orchestrace compare main.jsonl branch.jsonl --markdown >> "$GITHUB_STEP_SUMMARY"

${FAIL_ON_HELP}

Environment:
${SOURCE_ENVIRONMENT}

Exit codes: 0 the comparison was made, whatever it says, or there is no earlier run for --baseline yet; 1 a rule of --fail-on
holds, 2 wrong use, or not found.
`;

const VIEWS = ['json', 'markdown'] as const;

/** A comparison of either kind, as this command needs it. */
interface Compared {
  readonly after: Run;
  /** Undefined where there is no run to compare with yet. */
  readonly reference: Reference | undefined;
  readonly view: ToldComparison;
  readonly toJson: (failed: readonly string[]) => Record<string, unknown>;
}

/** `orchestrace compare A B`. */
export const runCompare: Command = async (args, { signal }) => {
  const { values: flags, positionals } = parseWith(args, {
    ...SOURCE_FLAGS,
    baseline: { type: 'string' },
    json: { type: 'boolean' },
    markdown: { type: 'boolean' },
    'fail-on': { type: 'string' },
    help: { type: 'boolean' },
  });
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const views = VIEWS.filter((view) => flags[view]);
  if (views.length > 1) throw usageError(`choose one of ${views.map((view) => `--${view}`).join(' and ')}`);
  const rules = flags['fail-on'] === undefined ? [] : parseFailOn(flags['fail-on'], { hasReference: true });
  const baseline = flags.baseline === undefined ? undefined : parseBaseline(flags.baseline);
  checkRuns(positionals, baseline !== undefined, flags.plan !== undefined);

  await using source = new TraceSource(flags, signal);
  const compared = baseline
    ? await compareWithEarlier(source, positionals[0], baseline)
    : await compareTwo(source, positionals);
  const failed = failures(judged(rules, compared.reference), compared.after, compared.reference);
  process.stdout.write(render(compared, failed, views[0]));
  for (const sentence of failed) sayFault(sentence);
  return failed.length > 0 ? 1 : 0;
};

function checkRuns(given: readonly string[], hasBaseline: boolean, hasPlan: boolean): void {
  if (given.length > 2) throw usageError(`unexpected argument ${given[2]}: two runs at a time`);
  if (hasBaseline && given.length === 2)
    throw usageError('--baseline stands for the run before: leave it out, or give one run alone');
  if (hasBaseline ? given.length === 0 && !hasPlan : given.length < 2)
    throw usageError(
      'compare needs two runs: orchestrace compare A B, or one and --baseline last-success or median:20',
    );
  if (given[0] === '-' && given[1] === '-') throw usageError('stdin can be read once: - stands for one of the runs');
}

async function compareTwo(source: TraceSource, [a, b]: readonly string[]): Promise<Compared> {
  const before = await source.runOf(a);
  const after = await source.runOf(b);
  sayNotes([before, after]);
  return againstRun(before.run, after.run);
}

async function compareWithEarlier(
  source: TraceSource,
  given: string | undefined,
  choice: BaselineChoice,
): Promise<Compared> {
  const after = await source.runOf(given);
  const earlier = await earlierSuccesses(source, given, after, choice.runs);
  sayNotes([after, earlier]);
  const { runs, where } = earlier;
  if (runs.length === 0) return againstNothing(after.run, where);
  return choice.kind === 'median' ? againstMany(runs, after.run, choice.runs) : againstRun(runs[0]!, after.run);
}

function againstRun(before: Run, after: Run): Compared {
  const comparison = compareRuns(before, after);
  const { reference } = comparison;
  return {
    after,
    reference,
    view: tellComparison(comparison),
    toJson: (failed) => comparisonToJson(comparison, failed),
  };
}

function againstMany(runs: readonly Run[], after: Run, asked: number): Compared {
  const comparison = compareWithBaseline(baselineOf(runs), after);
  const { reference } = comparison;
  const view = tellBaseline(comparison, asked);
  return { after, reference, view, toJson: (failed) => baselineToJson(comparison, failed) };
}

/** The first run of a plan is no fault: CI that compares begins with it. */
function againstNothing(after: Run, where: string): Compared {
  const summary = `There is nothing to compare with yet: no run of ${after.planName} before this one succeeded, ${where}.`;
  const view = { summary, sides: [], columns: [], rows: [], rest: undefined, sections: [] };
  const toJson = (failed: readonly string[]): Record<string, unknown> => {
    return { summary, against: null, after: runHeadToJson(after), failed_rules: failed };
  };
  return { after, reference: undefined, view, toJson };
}

/** The rules that can be judged. Says which cannot, for there is no other run. */
function judged(rules: readonly FailRule[], reference: Reference | undefined): readonly FailRule[] {
  if (reference) return rules;
  const relative = rules.filter(needsReference).map(({ text }) => text);
  if (relative.length > 0) sayFault(`not judged, for there is no run before: ${relative.join(', ')}`);
  return rules.filter((rule) => !needsReference(rule));
}

/** Each once: what one source noted holds for all that it found after that. */
function sayNotes(found: readonly Pick<FoundRun, 'notes'>[]): void {
  for (const note of new Set(found.flatMap(({ notes }) => notes))) sayFault(note);
}

function render({ view, toJson }: Compared, failed: readonly string[], as: (typeof VIEWS)[number] | undefined): string {
  switch (as) {
    case 'json':
      return jsonText(toJson(failed));
    case 'markdown':
      return `${renderMarkdown(view, failed)}\n`;
    case undefined: {
      const width = terminalWidth(process.stdout, process.env);
      return `${renderText(view, { width, color: terminalHasColor(process.stdout, process.env) })}\n`;
    }
  }
}
