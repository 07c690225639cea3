import { formatLonger, formatRatio } from './change.ts';
import type { PlanChange } from './compare-plans.ts';
import { type Comparison, hasOtherOutcome, type LoneStep, type StepChange } from './comparison.ts';
import type { Share } from './divide-change.ts';
import { zeroOf } from '../facts-of-run.ts';
import { isFailing } from '../failures.ts';
import { fitSentences, sentence } from '../fit-sentences.ts';
import { count, formatDuration, formatNs, shorten, Wording } from '../format.ts';
import type { MeasuredRun } from './measure-run.ts';
import { nameStep, passOf, type StepName } from '../step-name.ts';
import { OUTCOMES } from '../tell/outcomes.ts';

/** Changes of less than this share of the run are not worth a word. */
const MATERIAL_SHARE = 0.01;
const MATERIAL_MS = 1;
/** A reason is named if it is at least this share of the whole change. */
const REASON_SHARE = 0.2;
const MAX_REASONS = 2;

const say = new Wording();

/** Least change in a run of this length that is worth a word, in milliseconds. */
export function materialMs(runMs: number): number {
  return Math.max(MATERIAL_MS, runMs * MATERIAL_SHARE);
}

/**
 * What a run took that ended, in milliseconds: how long one has run that did not says nothing of what is much. Of two that did not end, what
 * the longest step took that ended in both.
 */
export function endedMs({ before, after, steps }: Pick<Comparison, 'before' | 'after' | 'steps'>): number {
  const ended = [before, after].filter(({ span }) => span !== undefined);
  return ended.length > 0
    ? Math.max(...ended.map((run) => Number(run.endNs - zeroOf(run)) / 1e6))
    : steps.reduce((most, { duration }) => Math.max(most, duration.before, duration.after), 0);
}

/**
 * Says how a run differs from the one before, the most important first: another outcome, the duration with the steps that it is known to come
 * from, the plan.
 *
 * @returns at most 300 characters in one line
 */
export function summarizeComparison(
  comparison: Omit<Comparison, 'summary'>,
  before: MeasuredRun,
  after: MeasuredRun,
): string {
  const { duration, limits, planChanges } = comparison;
  if (!duration)
    return fitSentences([
      sentence(limits[0] ?? ''),
      failedStepSentence(comparison),
      openStepSentence(before, after) ?? stepSentence(comparison),
      planSentence(planChanges),
    ]);
  const outcome = outcomeSentence(before, after);
  const isOther = before.run.outcome !== after.run.outcome;
  const durations = [durationSentence(comparison, duration)];
  return fitSentences([
    differentPlans(comparison),
    outcome,
    ...(isOther ? [] : durations),
    failedStepSentence(comparison),
    planSentence(planChanges),
    ...(isOther ? durations : []),
    stepSentence(comparison),
  ]);
}

function differentPlans({ before, after, planChanges }: Omit<Comparison, 'summary'>): string | undefined {
  const isOther = planChanges.some(
    ({ kind }) => kind === 'tool_added' || kind === 'tool_removed' || kind === 'plan_hash',
  );
  if (before.planName === after.planName || !isOther) return undefined;
  const [old, now] = [before, after].map(({ planName }) => say.name(planName ?? 'one without a name'));
  return `These are runs of different plans, ${old} and ${now}.`;
}

function outcomeSentence(before: MeasuredRun, after: MeasuredRun): string | undefined {
  const [was, is] = [outcomeOf(before), outcomeOf(after)];
  const [old, now] = [before, after].map(({ analysis }) => analysis.failures.failed[0]);
  const why = now?.error ? ` (${shorten(now.error, 100)})` : '';
  if (was !== is) {
    const cause = is === 'failed' && now ? `: ${say.name(now.toolId)} failed${why}` : '';
    const place = was === 'failed' && old ? `, at ${say.name(old.toolId)}` : '';
    return sentence(`${is}${cause === '' ? ';' : ','} ${was} before${place}${cause}`);
  }
  if (is !== 'failed' || !now) return undefined;
  const other = old && old.toolId !== now.toolId ? `; before, at ${say.name(old.toolId)}` : ', as before';
  return `Failed at ${say.name(now.toolId)}${why}${other}.`;
}

