import type { Analysis } from './analysis.ts';
import { isFailing } from './failures.ts';
import { ran, type StepFacts } from './facts.ts';
import { type Finding, findMainFindings, isFault } from './findings.ts';
import { fitSentences, sentence, stop } from './fit-sentences.ts';
import { count, formatNs } from './format.ts';

/** Tools of the critical path that are named; of a longer one the middle is left out. */
const MAX_PATH = 5;

/**
 * Says in one or two sentences how a run went and why, the most important thing first: what failed, where it is stuck, else what is wrong or
 * took the time. Numbers have units. What cannot be known is not said.
 *
 * @returns at most 300 characters in one line
 */
export function giveVerdict(analysis: Analysis): string {
  return fitSentences(sentencesOf(analysis));
}

/** Sentences that could be said, the most important first. */
function sentencesOf(analysis: Analysis): string[] {
  const { facts, failures } = analysis;
  const took = formatNs(facts.durationNs);
  if (facts.omitted)
    return [
      `${headOf(analysis, took)}.`,
      `Of its ${facts.steps.length + facts.omitted} steps, only the first ${facts.steps.length} were kept to explain it.`,
    ];
  if (facts.isLoose) return looseSentences(analysis, took);
  if (!facts.hasEnded) return unendedSentences(analysis, took);
  if (facts.outcome === 'cancellation') return cancelledSentences(analysis, took);
  const findings = findMainFindings(analysis);
  if (failures.failed.length > 0 || isFailing(facts.outcome)) return failedSentences(analysis, findings, took);
  const [best, ...others] = findings;
  const isWrong = best && isFault(best);
  return [
    sentence(
      best
        ? `${headOf(analysis, took)}${isWrong ? ', but' : ':'} ${best.text}`
        : `${headOf(analysis, took)}${stepsOf(analysis)}`,
    ),
    ...elsewhereSentence(analysis),
    ...(isWrong ? others.slice(0, 1).map((finding) => sentenceOf(finding, analysis)) : []),
    ...(best && skippedText(analysis) ? [stop(skippedText(analysis))] : []),
    ...pathSentence(analysis),
  ];
}

/** How it ended, and how long it took. */
function headOf(analysis: Analysis, took: string): string {
  const { say, facts, failures } = analysis;
  const [cause] = failures.failed;
  if (facts.outcome === 'cancellation')
    return `Cancelled after ${took}${cancelReason(analysis)}${cause ? `; ${say.name(cause.toolId)} had failed` : ''}`;
  if (isFailing(facts.outcome) || (cause && facts.outcome !== 'success')) return `Failed after ${took}`;
  // Who recorded it need not say how it ended.
  return `${facts.outcome === 'success' ? 'Succeeded in' : 'Ended after'} ${took}`;
}

/** Who cancelled it may say why. */
function cancelReason({ say, facts }: Analysis): string {
  const reason = say.reason(facts.cancelReason, 100, '');
  return reason === '' ? '' : ` (${reason})`;
}

/** What there is to say of the steps of a run in which nothing went wrong. */
function stepsOf(analysis: Analysis): string {
  if (analysis.facts.steps.length === 0) return '; it had no steps';
  const skipped = skippedText(analysis);
  return skipped === '' ? '' : `; ${skipped}`;
}

/** What was skipped; empty when nothing was. */
function skippedText({ say, facts, failures: { skipped } }: Analysis): string {
  if (skipped.length === 0) return '';
  const reasons = new Map(facts.steps.flatMap((step) => (ran(step) ? [] : [[step.toolId, step.skipReason] as const])));
  const reason = reasons.get(skipped[0]!);
  const alike = skipped.filter((toolId) => reasons.get(toolId) === reason);
  const others = skipped.length - alike.length;
  const more = others > 0 ? `; ${count(others, 'other step')} skipped for other reasons` : '';
  return `${say.names(alike)} skipped: ${say.reason(reason, 80)}${more}`;
}

function elsewhereSentence({ say, facts: { elsewhere } }: Analysis): string[] {
  if (!elsewhere) return [];
  if (elsewhere.size === 0) return ['What another process did is not counted.'];
  return [`What became of ${say.names([...elsewhere])} in another process is not counted.`];
}

