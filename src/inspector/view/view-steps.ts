import type { ExplainedStep } from '../../explain/explain-run.ts';
import type { Attempt, DeclaredTool, Run, SpanNode, Step } from '../../explain/read/run.ts';
import type { ReceivedSpan } from '../../explain/read/received-span.ts';
import type { OpenSpan } from '../live-spans.ts';
import { passOf } from '../../explain/step-name.ts';
import { tellReason } from '../../explain/tell/tell-reason.ts';
import type { AttemptView, RunState, StepState, StepView } from './run-view.ts';
import { MAX_STEPS, walkSteps } from './walk-steps.ts';

export interface StepContext {
  readonly run: Run;
  readonly state: RunState;
  /** What {@link StepView} times count from, in nanoseconds since 1970. */
  readonly zeroNs: bigint;
  /** Of every step that ended: what an explanation says of it. */
  readonly explained: readonly ExplainedStep[];
  /** Spans that have started and not ended, by id. */
  readonly open: ReadonlyMap<string, OpenSpan>;
  /** What a step of this name usually takes. */
  readonly usualMs: (step: Step) => number | undefined;
}

/** The steps of a run in the order in which they are shown, the first {@link MAX_STEPS}. */
export function viewSteps(context: StepContext): { steps: StepView[]; total: number } {
  const explained = new ExplainedSteps(context.explained);
  const declared = new Map(context.run.plan?.groups.flat().map((tool) => [tool.toolId, tool]));
  const steps: StepView[] = [];
  let total = 0;
  for (const { step, key, at, group, parent } of walkSteps(context.run)) {
    total += 1;
    if (at < MAX_STEPS)
      steps.push({ key, group, parent, ...viewStep(step, explained.find(step), declared.get(step.toolId), context) });
  }
  return { steps, total };
}

/** What an explanation says of a step, found by its span; of a skip that has none, by its name. */
class ExplainedSteps {
  readonly #bySpan = new Map<string, ExplainedStep>();
  readonly #byName = new Map<string, ExplainedStep>();

  constructor(steps: readonly ExplainedStep[]) {
    for (const step of steps) {
      if (step.spanId !== undefined) this.#bySpan.set(step.spanId, step);
      else this.#byName.set(passOf(step), step);
    }
  }

  find(step: Step): ExplainedStep | undefined {
    return step.span ? this.#bySpan.get(step.span.spanId) : this.#byName.get(passOf(step));
  }
}

function viewStep(
  step: Step,
  explained: ExplainedStep | undefined,
  declared: DeclaredTool | undefined,
  context: StepContext,
): Omit<StepView, 'key' | 'group' | 'parent'> {
  const { span } = step;
  const state = stateOf(step, context);
  const since = (timeNs: bigint): number => Number(timeNs - context.zeroNs) / 1e6;
  const startMs = explained?.startMs ?? (span && span.startNs > 0n ? since(span.startNs) : undefined);
  const hasEnded = startMs !== undefined && state !== 'running' && state !== 'interrupted';
  // Once the run has ended, that no span arrived is all that can be said.
  const isLost = state === 'no span' && context.state === 'ended';
  const isUnexplained = state === 'planned' || state === 'running' || isLost || contradicts(step, state);
  const length = explained?.durationMs ?? (span ? Number(span.endNs - span.startNs) / 1e6 : 0);
  return {
    toolId: step.toolId,
    toolType: step.toolType,
    state,
    iteration: step.iteration,
    executionOrder: step.executionOrder,
    isPlanned: step.isPlanned,
    spanId: span?.spanId,
    startMs,
    endMs: hasEnded ? startMs + Math.max(0, length) : undefined,
    usualMs: context.usualMs(step),
    waitMs: explained?.waitMs ?? 0,
    waitReason: explained?.waitReason,
    waitedFor: explained?.waitedFor,
    lastDependency: explained?.dependency,
    isCritical: explained?.isCritical ?? false,
    slackMs: explained?.slackMs,
    savesMs: explained?.savesMs ?? 0,
    reason: isUnexplained ? undefined : step.reason && tellReason(step.reason),
    error: step.error,
    attemptCount: step.attemptCount,
    attempts: step.attempts.map((attempt) => viewAttempt(attempt, startMs ?? 0, since, context.open)),
    // What whoever wrote the span left out, the plan says.
    dependsOn: step.dependsOn.length > 0 ? step.dependsOn : (declared?.dependsOn ?? []),
    outputMapping: Object.keys(step.outputMapping).length > 0 ? step.outputMapping : (declared?.outputMapping ?? {}),
    mappings: step.mappings,
    spanCount:
      step.attempts.length +
      countSpans(step.spans) +
      step.attempts.reduce((sum, { spans }) => sum + countSpans(spans), 0),
    runs: step.runs.map(({ span, planName, outcome, planSpans }) => ({
      runSpanId: span?.spanId ?? planSpans[0]?.parentSpanId ?? '',
      planName,
      outcome,
    })),
  };
}

function stateOf({ span, outcome, absence }: Step, { state, open }: StepContext): StepState {
  const own = span && open.get(span.spanId);
  if (own) return own.isInterrupted ? 'interrupted' : 'running';
  if (outcome !== undefined) return outcome;
  if (span) return 'unknown';
  if (state === 'running') return 'planned';
  return state === 'interrupted' ? 'not started' : (absence ?? 'no span');
}

/** Where the process died, it is certain of more steps that they did not start than the spans alone could tell. */
function contradicts({ absence }: Step, state: StepState): boolean {
  return state === 'not started' && absence === 'no span';
}

/** @param stepMs when its step started, for an attempt that does not say when it did */
function viewAttempt(
  { attempt, span, outcome, error, backoffMs }: Attempt,
  stepMs: number,
  since: (timeNs: bigint) => number,
  open: StepContext['open'],
): AttemptView {
  const startMs = span.startNs === 0n ? stepMs : since(span.startNs);
  const endMs = open.has(span.spanId) ? undefined : Math.max(startMs, since(span.endNs));
  return { attempt, spanId: span.spanId, startMs, endMs, outcome, error, backoffMs };
}

/** How many spans there are, with all below them. */
export function countSpans(nodes: readonly SpanNode[]): number {
  let count = 0;
  const waiting = [...nodes];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    count += 1;
    for (const child of node.children) waiting.push(child);
  }
  return count;
}

/** Every span of a run. */
export function* spansOf(run: Run): Generator<ReceivedSpan, void, undefined> {
  const waiting: SpanNode[] = [];
  const runs = [run];
  for (let next = runs.pop(); next; next = runs.pop()) {
    if (next.span) yield next.span;
    yield* next.planSpans;
    for (const { span, moreSpans } of next.groups) {
      if (span) yield span;
      yield* moreSpans;
    }
    for (const node of next.spans) waiting.push(node);
    const steps = [...next.groups.flatMap((group) => group.steps), ...next.steps];
    for (let step = steps.pop(); step; step = steps.pop()) {
      if (step.span) yield step.span;
      for (const { span, spans } of step.attempts) {
        yield span;
        for (const node of spans) waiting.push(node);
      }
      for (const node of step.spans) waiting.push(node);
      for (const called of step.steps) steps.push(called);
      for (const inner of step.runs) runs.push(inner);
    }
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      yield node.span;
      for (const child of node.children) waiting.push(child);
    }
  }
}
