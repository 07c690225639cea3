import type { Context, Span } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import { ATTR_ORCHESTRATION_EXECUTION_PLAN } from '../semconv.ts';
import { endSpan, setAttributes, type Telemetry } from './telemetry.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { splitByBytes } from './text.ts';
import type { WrittenPlan } from './written-plan.ts';

const MAX_PART_BYTES = 65_536;
/** A plan of more parts would crowd the steps out of the exporter's queue. 512 parts are 32 MiB. */
const MAX_PARTS = 512;

/**
 * Puts the plan on the run span if it fits into one value.
 *
 * @returns whether it fits; if not, it is to be announced instead
 */
export function putPlanOnRun(json: string, run: Span): boolean {
  if (!run.isRecording()) return true;
  if (Buffer.byteLength(json) > MAX_PART_BYTES) return false;
  setAttributes(run, { 'orchestration.execution_plan': json });
  if (keptLength(run, json) === json.length) return true;
  setAttributes(run, { 'orchestration.execution_plan': 'in the plan spans: too long for a value' });
  return false;
}

/** Sends the plan as spans of its own that end at once: one, or several where a value may not be that long. */
export function announcePlan(
  telemetry: Telemetry,
  { trace, json }: WrittenPlan,
  name: string | undefined,
  parent: Context,
): void {
  const start = (text: string, part?: KnownAttributes): Span => {
    const attributes: KnownAttributes = {
      'orchestration.span.type': 'plan',
      'orchestration.execution_plan': text,
      ...part,
    };
    if (name !== undefined) attributes['orchestration.plan.name'] = name;
    return telemetry.startSpan('plan', name === undefined ? 'plan' : `plan ${name}`, attributes, parent);
  };
  let pieces = splitByBytes(json, MAX_PART_BYTES);
  const first = pieces.length === 1 ? start(json) : start(pieces[0]!, partOf(0, pieces.length));
  const kept = keptLength(first, pieces[0]!);
  if (kept < pieces[0]!.length) {
    pieces = splitByBytes(json, Math.max(kept, 4)); // a limit of n characters holds any n bytes
    if (pieces.length > MAX_PARTS) pieces = [tooLarge(trace, json)];
    setAttributes(first, { 'orchestration.execution_plan': pieces[0]!, ...partOf(0, pieces.length) });
  }
  endSpan(first);
  for (let index = 1; index < pieces.length; index++) endSpan(start(pieces[index]!, partOf(index, pieces.length)));
}

function partOf(index: number, of: number): KnownAttributes {
  return { 'orchestration.plan.part': index + 1, 'orchestration.plan.parts': of };
}

/** How much of a value the span kept; all of it where the span does not say. */
function keptLength(span: Span, value: string): number {
  const kept = (span as { attributes?: KnownAttributes }).attributes?.[ATTR_ORCHESTRATION_EXECUTION_PLAN];
  return span.isRecording() && typeof kept === 'string' ? kept.length : value.length;
}

function tooLarge(plan: ExecutionPlanTrace, json: string): string {
  const { strategy, total_groups, total_tools } = plan;
  const error = `the plan has ${json.length} characters, too many to be sent`;
  return JSON.stringify({ strategy, execution_groups: [], total_groups, total_tools, tool_ids: [], error });
}