function outcomeOf({ run: { outcome } }: MeasuredRun): string {
  if (outcome === undefined) return 'ended without an outcome';
  return isFailing(outcome) ? 'failed' : outcome === 'cancellation' ? 'cancelled' : 'succeeded';
}

function durationSentence(
  comparison: Omit<Comparison, 'summary'>,
  duration: NonNullable<Comparison['duration']>,
): string {
  const reasons = reasonsOf(comparison).map((share) => describeShare(share, comparison));
  const [was, is] = [duration.before, duration.after].map(formatDuration);
  if (Math.abs(duration.change) >= materialMs(duration.before)) {
    const ratio = formatRatio(duration);
    return sentence(
      `${formatLonger(duration)}${ratio && ` (${ratio})`}${reasons.length > 0 ? ': ' : ''}${reasons.join('; ')}`,
    );
  }
  if (isSame(comparison)) return `Nothing changed: ${is}, ${count(comparison.steps.length, 'step')}.`;
  const head = was === is ? `As long as before: ${is}` : `About as long as before: ${is} instead of ${was}`;
  return sentence([head, ...reasons].join('; '));
}

function isSame({ duration, steps, onlyBefore, onlyAfter, planChanges }: Omit<Comparison, 'summary'>): boolean {
  const lone = onlyBefore.length + onlyAfter.length;
  const changes = [duration, ...steps.flatMap((step) => [step.start, step.duration, step.wait, step.attempts])];
  return lone + planChanges.length === 0 && changes.every((one) => one?.change === 0) && !steps.some(hasOtherOutcome);
}

/** The parts that most of the change comes from, and those that made up for it. */
function reasonsOf({ shares = [], duration }: Omit<Comparison, 'summary'>): Share[] {
  if (!duration) return [];
  const least = Math.max(materialMs(duration.before), Math.abs(duration.change) * REASON_SHARE);
  return shares
    .filter(({ total }) => Math.abs(total.change) >= least)
    .toSorted((a, b) => Math.abs(b.total.change) - Math.abs(a.total.change))
    .slice(0, MAX_REASONS);
}

/** What became of a part of the duration: a clause. */
export function describeShare(
  { kind, before, after, total, gap }: Share,
  comparison: Pick<Comparison, 'steps' | 'onlyBefore' | 'onlyAfter'>,
): string {
  const [step] = after;
  if (kind === 'end') return `${moreOrLess(total.change)} passed after the last step`;
  if (kind === 'step' && step) {
    const own = total.change - (gap?.change ?? 0);
    if (gap && Math.abs(gap.change) > Math.abs(own))
      return `${moreOrLess(gap.change)} passed before ${nameStep(step)} started`;
    const attempts = comparison.steps.find((one) => isStep(one, step))?.attempts;
    return `${nameStep(step)} took ${own < 0 ? moreOrLess(own) : formatLonger({ change: own })}${attempts ? describeAttempts(attempts) : ''}`;
  }
  const [old, now] = [before, after].map((names) => say.names(names.map(nameStep)));
  const [was, is] = [formatDuration(total.before), formatDuration(total.after)];
  if (before.length === 0)
    return areIdle(after, comparison.onlyAfter, comparison, 'outcomeBefore')
      ? `${now} did not run before (${is})`
      : `the run waited for ${now} as well (${is})`;
  if (after.length === 0)
    return areIdle(before, comparison.onlyBefore, comparison, 'outcomeAfter')
      ? `${old} did not run (${was})`
      : `the run no longer waited for ${old} (${was})`;
  return `the run waited for ${now} (${is}), before for ${old} (${was})`;
}

/** Whether it is certain of all these steps of one run that the other run did without them. */
function areIdle(
  names: readonly StepName[],
  alone: readonly LoneStep[],
  { steps }: Pick<Comparison, 'steps'>,
  outcome: 'outcomeBefore' | 'outcomeAfter',
): boolean {
  const idle = new Set([
    ...alone.filter(({ reason }) => reason !== 'no span').map(passOf),
    ...steps.filter((step) => step[outcome] === 'skip').map(passOf),
  ]);
  return names.every((name) => idle.has(passOf(name)));
}

function moreOrLess(change: number): string {
  return `${formatDuration(Math.abs(change))} ${change < 0 ? 'less' : 'more'}`;
}

