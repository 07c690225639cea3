import { count, formatDuration, shorten } from '../../explain/format.ts';
import { escapeText } from '../../explain/tell/escape-text.ts';
import type { AttemptView, StepView } from '../view/run-view.ts';
import { isWrong, STATES } from './step-states.ts';
import { shownName } from './texts.ts';

/** What is said of a row in one place: a heading, and a text. */
export type Fact = readonly [name: string, text: string];

/** What stands beside a bar: what matters most, and what is said if there is room. */
export interface Label {
  readonly text: string;
  readonly note?: string;
  /** Whether it goes on although it took longer than usual. */
  readonly isOverdue?: boolean;
}

/** Of texts of others, in characters. */
const MAX_NOTE = 160;
/** By how much longer than usual a step took, in times, before that is said beside its bar; of one that runs it always is. */
const LONGER = 1.2;

/** @param ms what it took, so far */
export function stepLabel(step: StepView, ms: number, missing: readonly string[]): Label {
  const { state, usualMs, reason, error, attemptCount = 1 } = step;
  const { words } = STATES[state];
  const isRunning = state === 'running';
  const isLong = usualMs !== undefined && ms > usualMs * LONGER;
  if (step.startMs === undefined || state === 'skip') {
    const why = reason === undefined ? waitsFor(missing) : tell(reason);
    return { text: words, ...(why && { note: why }) };
  }
  const text = `${formatDuration(ms)}${usualMs !== undefined && (isRunning || isLong) ? `, usually ${formatDuration(usualMs)}` : ''}`;
  const why = error ?? reason;
  const notes = [
    ...(isWrong(state) ? [why === undefined ? words : `${words}: ${tell(why)}`] : []),
    ...(attemptCount > 1 ? [count(attemptCount, 'attempt')] : []),
  ];
  return {
    text,
    ...(notes.length > 0 && { note: notes.join(', ') }),
    ...(isRunning && usualMs !== undefined && ms > usualMs && { isOverdue: true }),
  };
}

/** A text of others in one line, with nothing invisible in it. */
function tell(text: string): string {
  return escapeText(shorten(text, MAX_NOTE));
}

/** Dependencies that a step is still missing. */
function waitsFor(missing: readonly string[]): string {
  if (missing.length === 0) return '';
  const [first, second] = missing.map(escapeText);
  const rest = missing.length > 2 ? ` and ${missing.length - 1} more` : '';
  return `waits for ${rest === '' && second !== undefined ? `${first} and ${second}` : `${first}${rest}`}`;
}

/** Everything that a step's row shows, in words. */
export function stepFacts(step: StepView, ms: number, missing: readonly string[]): Fact[] {
  const { startMs, waitMs, usualMs, slackMs, attempts, attemptCount = attempts.length, error, reason } = step;
  const isThere = startMs !== undefined;
  const took = step.endMs === undefined ? 'so far' : 'took';
  const why = error ?? reason;
  return [
    ...(isThere ? [['started', sinceStart(startMs)] as const] : []),
    ...(isThere && step.state !== 'skip' ? [[took, formatDuration(ms)] as const] : []),
    ...(usualMs === undefined ? [] : [['usually', formatDuration(usualMs)] as const]),
    ...(hasWaited(step) ? [['waited', `${formatDuration(waitMs)}${heldBy(step)}`] as const] : []),
    ...(attemptCount > 1 ? [['attempts', tellAttempts(attemptCount, attempts)] as const] : []),
    ...(step.isCritical ? [['critical', 'on the critical path'] as const] : []),
    ...(!step.isCritical && slackMs !== undefined ? [['slack', formatDuration(slackMs)] as const] : []),
    ...(why === undefined ? [] : [['because', tell(why).replace(/^because /, '')] as const]),
    ...(!isThere && missing.length > 0 ? [['missing', waitsFor(missing)] as const] : []),
  ];
}

/** When something started, e.g. `after 1.20 s`. */
export function sinceStart(ms: number): string {
  return ms < 0 ? `${formatDuration(-ms)} before the run` : `after ${formatDuration(ms)}`;
}

/** Shorter waits are the event loop's, and those of a process that is new before its first steps. */
const NOTICEABLE_MS = 1;
const COLD_START_MS = 10;

/** Whether a step waited so long with all it needs that it is worth a word. */
export function hasWaited({ waitMs, waitReason = 'unknown', dependsOn }: StepView): boolean {
  return waitMs >= (waitReason === 'unknown' && dependsOn.length === 0 ? COLD_START_MS : NOTICEABLE_MS);
}

/** What held a step, e.g. ` for a free slot, until rank ended`. */
function heldBy({ waitReason, waitedFor, lastDependency }: StepView): string {
  const until = waitedFor === undefined ? '' : `, until ${shownName(waitedFor)} ended`;
  switch (waitReason) {
    case 'slot':
      return ` for a free slot${until}`;
    case 'group':
      return ` for the groups before${until}`;
    case 'dependency':
      return lastDependency ? ` after ${shownName(lastDependency)} ended` : '';
    default:
      return ', reason unknown';
  }
}

function tellAttempts(number: number, attempts: readonly AttemptView[]): string {
  const each = attempts.slice(0, 5).map(({ outcome, startMs, endMs }) => {
    const words = outcome ? STATES[outcome].words : endMs === undefined ? 'running' : STATES.unknown.words;
    return endMs === undefined ? words : `${words} after ${formatDuration(endMs - startMs)}`;
  });
  const more = attempts.length > 5 ? ', …' : '';
  return each.length === 0 ? String(number) : `${number} (${each.join(', ')}${more})`;
}
