import type { Outcome } from '../semconv.ts';
import { type PlanFacts, ran, type RunFacts, type StepFacts } from './facts.ts';

/** Why steps are skipped that were to start after their run was cancelled. */
export const RUN_CANCELLED = 'run cancelled';

/** What went wrong in a run, and what did not happen because of it. Ids of tools. */
export interface Failures {
  /** The last step of each tool that failed and did not succeed in a later pass, in the order in which they failed. */
  readonly failed: readonly StepFacts[];
  /** Planned tools that were skipped, in the plan's order. */
  readonly skipped: readonly string[];
  /** Those of them that were skipped because the run was cancelled. */
  readonly cancelled: readonly string[];
  /** Planned tools of which it is known that they neither ran nor were skipped, in the plan's order. */
  readonly notStarted: readonly string[];
  /** Planned tools that did not run because they need the first that failed, directly or not. */
  readonly affected: readonly string[];
  /** Planned tools that succeeded. */
  readonly done: readonly string[];
}

/** Whether an outcome is one of those that have the status ERROR. */
export function isFailing(outcome: Outcome | undefined): boolean {
  return outcome === 'failure' || outcome === 'error' || outcome === 'timeout';
}

export function findFailures({ plan, steps, lost, elsewhere, running = [], rootCause, clockNs }: RunFacts): Failures {
  const unknown = new Set([...lost, ...(elsewhere ?? []), ...running]);
  /** Of a planned tool the last pass counts, of others, which may be one of many, any that failed. */
  const last: (StepFacts | undefined)[] = Array.from({ length: plan.tools.length });
  const failed: StepFacts[] = [];
  const others = new Set<string>();
  for (const step of steps) {
    const { tool, toolId, outcome } = step;
    if (tool >= 0) {
      if (!(step.startNs < (last[tool]?.startNs ?? -Infinity))) last[tool] = step;
    } else if (isFailing(outcome) && !others.has(toolId)) {
      others.add(toolId);
      failed.push(step);
    }
  }
  for (const step of last) if (step && isFailing(step.outcome)) failed.push(step);
  const inOrder = failed.toSorted((a, b) => a.endNs - b.endNs);
  // Of what failed within what times may be off, whoever ran it knows what was first.
  const first = inOrder.findIndex(({ toolId }) => toolId === rootCause);
  if (first > 0 && inOrder[first]!.endNs - inOrder[0]!.endNs <= clockNs) inOrder.unshift(...inOrder.splice(first, 1));
  const [skipped, cancelled, notStarted, done]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (let tool = 0; tool < last.length; tool += 1) {
    const { toolId } = plan.tools[tool]!;
    const step = last[tool];
    if (!step) {
      if (!unknown.has(toolId)) notStarted.push(toolId);
    } else if (step.outcome === 'success') done.push(toolId);
    else if (!ran(step)) {
      skipped.push(toolId);
      if (step.skipReason === RUN_CANCELLED) cancelled.push(toolId);
    }
  }
  const isCancelled = new Set(cancelled);
  const idle = [...skipped, ...notStarted].filter((toolId) => !isCancelled.has(toolId));
  const affected = inOrder[0] ? affectedBy(inOrder[0].toolId, idle, plan) : [];
  return { failed: inOrder, skipped, cancelled, notStarted, affected, done };
}

/** Which of the tools that did not run need the root cause, directly or through others. Tools stand in the plan after what they depend on. */
export function affectedBy(rootCause: string, idleIds: readonly string[], { tools }: PlanFacts): string[] {
  const idle = new Set(idleIds);
  const affected = new Set([rootCause]);
  for (const { toolId, dependsOn, joinsAny } of tools) {
    if (!idle.has(toolId)) continue;
    const isCut = (id: string): boolean => affected.has(id);
    if (joinsAny ? dependsOn.length > 0 && dependsOn.every(isCut) : dependsOn.some(isCut)) affected.add(toolId);
  }
  affected.delete(rootCause);
  return [...affected];
}
