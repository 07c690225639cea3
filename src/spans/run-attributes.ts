import { affectedBy } from '../explain/failures.ts';
import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import type { Outcome, PlanSource } from '../semconv.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { Telemetry } from './telemetry.ts';
import type { TextWriter } from './text.ts';
import type { WrittenPlan } from './written-plan.ts';

/** What is known of a run when it starts. */
export interface RunStart {
  /** Name of the plan. */
  readonly name?: string | undefined;
  readonly plan?: ExecutionPlanTrace | undefined;
  /** Default: `declared` with a plan, `none` without. */
  readonly planSource?: PlanSource | undefined;
  /** Default: a random UUID. */
  readonly runId?: string | undefined;
  /** What the host knows of this one run; redacted. */
  readonly attributes?: Attributes | undefined;
}

/** All attributes of a run that are known when it starts. */
export function runStartAttributes(
  telemetry: Telemetry,
  start: RunStart,
  runId: string,
  plan: WrittenPlan | undefined,
): KnownAttributes {
  const { write, options } = telemetry;
  const { name } = start;
  const attributes: KnownAttributes = {
    ...options.attributes,
    ...redacted(start.attributes, write),
    'orchestration.span.type': 'run',
    'orchestration.run.id': write.name(runId),
    'orchestration.plan.source': start.planSource ?? (plan ? 'declared' : 'none'),
  };
  if (name !== undefined) attributes['orchestration.plan.name'] = write.name(name);
  if (plan) {
    attributes['orchestration.plan.hash'] = plan.hash;
    attributes['orchestration.strategy'] = plan.trace.strategy;
    attributes['orchestration.total_groups'] = plan.trace.total_groups;
    attributes['orchestration.total_tools'] = plan.trace.total_tools;
  }
  if (options.conventions.includes('gen_ai')) {
    attributes['gen_ai.operation.name'] = 'invoke_workflow';
    if (name !== undefined) attributes['gen_ai.workflow.name'] = write.name(name);
  }
  if (options.conventions.includes('openinference')) attributes['openinference.span.kind'] = 'CHAIN';
  return attributes;
}

function redacted(attributes: Attributes | undefined, write: TextWriter): Attributes {
  const text = <T>(value: T): T => (typeof value === 'string' ? (write.text(value) as T) : value);
  const entries = Object.entries(attributes ?? {}).map(([key, value]) => {
    return [key, Array.isArray(value) ? (value.map(text) as AttributeValue) : text(value)] as const;
  });
  return Object.fromEntries(entries);
}

/** What became of the tools of a run; ids in the order in which it happened, `notStarted` in the plan's. */
export interface RunTally {
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly notStarted: readonly string[];
  /** Those of `skipped` and `notStarted` that were not skipped because the run was cancelled. */
  readonly idle: readonly string[];
}

/** What is known of a run when it ends. */
interface RunEnd extends RunTally {
  readonly outcome: Outcome;
  readonly cancelReason: string | undefined;
}

/** All attributes of a run that are known only when it ends. */
export function runEndAttributes(
  telemetry: Telemetry,
  { outcome, cancelReason, failed, skipped, notStarted, idle }: RunEnd,
  plan: WrittenPlan | undefined,
): KnownAttributes {
  const { write } = telemetry;
  const attributes: KnownAttributes = { 'orchestration.outcome': outcome };
  if (cancelReason !== undefined) attributes['orchestration.cancel_reason'] = write.text(cancelReason);
  if (failed.length > 0) attributes['orchestration.failed'] = write.namesWithin(failed);
  if (skipped.length > 0) attributes['orchestration.skipped'] = write.namesWithin(skipped);
  if (notStarted.length > 0) attributes['orchestration.not_started'] = write.namesWithin(notStarted);
  const rootCause = failed[0];
  if (rootCause !== undefined) {
    attributes['orchestration.root_cause'] = write.name(rootCause);
    attributes['orchestration.blast_radius'] = plan ? affectedBy(rootCause, idle, plan.facts).length : 0;
  }
  return attributes;
}
