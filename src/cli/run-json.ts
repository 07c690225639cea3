import type { Attempt, Group, Run, SpanNode, Step } from '../explain/read/run.ts';

const NS_PER_MS = 1e6;

/**
 * A run as plain data in snake_case, for `--json`. Times are milliseconds since the start of the outermost run; what is unknown is absent.
 */
export function runToJson(run: Run, zeroNs: bigint = run.startNs): Record<string, unknown> {
  return {
    ...runHeadToJson(run),
    start_ms: Number(run.startNs - zeroNs) / NS_PER_MS,
    groups: run.groups.map((group) => groupToJson(group, zeroNs)),
    steps: run.steps.map((step) => stepToJson(step, zeroNs)),
    spans: run.spans.map((node) => spanToJson(node, zeroNs)),
    notes: run.notes,
  };
}

/** What a run is, without what happened in it. */
export function runHeadToJson(run: Run): object {
  return {
    trace_id: run.traceId,
    run_id: run.runId,
    plan_name: run.planName,
    strategy: run.strategy,
    outcome: run.outcome,
    error: run.error,
    start_time: new Date(Number(run.startNs / 1_000_000n)).toISOString(),
    duration_ms: Math.max(0, Number(run.endNs - run.startNs)) / NS_PER_MS,
    planned_steps: run.plannedTools,
    seen_steps: run.seenTools,
  };
}

function groupToJson(group: Group, zeroNs: bigint): object {
  return {
    group_index: group.groupIndex,
    parallel: group.parallel,
    outcome: group.outcome,
    ...timesOf(group, zeroNs),
    steps: group.steps.map((step) => stepToJson(step, zeroNs)),
  };
}

function stepToJson(step: Step, zeroNs: bigint): object {
  return {
    tool_id: step.toolId,
    tool_type: step.toolType,
    execution_order: step.executionOrder,
    iteration: step.iteration,
    planned: step.isPlanned,
    depends_on: step.dependsOn,
    output_mapping: step.outputMapping,
    mappings: step.mappings,
    outcome: step.outcome,
    absence: step.absence,
    reason: step.reason,
    error: step.error,
    ...timesOf(step.span, zeroNs),
    attempts: step.attempts.map((attempt) => attemptToJson(attempt, zeroNs)),
    spans: step.spans.map((node) => spanToJson(node, zeroNs)),
    steps: step.steps.map((inner) => stepToJson(inner, zeroNs)),
    runs: step.runs.map((run) => runToJson(run, zeroNs)),
  };
}

function attemptToJson(attempt: Attempt, zeroNs: bigint): object {
  return {
    attempt: attempt.attempt,
    max_attempts: attempt.maxAttempts,
    backoff_ms: attempt.backoffMs,
    outcome: attempt.outcome,
    error: attempt.error,
    ...timesOf(attempt.span, zeroNs),
    spans: attempt.spans.map((node) => spanToJson(node, zeroNs)),
  };
}

/** Spans of others, and what is below them. */
export function spanToJson({ span, children }: SpanNode, zeroNs: bigint): object {
  return {
    name: span.name,
    kind: span.kind,
    status: span.status.code,
    error: span.status.message,
    ...timesOf(span, zeroNs),
    spans: children.map((child) => spanToJson(child, zeroNs)),
  };
}

function timesOf(
  timed: { readonly startNs: bigint | undefined; readonly endNs: bigint | undefined } | undefined,
  zeroNs: bigint,
): { start_ms?: number; duration_ms?: number } {
  if (timed?.startNs === undefined || timed.endNs === undefined) return {};
  return {
    start_ms: Number(timed.startNs - zeroNs) / NS_PER_MS,
    duration_ms: Number(timed.endNs - timed.startNs) / NS_PER_MS,
  };
}
