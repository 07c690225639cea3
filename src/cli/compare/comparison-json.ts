import type { AddedStep, BaselineComparison, MissingStep, Placed } from '../../explain/compare/baseline-comparison.ts';
import type { Comparison, LoneStep, StepChange } from '../../explain/compare/comparison.ts';
import type { PlanChange } from '../../explain/compare/compare-plans.ts';
import type { Share } from '../../explain/compare/divide-change.ts';
import type { StepName } from '../../explain/step-name.ts';
import { runHeadToJson } from '../run-json.ts';

/** Two runs as plain data in snake_case, for `--json`. Times are milliseconds; what cannot be compared is absent. */
export function comparisonToJson(comparison: Comparison, failed: readonly string[]): Record<string, unknown> {
  const { criticalPath } = comparison;
  return {
    summary: comparison.summary,
    against: 'run',
    before: runHeadToJson(comparison.before),
    after: runHeadToJson(comparison.after),
    duration_ms: comparison.duration,
    critical_path_ms: criticalPath?.length,
    critical_path: criticalPath && {
      before: criticalPath.before.map(nameToJson),
      after: criticalPath.after.map(nameToJson),
    },
    wait_ms: comparison.wait,
    shares: comparison.shares?.map(shareToJson),
    steps: comparison.steps.map(stepToJson),
    only_before: comparison.onlyBefore.map(loneToJson),
    only_after: comparison.onlyAfter.map(loneToJson),
    plan_changes: comparison.planChanges.map(planChangeToJson),
    not_compared: comparison.limits,
    failed_rules: failed,
  };
}

/** A run beside many, in the same way. */
export function baselineToJson(comparison: BaselineComparison, failed: readonly string[]): Record<string, unknown> {
  const { runs, succeeded, unended } = comparison.baseline;
  return {
    summary: comparison.summary,
    against: 'baseline',
    baseline: { runs, succeeded, unended },
    after: runHeadToJson(comparison.after),
    duration_ms: placedToJson(comparison.duration),
    critical_path_ms: placedToJson(comparison.criticalPath),
    wait_ms: placedToJson(comparison.wait),
    steps: comparison.steps.map(({ duration, wait, outcome, attempts, usual, ...step }) => ({
      ...nameToJson(step),
      outcome,
      attempts,
      duration_ms: placedToJson(duration),
      wait_ms: placedToJson(wait),
      baseline: { ran: usual.ran, failed: usual.failed, skipped: usual.skipped },
    })),
    only_before: comparison.missing.map(missingToJson),
    only_after: comparison.added.map(addedToJson),
    plan_changes: comparison.planChanges.map(planChangeToJson),
    not_compared: comparison.limits,
    failed_rules: failed,
  };
}

function nameToJson({ toolId, iteration }: StepName): object {
  return { tool_id: toolId, iteration };
}

function shareToJson({ kind, before, after, total, gap }: Share): object {
  return { kind, before: before.map(nameToJson), after: after.map(nameToJson), total_ms: total, gap_ms: gap };
}

function stepToJson({ start, duration, wait, attempts, outcomeBefore, outcomeAfter, ...step }: StepChange): object {
  const outcome = { before: outcomeBefore, after: outcomeAfter };
  return { ...nameToJson(step), outcome, attempts, start_ms: start, duration_ms: duration, wait_ms: wait };
}

function loneToJson({ outcome, durationMs, reason, ...step }: LoneStep): object {
  return { ...nameToJson(step), outcome, duration_ms: durationMs, reason: reason.replaceAll(' ', '_') };
}

function missingToJson({ isSkipped, usual: { ran, failed, skipped, duration }, ...step }: MissingStep): object {
  return { ...nameToJson(step), skipped: isSkipped, duration_ms: duration, baseline: { ran, failed, skipped } };
}

function addedToJson({ outcome, durationMs, ...step }: AddedStep): object {
  return { ...nameToJson(step), outcome, duration_ms: durationMs };
}

function planChangeToJson({ kind, toolId, before, after, text }: PlanChange): object {
  return { kind, tool_id: toolId, before, after, text };
}

function placedToJson(placed: Placed | undefined): object | undefined {
  if (!placed) return undefined;
  const { spread, change, place } = placed;
  return { after: change.after, ...spread, change: change.change, ratio: change.ratio, place };
}
