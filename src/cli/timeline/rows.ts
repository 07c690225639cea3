import type { ExplainedStep, Explanation } from '../../explain/explain-run.ts';
import type { ReceivedSpan } from '../../explain/read/received-span.ts';
import type { Attempt, Group, Run, SpanNode, Step } from '../../explain/read/run.ts';
import { nameSpan } from '../../explain/tell/name-span.ts';
import { nameStep } from '../../explain/tell/name-step.ts';
import { OUTCOMES } from '../../explain/tell/outcomes.ts';
import { OUTCOME_STYLES, type Style } from '../paint.ts';
import { stepsOf } from '../../explain/read/steps-of.ts';
import { escapeText } from '../terminal-text.ts';

/** Spans of others shown below one parent, and how deep. The rest is counted. */
const MAX_SPANS = 5;
const MAX_DEPTH = 8;
/** Steps of a run that are shown where not all of them need to be. */
const MAX_STEPS = 60;
/** What these weigh, in milliseconds: more than any duration. */
const CRITICAL = 1e12;
const WRONG = 1e13;
const NS_PER_MS = 1e6;

/** A line of the picture: a label, and a bar on the time axis or words in its place. */
export interface Row {
  readonly indent: number;
  readonly mark?: string;
  readonly label: string;
  readonly style?: Style | undefined;
  readonly bar?: Bar | undefined;
  readonly text?: string;
}

export interface Bar {
  readonly kind: 'group' | 'step' | 'span';
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** From when a step had all it needs; absent where that is not known, or was its start. */
  readonly readyNs?: bigint;
  /** Whether it is to stand back behind the steps of the critical path. */
  readonly isAside?: boolean;
}

/**
 * The lines of a run: groups, steps, attempts, spans of others, inner runs.
 *
 * @param explanation what is known of its steps; without it, all of them look alike. With it, a large run shows those that matter: they are to
 *   be read, and the rest is counted
 */
export function rowsOf(run: Run, explanation?: Explanation): Row[] {
  const explained = explanation && explainedBySpan(explanation);
  const rows: Row[] = [];
  addRun(rows, run, 0, explained, explained && chooseSteps(run, explained));
  return rows;
}

interface RowStep extends ExplainedStep {
  /** False for all where no critical path is known. */
  readonly isAside: boolean;
}

/** By the ids of their spans; a step without a span has no place on the axis. */
type Explained = ReadonlyMap<string | undefined, RowStep>;

function explainedBySpan({ steps }: Explanation): Explained {
  const hasPath = steps.some(({ isCritical }) => isCritical);
  const placed = steps.filter(({ spanId }) => spanId !== undefined);
  return new Map(placed.map((step) => [step.spanId, { ...step, isAside: hasPath && !step.isCritical }]));
}

/** Those that went wrong, those of the critical path, and the longest; undefined when all can be shown. */
function chooseSteps(run: Run, explained: Explained): ReadonlySet<Step> | undefined {
  const steps = stepsOf(run);
  if (steps.length <= MAX_STEPS) return undefined;
  const weightOf = (step: Step): number => {
    const { isCritical = false, durationMs = 0 } = explained.get(step.span?.spanId) ?? {};
    return durationMs + (isCritical ? CRITICAL : 0) + (isWrong(step) ? WRONG : 0);
  };
  const weights = new Map(steps.map((step) => [step, weightOf(step)]));
  return new Set(steps.toSorted((a, b) => weights.get(b)! - weights.get(a)!).slice(0, MAX_STEPS));
}

/** The lines of spans that belong to no run. */
export function rowsOfSpans(nodes: readonly SpanNode[]): Row[] {
  const rows: Row[] = [];
  addSpans(rows, nodes, 0);
  return rows;
}

function addRun(rows: Row[], run: Run, indent: number, explained?: Explained, chosen?: ReadonlySet<Step>): void {
  const hidden: Step[] = [];
  const choose = (steps: readonly Step[]): readonly Step[] => {
    if (!chosen) return steps;
    for (const step of steps) if (!chosen.has(step)) hidden.push(step);
    return steps.filter((step) => chosen.has(step));
  };
  for (const group of run.groups) {
    const steps = choose(group.steps);
    if (steps.length === 0 && group.steps.length > 0) continue;
    rows.push(groupRow(group, indent));
    for (const step of steps) addStep(rows, step, indent + 2, explained?.get(step.span?.spanId));
  }
  for (const step of choose(run.steps)) addStep(rows, step, indent, explained?.get(step.span?.spanId));
  if (hidden.length > 0) rows.push({ indent, label: '', style: 'dim', text: describeHidden(hidden) });
  addSpans(rows, run.spans, indent);
}

function describeHidden(steps: readonly Step[]): string {
  const wrong = steps.filter(isWrong).length;
  return `and ${steps.length} more steps${wrong > 0 ? `, ${wrong} of them without success` : ''}`;
}

function isWrong({ outcome }: Step): boolean {
  return outcome !== 'success' && outcome !== 'skip';
}

