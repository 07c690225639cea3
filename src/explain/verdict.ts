import type { Analysis } from './analysis.ts';
import { type Finding, findMainFindings, isFault } from './findings.ts';
import { count, formatNs, shorten } from './format.ts';

/** Longest verdict, in UTF-16 code units. */
export const MAX_VERDICT_LENGTH = 300;
/** Tools of the critical path that are named; of a longer one the middle is left out. */
const MAX_PATH = 5;

/**
 * Says in one or two sentences how a run went and why, the most important thing first: what failed, where it is stuck, else what is wrong or
 * took the time. Numbers have units. What cannot be known is not said.
 *
 * @returns at most {@link MAX_VERDICT_LENGTH} characters in one line
 */
export function giveVerdict(analysis: Analysis): string {
  const [first, ...more] = sentencesOf(analysis, findMainFindings(analysis));
  let verdict = shorten(first ?? '', MAX_VERDICT_LENGTH);
  const next = more.find((sentence) => verdict.length + sentence.length < MAX_VERDICT_LENGTH);
  if (next !== undefined) verdict += ` ${next}`;
  return verdict;
}

/** Sentences that could be said, the most important first. */
function sentencesOf(analysis: Analysis, findings: readonly Finding[]): string[] {
  const { facts, failures } = analysis;
  const took = formatNs(facts.durationNs);
  if (facts.omitted)
    return [
      summaryOf(analysis, took),
      `Of its ${facts.steps.length + facts.omitted} steps, only the first ${facts.steps.length} were kept to explain it.`,
    ];
  if (facts.outcome === undefined) return unendedSentences(analysis, took);
  if (
    failures.failed.length > 0 ||
    facts.outcome === 'failure' ||
    facts.outcome === 'error' ||
    facts.outcome === 'timeout'
  )
    return failedSentences(analysis, findings, took);
  if (facts.outcome === 'cancellation') return cancelledSentences(analysis, took);
  const [best, ...others] = findings;
  const wrong = best && isFault(best);
  const head = best
    ? `Succeeded in ${took}${wrong ? ', but' : ':'} ${best.text}.`
    : `Succeeded in ${took}${stepsOf(analysis)}.`;
  return [
    head,
    ...(wrong ? others.slice(0, 1).map(({ text }) => sentence(text)) : []),
    ...pathSentence(analysis, best),
  ];
}

/** Of a run that is too large to be explained. */
function summaryOf({ say, facts, failures }: Analysis, took: string): string {
  const [cause] = failures.failed;
  const words = { success: 'Succeeded in', cancellation: 'Cancelled after' } as const;
  const head = `${words[facts.outcome as keyof typeof words] ?? 'Failed after'} ${took}`;
  return cause ? `${head}; ${say.name(cause.toolId)} failed.` : `${head}.`;
}

/** What did not run is said of a run that is a success all the same. */
function stepsOf({ say, facts, failures }: Analysis): string {
  const { skipped } = failures;
  if (skipped.length === 0) return facts.steps.length === 0 ? '; it had no steps' : '';
  const reason = facts.steps.find(
    ({ toolId, skipReason }) => toolId === skipped[0] && skipReason !== undefined,
  )?.skipReason;
  return `; ${say.names(skipped)} skipped: ${say.reason(reason, 80)}`;
}

function pathSentence({ say, path, facts, criticalPath }: Analysis, best: Finding | undefined): string[] {
  if (path.length === 0 || (path.length === 1 && best?.toolIds[0] === facts.steps[path[0]!]!.toolId)) return [];
  const name = (step: number): string => say.name(facts.steps[step]!.toolId);
  const half = Math.floor(MAX_PATH / 2);
  const isLong = path.length > MAX_PATH;
  const shown = isLong ? [...path.slice(0, half).map(name), '…', ...path.slice(-half).map(name)] : path.map(name);
  const length = isLong ? ` (${path.length} steps)` : '';
  return [`Critical path ${shown.join(' > ')}${length}, ${formatNs(criticalPath.length)}.`];
}

