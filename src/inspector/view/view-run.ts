import { explainRun, type Explanation } from '../../explain/explain-run.ts';
import { zeroOf } from '../../explain/facts-of-run.ts';
import { passOf } from '../../explain/step-name.ts';
import { textAt } from '../../explain/read/read-attributes.ts';
import type { ReceivedSpan } from '../../explain/read/received-span.ts';
import type { Run, Step } from '../../explain/read/run.ts';
import { criticalPathOf, sectionsOf } from '../../explain/tell/sections.ts';
import { tellOutcome, tellReason } from '../../explain/tell/tell-reason.ts';
import { ATTR_ORCHESTRATION_PLAN_NAME, ATTR_ORCHESTRATION_RUN_ID, ATTR_ORCHESTRATION_STRATEGY } from '../../semconv.ts';
import { renderMermaid } from '../scene/mermaid.ts';
import { servicesOf } from '../summarize-runs.ts';
import type { OpenSpan } from '../live-spans.ts';
import { describeLiveRun } from './describe-live-run.ts';
import type { RunRef, RunView, ServiceView, StepState, StepView } from './run-view.ts';
import { liveStateOf } from './live-state.ts';
import { viewEdges } from './view-edges.ts';
import { viewMarkdown } from './view-markdown.ts';
import { viewSections } from './view-sections.ts';
import { timeRows } from './time-rows.ts';
import { whatIfRows } from './what-if-rows.ts';
import { countSpans, spansOf, viewSteps } from './view-steps.ts';
import { walkSteps } from './walk-steps.ts';

/** What is known of a run beside its spans that have ended. */
export interface RunSurroundings {
  /** Spans of its trace that have started and not ended, by id. */
  readonly open: ReadonlyMap<string, OpenSpan>;
  /** Nanoseconds since 1970. */
  readonly nowNs: bigint;
  readonly usual: UsualTimes | undefined;
  readonly lastSuccess: RunRef | undefined;
  /** The step that started it, with its run. */
  readonly startedBy?: StartedBy | undefined;
}

/** The step of another run that started a run. */
export interface StartedBy {
  readonly run: Run;
  readonly step: Step;
}

/** What successful runs of a plan took, the middle of them, in milliseconds. */
export interface UsualTimes {
  readonly runs: number;
  readonly medianMs: number;
  /** By `passOf` a step. */
  readonly steps: ReadonlyMap<string, number>;
}

/**
 * Describes a run for the page.
 *
 * @param run read from the spans that have ended, and those that have not as if they ended now
 */
export function viewRun(run: Run, surroundings: RunSurroundings): RunView {
  const { open, usual } = surroundings;
  const explanation = explainRun(asFarAsItIs(run, open));
  const spans = [...spansOf(run)];
  const { state, untilNs, silentSinceNs } = liveStateOf(run, spans, surroundings);
  const zeroNs = zeroOf(run);
  const untilMs = untilNs === undefined ? undefined : Math.max(0, Number(untilNs - zeroNs) / 1e6);
  const { steps, total } = viewSteps({
    run,
    state,
    zeroNs,
    explained: explanation.steps,
    open,
    usualMs: (step) => usual?.steps.get(passOf(step)),
  });
  const path = pathOf(explanation, steps);
  const start = run.span?.attributes ?? new Map();
  const durationMs = untilMs ?? (state === 'ended' ? explanation.durationMs : durationOf(explanation, spans, zeroNs));
  const sections = sectionsOf(run, explanation);
  const view = {
    traceId: run.traceId,
    runSpanId: runSpanIdOf(run),
    startedBy: surroundings.startedBy && viewCaller(surroundings.startedBy),
    runId: run.runId ?? textAt(start, ATTR_ORCHESTRATION_RUN_ID),
    planName: run.planName ?? textAt(start, ATTR_ORCHESTRATION_PLAN_NAME),
    strategy: run.strategy ?? textAt(start, ATTR_ORCHESTRATION_STRATEGY),
    state,
    outcome: state === 'ended' ? run.outcome : undefined,
    error: run.error,
    startedAtMs: Number(zeroNs) / 1e6,
    durationMs,
    nowMs: state === 'running' ? untilMs : undefined,
    silentSinceMs: silentSinceNs === undefined ? undefined : Number(silentSinceNs - zeroNs) / 1e6,
    services: viewServices(spans),
    verdict:
      state === 'ended' || state === 'unfinished'
        ? explanation.verdict
        : describeLiveRun(silentSinceNs === undefined ? state : 'silent', steps, explanation),
    completeness: explanation.completeness,
    usual: usual && { runs: usual.runs, medianMs: usual.medianMs },
    lastSuccess: surroundings.lastSuccess,
    groups: viewGroups(run, explanation, zeroNs, open),
    steps,
    edges: viewEdges(steps, path),
    criticalPath: explanation.criticalPath && { steps: path, ms: explanation.criticalPath.ms },
    explanation: {
      ...partOf(explanation),
      times: timeRows(explanation, durationMs, state === 'ended'),
      whatIf: whatIfRows(explanation, durationMs),
      notDone: viewNotDone(explanation, steps),
    },
    sections: viewSections(sections, explanation),
    notes: run.notes,
    otherSpans: countSpans(run.spans),
    totalSpans: spans.length,
    totalSteps: total > steps.length ? total : undefined,
  };
  const markdown = viewMarkdown(view, sections, criticalPathOf(explanation));
  return { ...view, markdown, mermaid: renderMermaid(view) };
}