function moreBelow(indent: number): Row {
  return { indent, label: '', style: 'dim', text: 'and more below' };
}

function groupRow({ groupIndex, parallel, startNs, endNs }: Group, indent: number): Row {
  const label = `group ${groupIndex} ${parallel ? 'parallel' : 'serial'}`;
  return { indent, label, style: 'cyan', bar: barOf('group', startNs, endNs) };
}

function addStep(rows: Row[], step: Step, indent: number, explained?: RowStep): void {
  const [mark, words] = OUTCOMES[step.outcome ?? 'unknown'];
  const style = OUTCOME_STYLES[step.outcome ?? 'unknown'];
  const label = `${escapeText(nameStep(step))}${step.isPlanned ? '' : ' (unplanned)'}`;
  const { span } = step;
  if (span && step.outcome !== 'skip') {
    // A span without an outcome comes from a producer that does not say; it ran all the same.
    rows.push({ indent, mark: step.outcome ? mark : '?', label, style, bar: stepBar(span, explained) });
    const failed = step.outcome && step.outcome !== 'success' ? words : undefined;
    const text = step.error === undefined ? failed : `${words}: ${step.error}`;
    if (text !== undefined) rows.push({ indent: indent + 2, label: '', style, text });
  } else {
    const what = step.absence ?? words;
    rows.push({ indent, mark, label, style, text: step.reason === undefined ? what : `${what}: ${step.reason}` });
  }
  addWithin(rows, step, indent);
}

/** What is below a step; its own span may not have arrived. */
function addWithin(rows: Row[], step: Step, indent: number): void {
  if (indent >= MAX_DEPTH * 2) {
    if (step.attempts.length + step.spans.length + step.steps.length + step.runs.length > 0)
      rows.push(moreBelow(indent));
    return;
  }
  for (const attempt of step.attempts) addAttempt(rows, attempt, step, indent + 2);
  addSpans(rows, step.spans, indent + 2);
  for (const inner of step.steps) addStep(rows, inner, indent + 2);
  for (const run of step.runs) {
    const [mark] = OUTCOMES[run.outcome ?? 'unknown'];
    const style = OUTCOME_STYLES[run.outcome ?? 'unknown'];
    const bar = barOf('span', run.startNs, run.endNs);
    rows.push({ indent: indent + 2, mark, label: `run ${escapeText(run.planName ?? '')}`, style, bar });
    addRun(rows, run, indent + 4);
  }
}

function addAttempt(rows: Row[], attempt: Attempt, step: Step, indent: number): void {
  // The only one is the step itself, as far as its row tells that.
  if (step.attempts.length === 1 && step.span && attempt.outcome === step.outcome && attempt.error === step.error)
    return addSpans(rows, attempt.spans, indent);
  const [mark, words] = OUTCOMES[attempt.outcome ?? 'unknown'];
  const style = OUTCOME_STYLES[attempt.outcome ?? 'unknown'];
  const ofAttempts = attempt.maxAttempts === undefined ? '' : ` of ${attempt.maxAttempts}`;
  const bar = barOf('span', attempt.span.startNs, attempt.span.endNs);
  rows.push({ indent, mark, label: `attempt ${attempt.attempt}${ofAttempts}`, bar });
  // That of the last is mostly that of the step.
  if (attempt.error !== undefined && attempt.error !== step.error)
    rows.push({ indent: indent + 2, label: '', style, text: `${words}: ${attempt.error}` });
  addSpans(rows, attempt.spans, indent + 2);
}

function addSpans(rows: Row[], nodes: readonly SpanNode[], indent: number): void {
  if (indent > MAX_DEPTH * 2) {
    if (nodes.length > 0) rows.push(moreBelow(indent));
    return;
  }
  for (const { span, children } of nodes.slice(0, MAX_SPANS)) {
    rows.push({ indent, label: nameOf(span), style: 'dim', bar: barOf('span', span.startNs, span.endNs) });
    addSpans(rows, children, indent + 2);
  }
  const left = nodes.length - MAX_SPANS;
  if (left > 0)
    rows.push({ indent, label: '', style: 'dim', text: `and ${left} more ${left === 1 ? 'span' : 'spans'}` });
}

function nameOf({ name, attributes }: ReceivedSpan): string {
  return escapeText(nameSpan(name, (key) => attributes.get(key)));
}

/** Waits are drawn where the bar would show them. */
function stepBar({ startNs, endNs }: ReceivedSpan, explained: RowStep | undefined): Bar | undefined {
  const bar = barOf('step', startNs, endNs);
  if (!bar || !explained) return bar;
  const { waitMs, isAside } = explained;
  return { ...bar, readyNs: startNs - BigInt(Math.round(waitMs * NS_PER_MS)), isAside };
}

function barOf(kind: Bar['kind'], startNs: bigint | undefined, endNs: bigint | undefined): Bar | undefined {
  if (startNs === undefined || endNs === undefined || startNs === 0n) return undefined;
  return { kind, startNs, endNs };
}