function failedSentences(analysis: Analysis, findings: readonly Finding[], took: string): string[] {
  const { say, facts, failures } = analysis;
  const { failed, affected, notStarted, skipped } = failures;
  const [cause, ...others] = failed;
  // A step may fail in a run whose executor made good for it.
  const head = facts.outcome === 'success' ? `Succeeded in ${took}, although` : `Failed after ${took}:`;
  if (!cause) {
    const why = say.reason(facts.error, 200, 'no step says why');
    return [`${head} ${why}${/[.!?…]$/.test(why) ? '' : '.'}`, ...idleSentence(analysis, [...skipped, ...notStarted])];
  }
  const what = cause.outcome === 'timeout' ? 'timed out' : cause.outcome === 'error' ? 'could not be run' : 'failed';
  const attempts = cause.attempts > 1 ? ` after ${cause.attempts} attempts` : '';
  const said = say.reason(cause.error, 100, '');
  const why = said === '' ? '' : ` (${said})`;
  const affects = affected.length > 0 ? `; ${say.names(affected)} did not run because of it` : '';
  const rest = [...skipped, ...notStarted].filter((toolId) => !affected.includes(toolId));
  return [
    `${head} ${say.name(cause.toolId)} ${what}${attempts}${why}${affects}.`,
    ...(others.length > 0 ? [`${say.names(others.map(({ toolId }) => toolId))} failed after it.`] : []),
    ...idleSentence(analysis, rest),
    ...findings
      .filter(({ toolIds }) => toolIds[0] !== cause.toolId)
      .slice(0, 1)
      .map(({ text }) => sentence(text)),
  ];
}

function idleSentence({ say }: Analysis, toolIds: readonly string[]): string[] {
  return toolIds.length > 0 ? [`${say.names(toolIds)} did not run.`] : [];
}

function cancelledSentences(analysis: Analysis, took: string): string[] {
  const { say, facts, failures } = analysis;
  const cut = facts.steps.filter(({ outcome }) => outcome === 'cancellation').map(({ toolId }) => toolId);
  const total = facts.plan.tools.length;
  const meanwhile = cut.length > 0 ? ` while ${say.names([...new Set(cut)])} ran` : '';
  const done = total > 0 ? `: ${failures.done.length} of ${count(total, 'step')} had succeeded` : '';
  const idle = [...failures.skipped, ...failures.notStarted];
  return [`Cancelled after ${took}${meanwhile}${done}.`, ...idleSentence(analysis, idle)];
}

/** Of a run that goes on, or whose process ended before it did. */
function unendedSentences(analysis: Analysis, took: string): string[] {
  const { say, facts, failures } = analysis;
  const { plan, steps } = facts;
  const ended = new Set(steps.map(({ tool }) => tool));
  const total = plan.tools.length;
  const seen =
    total > 0
      ? `${plan.tools.filter((_, tool) => ended.has(tool)).length} of ${count(total, 'planned step')}`
      : count(steps.length, 'step');
  const head = `No end of the run arrived: ${seen} ended within ${took}`;
  const [cause] = failures.failed;
  const failed = cause ? [`${say.name(cause.toolId)} failed (${say.reason(cause.error, 100)}).`] : [];
  const open = openTools(analysis, ended);
  if (open.length === 0) return [`${head}.`, ...failed];
  const waiting = total - ended.size - open.length - (ended.has(-1) ? -1 : 0);
  const verb = open.length === 1 ? 'has all it needs' : 'have all they need';
  return [
    `${head}; ${say.names(open)} ${verb} and ${open.length === 1 ? 'has' : 'have'} not ended.`,
    ...failed,
    ...(waiting > 0 ? [`${count(waiting, 'more step')} ${waiting === 1 ? 'waits' : 'wait'} for that.`] : []),
  ];
}

/** Tools without a span that have all that they need: they run, or ended unseen. */
function openTools({ facts: { plan }, failures }: Analysis, ended: ReadonlySet<number>): string[] {
  const done = new Set(failures.done);
  return plan.tools.flatMap(({ toolId }, tool) => {
    if (ended.has(tool)) return [];
    const needs = plan.needs.needs.subarray(plan.needs.start[tool], plan.needs.start[tool + 1]);
    const isFree = needs.every((needed) => done.has(plan.tools[needed]!.toolId));
    const isNext = !plan.isSerial || tool === 0 || ended.has(tool - 1);
    return isFree && isNext ? toolId : [];
  });
}

function sentence(clause: string): string {
  return `${clause}.`;
}