/** A run without the end that it has not come to. */
export function asFarAsItIs(run: Run, open: RunSurroundings['open']): Run {
  const hasEnded = !run.span || !open.has(run.span.spanId);
  return hasEnded ? run : { ...run, span: undefined, outcome: undefined };
}

/** The id that names a run within its trace: of its own span, or the one that its plan and groups have as parent. */
export function runSpanIdOf({ span, planSpans, groups }: Run): string {
  return span?.spanId ?? planSpans[0]?.parentSpanId ?? groups.find((group) => group.span)?.span?.parentSpanId ?? '';
}

function viewCaller({ run, step: caller }: StartedBy): RunView['startedBy'] {
  for (const { step, key } of walkSteps(run))
    if (step === caller) return { runSpanId: runSpanIdOf(run), planName: run.planName, step: key };
}

/** Of a run that nobody tells the end of: to the last that is known of its spans. */
function durationOf({ durationMs }: Explanation, spans: readonly ReceivedSpan[], zeroNs: bigint): number {
  return spans.reduce(
    (last, { startNs, endNs }) => Math.max(last, Number((endNs > startNs ? endNs : startNs) - zeroNs) / 1e6),
    durationMs,
  );
}

function pathOf({ criticalPath }: Explanation, steps: readonly StepView[]): number[] {
  if (!criticalPath) return [];
  const critical = [...steps.keys()].filter((index) => steps[index]!.isCritical);
  critical.sort((a, b) => (steps[a]!.startMs ?? 0) - (steps[b]!.startMs ?? 0));
  const at = Map.groupBy(critical, (index) => passOf(steps[index]!));
  return criticalPath.steps.flatMap((step) => at.get(passOf(step))?.shift() ?? []);
}

function viewGroups(
  run: Run,
  explanation: Explanation,
  zeroNs: bigint,
  open: RunSurroundings['open'],
): RunView['groups'] {
  const measured = new Map(explanation.groups.map((group) => [group.groupIndex, group]));
  const since = (timeNs: bigint | undefined): number | undefined =>
    timeNs === undefined ? undefined : Number(timeNs - zeroNs) / 1e6;
  return run.groups.map(({ groupIndex, parallel, span, outcome, startNs, endNs }) => {
    const { declared = 0, peak = 0, achieved = 0 } = measured.get(groupIndex) ?? {};
    const [startMs, endMs] = [since(startNs), since(endNs)];
    return {
      groupIndex,
      isParallel: parallel,
      spanId: span?.spanId,
      outcome,
      startMs,
      endMs: endMs === undefined || (span && open.has(span.spanId)) ? undefined : Math.max(endMs, startMs ?? endMs),
      // A peak of 0 was too short to be told.
      parallelism: peak > 0 ? { declared, peak, achieved } : undefined,
    };
  });
}

function partOf(explanation: Explanation): Omit<RunView['explanation'], 'times' | 'notDone' | 'whatIf'> {
  const { findings, parallelism, barrier, rootCause, affected, done } = explanation;
  const differences = explanation.differences.map(({ text, ...of }) => ({ ...of, text: tellReason(text) }));
  return { findings, parallelism, barrier, rootCause, affected, done, differences };
}

/** What stands in the way of each tool that is not done. Of what has not ended, how it stands. */
function viewNotDone({ notDone }: Explanation, steps: readonly StepView[]): Explanation['notDone'] {
  const last = new Map(steps.filter(({ isPlanned }) => isPlanned).map((step) => [step.toolId, step]));
  return notDone.map(({ toolId, reason }) => {
    const step = last.get(toolId);
    const isExplained = !step || !UNEXPLAINED.has(step.state);
    const why = step?.reason === undefined ? '' : `: ${step.reason}`;
    return { toolId, reason: isExplained ? tellOutcome(reason) : step.state + why };
  });
}

const UNEXPLAINED = new Set<StepState>(['running', 'interrupted', 'planned', 'not started']);

/** Each service once, in the order in which they appear. */
function viewServices(spans: readonly ReceivedSpan[]): ServiceView[] {
  const resources = [...new Set(spans.map(({ resource }) => resource))];
  return servicesOf(resources).map(({ name, version }) => {
    const own = resources.find(
      (resource) => textAt(resource, 'service.name') === name && textAt(resource, 'service.version') === version,
    );
    return { name, version, host: own && textAt(own, 'host.name') };
  });
}