function describeAttempts({ before, after, change }: StepChange['attempts']): string {
  return change === 0 ? '' : `, ${count(after, 'attempt')} instead of ${before}`;
}

/** A step that failed in a run that did not, and not before. Of a run that failed, the first sentence names one. */
function failedStepSentence({ steps, after }: Omit<Comparison, 'summary'>): string | undefined {
  const failed = steps.filter((step) => hasOtherOutcome(step) && isFailing(step.outcomeAfter));
  const [first] = failed;
  if (!first || isFailing(after.outcome)) return undefined;
  const more = failed.length > 1 ? ` (and ${count(failed.length - 1, 'more step')} failed)` : '';
  return `${nameStep(first)} ${describeOutcomes(first)}${more}.`;
}

/** E.g. `failed, succeeded before`. */
export function describeOutcomes({ outcomeAfter, outcomeBefore }: StepChange): string {
  const [[, is], [, was]] = [OUTCOMES[outcomeAfter ?? 'unknown'], OUTCOMES[outcomeBefore ?? 'unknown']];
  return `${is}, ${was} before`;
}

/** Of a run that has not ended, the step that has run longest beyond what it took before: where it hangs, or hung when its process died. */
function openStepSentence(before: MeasuredRun, after: MeasuredRun): string | undefined {
  const open = [...after.steps].flatMap(([key, step]) => {
    const wasNs = before.steps.get(key)?.durationNs;
    return step.standing && wasNs !== undefined ? { step, wasNs, beyondNs: step.durationNs - wasNs } : [];
  });
  const [longest] = open.toSorted((a, b) => b.beyondNs - a.beyondNs);
  if (!longest || longest.beyondNs <= 0) return undefined;
  const { step, wasNs } = longest;
  const [has, took] = [step.standing === 'running' ? 'has' : 'had', formatNs(step.durationNs)];
  return `${nameStep(step)} ${has} run for ${took}, and took ${formatNs(wasNs)} before.`;
}

/** What changed most among the steps, unless it has been said. */
function stepSentence(comparison: Omit<Comparison, 'summary'>): string | undefined {
  const { steps, duration } = comparison;
  const [first] = steps.toSorted((a, b) => Math.abs(b.duration.change) - Math.abs(a.duration.change));
  if (!first) return undefined;
  if (Math.abs(first.duration.change) < materialMs(duration?.before ?? endedMs(comparison))) return undefined;
  if (reasonsOf(comparison).some(({ after }) => after.some((step) => isStep(first, step)))) return undefined;
  return `Of the steps, ${nameStep(first)} changed most: ${formatLonger(first.duration)}${describeAttempts(first.attempts)}.`;
}

/** What changed in the plan. */
export function planSentence(changes: readonly PlanChange[]): string | undefined {
  const idsOf = (wanted: PlanChange['kind']): string[] =>
    changes.flatMap(({ kind, toolId }) => (kind === wanted && toolId !== undefined ? toolId : []));
  const [added, removed] = [idsOf('tool_added'), idsOf('tool_removed')];
  // Where tools come and go, others move: that is no news.
  const others = changes.filter(({ kind }) => kind !== 'tool_added' && kind !== 'tool_removed' && kind !== 'group');
  const rest = added.length + removed.length > 0 || others.length > 0 ? others : changes;
  const [first] = rest;
  if (added.length + removed.length === 0) {
    if (!first) return undefined;
    const more = rest.length > 1 ? ` (and ${count(rest.length - 1, 'more change')})` : '';
    return sentence(`${first.toolId === undefined ? '' : 'in the plan, '}${first.text}${more}`);
  }
  const more = rest.length > 0 ? ` (and ${count(rest.length, 'more change')})` : '';
  if (added.length > 0 && removed.length > 0)
    return `The plan has ${say.names(added)}, and no longer ${say.names(removed)}${more}.`;
  const ids = added.length > 0 ? added : removed;
  const number = ids.length === 1 ? 'one tool' : `${ids.length} tools`;
  return `The plan has ${number} ${added.length > 0 ? 'more' : 'fewer'}: ${say.names(ids)}${more}.`;
}

function isStep(a: StepName, b: StepName): boolean {
  return a.toolId === b.toolId && a.iteration === b.iteration;
}
