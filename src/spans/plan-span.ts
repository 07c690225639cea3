import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import {
  ATTR_ORCHESTRATION_EXECUTION_PLAN,
  ATTR_ORCHESTRATION_PLAN_NAME,
  ATTR_ORCHESTRATION_PLAN_PART,
  ATTR_ORCHESTRATION_PLAN_PARTS,
  ATTR_ORCHESTRATION_SPAN_TYPE,
} from '../semconv.ts';
import { endSpan, setAttributes, type Telemetry } from './telemetry.ts';
import { splitByBytes } from './text.ts';

const MAX_PART_BYTES = 65_536;
/** A plan of more parts would crowd the steps out of the exporter's queue. 512 parts are 32 MiB. */
const MAX_PARTS = 512;

/** The plan as it is written to spans: redacted, and small enough to be sent. */
export function planJson(plan: ExecutionPlanTrace, telemetry: Telemetry): string {
  return JSON.stringify(telemetry.write.redactAll(plan));
}

/**
 * Puts the plan on the run span if it fits into one value.
 *
 * @returns whether it fits; if not, it is to be announced instead
 */
export function putPlanOnRun(json: string, run: Span): boolean {
  if (!run.isRecording()) return true;
  if (Buffer.byteLength(json) > MAX_PART_BYTES) return false;
  setAttributes(run, { [ATTR_ORCHESTRATION_EXECUTION_PLAN]: json });
  if (keptLength(run, json) === json.length) return true;
  setAttributes(run, { [ATTR_ORCHESTRATION_EXECUTION_PLAN]: 'in the plan spans: too long for a value' });
  return false;
}

/** Sends the plan as spans of its own that end at once: one, or several where a value may not be that long. */
export function announcePlan(
  telemetry: Telemetry,
  plan: ExecutionPlanTrace,
  json: string,
  name: string | undefined,
  parent: Context,
): void {
  const start = (text: string, part?: Attributes): Span => {
    const attributes: Attributes = {
      [ATTR_ORCHESTRATION_SPAN_TYPE]: 'plan',
      [ATTR_ORCHESTRATION_EXECUTION_PLAN]: text,
      ...part,
    };
    if (name !== undefined) attributes[ATTR_ORCHESTRATION_PLAN_NAME] = name;
    return telemetry.startSpan(
      { type: 'plan', name: name === undefined ? 'plan' : `plan ${name}` },
      attributes,
      parent,
    );
  };
  let pieces = splitByBytes(json, MAX_PART_BYTES);
  const first = pieces.length === 1 ? start(json) : start(pieces[0]!, partOf(0, pieces.length));
  const kept = keptLength(first, pieces[0]!);
  if (kept < pieces[0]!.length) {
    pieces = splitByBytes(json, Math.max(kept, 4)); // a limit of n characters holds any n bytes
    if (pieces.length > MAX_PARTS) pieces = [tooLarge(plan, json)];
    setAttributes(first, { [ATTR_ORCHESTRATION_EXECUTION_PLAN]: pieces[0]!, ...partOf(0, pieces.length) });
  }
  endSpan(first);
  for (let index = 1; index < pieces.length; index++) endSpan(start(pieces[index]!, partOf(index, pieces.length)));
}

function partOf(index: number, of: number): Attributes {
  return { [ATTR_ORCHESTRATION_PLAN_PART]: index + 1, [ATTR_ORCHESTRATION_PLAN_PARTS]: of };
}

/** How much of a value the span kept; all of it where the span does not say. */
function keptLength(span: Span, value: string): number {
  const kept = (span as { attributes?: Attributes }).attributes?.[ATTR_ORCHESTRATION_EXECUTION_PLAN];
  return span.isRecording() && typeof kept === 'string' ? kept.length : value.length;
}

function tooLarge(plan: ExecutionPlanTrace, json: string): string {
  const { strategy, total_groups, total_tools } = plan;
  const error = `the plan has ${json.length} characters, too many to be sent`;
  return JSON.stringify({ strategy, execution_groups: [], total_groups, total_tools, tool_ids: [], error });
}

/** The same for plans with the same tools, dependencies and mappings: 64 bits in hex of two multiplicative hashes (FNV-1a with two primes). */
export function planHash(json: string): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let index = 0; index < json.length; index++) {
    const unit = json.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
  }
  return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}