function pathSentence({ say, path, facts, criticalPath }: Analysis): string[] {
  if (path.length < 2) return [];
  const name = (step: number): string => say.step(facts.steps[step]!);
  const half = Math.floor(MAX_PATH / 2);
  const isLong = path.length > MAX_PATH;
  const shown = isLong ? [...path.slice(0, half).map(name), '…', ...path.slice(-half).map(name)] : path.map(name);
  const length = isLong ? ` (${path.length} steps)` : '';
  return [`Critical path ${shown.join(' > ')}${length}, ${formatNs(criticalPath.length)}.`];
}

function failedSentences(analysis: Analysis, findings: readonly Finding[], took: string): string[] {
  const { say, facts, failures } = analysis;
  const { failed, affected, cancelled, notStarted, skipped } = failures;
  const [cause, ...others] = failed;
  // A step may fail in a run whose executor made good for it.
  const head = `${headOf(analysis, took)}${isFailing(facts.outcome) || facts.outcome === undefined ? ':' : ', although'}`;
  if (!cause) {
    const why = say.reason(facts.error, 200, 'no step says why');
    return [
      sentence(`${head} ${why}`),
      ...runningSentence(analysis),
      ...idleSentence(analysis, [...skipped, ...notStarted]),
    ];
  }
  const what = cause.outcome === 'timeout' ? 'timed out' : cause.outcome === 'error' ? 'could not be run' : 'failed';
  const attempts = cause.attempts > 1 ? ` after ${cause.attempts} attempts` : '';
  const said = say.reason(cause.error, 100, '');
  const why = said === '' ? '' : ` (${said})`;
  const affects = affected.length > 0 ? `; ${say.names(affected)} did not run because of it` : '';
  const isTold = new Set([...affected, ...cancelled]);
  return [
    `${head} ${say.name(cause.toolId)} ${what}${attempts}${why}${affects}.`,
    // It may have failed because it got nothing of what it was to read.
    ...findings
      .filter(({ kind, toolIds }) => kind === 'unresolved_mapping' && toolIds.includes(cause.toolId))
      .map((finding) => sentenceOf(finding, analysis)),
    ...othersSentence(analysis, others),
    ...cancelSentence(analysis),
    ...runningSentence(analysis),
    ...idleSentence(
      analysis,
      [...skipped, ...notStarted].filter((toolId) => !isTold.has(toolId)),
    ),
    ...findings
      .filter(isFault)
      .slice(0, 1)
      .map((finding) => sentenceOf(finding, analysis)),
  ];
}

function othersSentence({ say }: Analysis, others: readonly StepFacts[]): string[] {
  const [other] = others;
  if (!other) return [];
  const said = others.length === 1 ? say.reason(other.error, 80, '') : '';
  const why = said === '' ? '' : ` (${said})`;
  return [`${say.names(others.map(({ toolId }) => toolId))} failed after it${why}.`];
}

/** Of a run that failed and was cancelled besides. */
function cancelSentence(analysis: Analysis): string[] {
  const { say, facts, failures } = analysis;
  const { cancelled } = failures;
  if (cancelled.length === 0 && facts.cancelReason === undefined) return [];
  const idle = cancelled.length > 0 ? `; ${say.names(cancelled)} did not run because of that` : '';
  return [`The run was cancelled${cancelReason(analysis)}${idle}.`];
}

function runningSentence({ say, facts: { running } }: Analysis): string[] {
  return running ? [`${say.names(running)} still ran when it ended.`] : [];
}

function idleSentence({ say }: Analysis, toolIds: readonly string[]): string[] {
  return toolIds.length > 0 ? [`${say.names(toolIds)} did not run.`] : [];
}

