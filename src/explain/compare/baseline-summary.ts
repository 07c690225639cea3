import { nameBaseline } from './baseline.ts';
import { type BaselineComparison, isOutside, type Placed, type PlacedStep } from './baseline-comparison.ts';
import { formatLonger, formatRatio } from './change.ts';
import { materialMs, planSentence } from './comparison-summary.ts';
import { isFailing } from '../failures.ts';
import { fitSentences, sentence } from '../fit-sentences.ts';
import { count, formatDuration, shorten, Wording } from '../format.ts';
import type { MeasuredRun } from './measure-run.ts';
import { nameStep } from '../step-name.ts';
import { OUTCOMES } from '../tell/outcomes.ts';

type Facts = Omit<BaselineComparison, 'summary'>;

const say = new Wording();

/**
 * Says how a run differs from many before it, the most important first: that it failed, its duration, the step that is farthest from its
 * median, the plan.
 *
 * @returns at most 300 characters in one line
 */
export function summarizeAgainstBaseline(facts: Facts, measured: MeasuredRun): string {
  const { duration, limits, planChanges } = facts;
  return fitSentences([
    ...(duration ? [outcomeSentence(facts, measured), durationSentence(facts, duration)] : [sentence(limits[0] ?? '')]),
    failedStepSentence(facts),
    stepSentence(facts),
    planSentence(planChanges),
  ]);
}

function outcomeSentence({ baseline, after }: Facts, { analysis }: MeasuredRun): string | undefined {
  const { outcome } = after;
  if (outcome === 'success' || outcome === undefined) return undefined;
  const [cause] = analysis.failures.failed;
  const why = cause?.error ? ` (${shorten(cause.error, 100)})` : '';
  const what = isFailing(outcome) ? `Failed${cause ? ` at ${say.name(cause.toolId)}${why}` : ''}` : 'Cancelled';
  const { runs, succeeded } = baseline;
  const before = succeeded < runs ? `${succeeded} of ${runs} runs` : runs === 1 ? 'the one run' : `all ${runs} runs`;
  return `${what}; ${before} before succeeded.`;
}

function durationSentence({ baseline }: Facts, { spread, change, place }: Placed): string {
  const { median, min, max } = spread;
  const [took, usual] = [formatDuration(change.after), formatDuration(median)];
  const name = nameBaseline(baseline);
  if (Math.abs(change.change) < materialMs(median))
    return took === usual ? `As long as ${name}: ${took}.` : `About as long as ${name}: ${took} instead of ${usual}.`;
  if (place === 'within')
    return `Within what ${baseline.runs} runs took: ${took} (median ${usual}, ${formatDuration(min)} to ${formatDuration(max)}).`;
  const ratio = formatRatio(change);
  const any = baseline.runs === 1 ? '' : `, and ${place === 'above' ? 'longer' : 'shorter'} than any of them`;
  return `${formatLonger(change)} than ${name}${ratio && ` (${ratio})`}${any}.`;
}

/** A step that failed in a run that did not, and in none before. Of a run that failed, the first sentence names one. */
function failedStepSentence({ steps, after }: Facts): string | undefined {
  const first = steps.find(({ outcome, usual }) => isFailing(outcome) && usual.failed === 0);
  if (!first || isFailing(after.outcome)) return undefined;
  const [, words] = OUTCOMES[first.outcome ?? 'unknown'];
  return `${nameStep(first)} ${words}, as in none of ${count(first.usual.ran, 'run')} before.`;
}

/** The step outside of what it took before that is farthest from its median. */
function stepSentence({ steps, duration }: Facts): string | undefined {
  const least = materialMs(duration?.spread.median ?? 0);
  const outside = steps.filter((step) => isOutside(step) && Math.abs(step.duration.change.change) >= least);
  const [first] = outside;
  if (!first) return undefined;
  const more = outside.length > 1 ? ` (and ${count(outside.length - 1, 'more step')} outside of the usual range)` : '';
  return `Of the steps, ${describeStep(first)}${more}.`;
}

/** A clause. */
function describeStep(step: PlacedStep): string {
  const { spread, change } = step.duration;
  const [median, min, max] = [spread.median, spread.min, spread.max].map(formatDuration);
  const usual = min === max ? median : `${min} to ${max} (median ${median})`;
  return `${nameStep(step)} took ${formatDuration(change.after)} instead of ${usual}`;
}