function cancelledSentences(analysis: Analysis, took: string): string[] {
  const { say, facts, failures } = analysis;
  const cancelled = facts.steps.filter(({ outcome }) => outcome === 'cancellation').map(({ toolId }) => toolId);
  const cut = [...cancelled, ...(facts.running ?? [])];
  const total = facts.plan.tools.length;
  const meanwhile = cut.length > 0 ? ` while ${say.names([...new Set(cut)])} ran` : '';
  const done =
    total > 0
      ? `: ${failures.done.length === 0 ? 'none' : failures.done.length} of ${count(total, 'step')} had succeeded`
      : '';
  const [cause] = failures.failed;
  const why = cause && say.reason(cause.error, 100, '');
  return [
    `Cancelled after ${took}${cancelReason(analysis)}${meanwhile}${done}.`,
    ...(cause ? [`${say.name(cause.toolId)} had failed${why ? ` (${why})` : ''}.`] : []),
    ...idleSentence(analysis, [...failures.skipped, ...failures.notStarted]),
  ];
}

/** Of steps that no run holds. */
function looseSentences({ say, facts, failures }: Analysis, took: string): string[] {
  const [cause, ...others] = failures.failed;
  const toolIds = [...new Set(facts.steps.map(({ toolId }) => toolId))];
  const parent = `no run, and no parent of ${toolIds.length === 1 ? 'it' : 'them'}, arrived`;
  const why = cause && others.length === 0 ? say.reason(cause.error, 100, '') : '';
  return [
    `${say.names(toolIds)} ran ${facts.isDetached ? `in ${took}; ${parent}` : `outside of any run, in ${took}`}.`,
    ...(cause ? [`${say.names(failures.failed.map((step) => say.step(step)))} failed${why ? ` (${why})` : ''}.`] : []),
  ];
}

/** Of a run that goes on, or whose process ended before it did. */
function unendedSentences(analysis: Analysis, took: string): string[] {
  const { say, facts, failures } = analysis;
  const { plan, steps } = facts;
  const seen = new Set(steps.flatMap(({ tool }) => (tool < 0 ? [] : tool)));
  const total = plan.tools.length;
  const ended = total > 0 ? `${seen.size} of ${count(total, 'planned step')}` : count(steps.length, 'step');
  const head =
    steps.length === 0
      ? 'No end of the run arrived, nor of any step'
      : `No end of the run arrived: ${ended} ended, the last ${took} after the start`;
  const [cause] = failures.failed;
  const failed = cause ? [`${say.name(cause.toolId)} failed (${say.reason(cause.error, 100)}).`] : [];
  const open = openTools(analysis, seen);
  if (open.length === 0) return [`${head}.`, ...failed];
  const cut = new Set(failures.affected);
  const waiting = plan.tools.filter(({ toolId }, tool) => !seen.has(tool) && !cut.has(toolId)).length - open.length;
  const isOne = open.length === 1;
  return [
    `${head}. ${say.names(open)} could run, and no end of ${isOne ? 'it' : 'them'} arrived.`,
    ...failed,
    ...(waiting > 0 ? [`${count(waiting, 'more step')} waited for ${isOne ? 'it' : 'them'}.`] : []),
  ];
}

/** Tools without a span that have all that they need: they run, or ended unseen. */
function openTools({ facts: { plan }, failures }: Analysis, seen: ReadonlySet<number>): string[] {
  const done = new Set(failures.done);
  const failed = new Set(failures.failed.map(({ toolId }) => toolId));
  return plan.tools.flatMap(({ toolId, joinsAny }, tool) => {
    if (seen.has(tool)) return [];
    const needs = plan.needs.needs.subarray(plan.needs.start[tool], plan.needs.start[tool + 1]);
    const isDone = (needed: number): boolean => done.has(plan.tools[needed]!.toolId);
    const isFree = joinsAny && needs.length > 0 ? needs.some(isDone) : needs.every(isDone);
    const isNext = !plan.isSerial || tool === 0 || (seen.has(tool - 1) && !failed.has(plan.tools[tool - 1]!.toolId));
    return isFree && isNext ? toolId : [];
  });
}

/** A finding as a sentence of its own: with a capital, unless it begins with a name. */
function sentenceOf({ text, toolIds }: Finding, { say }: Analysis): string {
  const isName = toolIds.some((toolId) => text.startsWith(say.name(toolId)));
  return isName ? stop(text) : sentence(text);
}
