import {
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  propagation,
  trace,
  type Context,
  type SpanContext,
} from '@opentelemetry/api';
import { STRATEGIES } from '../plan.ts';
import type { TracedTool } from '../plan-trace.ts';
import { MAX_LINKS, PlannedTool } from './planned-tool.ts';
import type { RunPart } from './run-recorder.ts';
import type { TextWriter } from './text.ts';
import { safely, warnOnce } from './guard.ts';

/** Texts that travel from one process to another, as HTTP headers or in a message. All ASCII. */
export type Carrier = Record<string, string>;

const TRACEPARENT = 'traceparent';
/** The entry that holds what W3C trace context has no place for. */
const ORCHESTRATION = 'orchestration';
const VERSION = 1;
/** Headers of a whole request are often limited to 8 or 16 KiB; this is for messages too. */
const MAX_CARRIER_LENGTH = 65_536;

interface CarriedPart {
  readonly v: typeof VERSION;
  readonly run_id: string;
  readonly strategy?: string;
  readonly tool?: CarriedTool;
  /** Tool id to traceparent of its span. */
  readonly dependencies: Readonly<Record<string, string>>;
}

type CarriedTool = TracedTool & { readonly group_index: number; readonly execution_order: number };

/** Writes what another process needs to do a part of a run: the W3C entries, those of the registered propagator, and ours. */
export function writeCarrier({ part, parent }: { part: RunPart; parent: Context }, write: TextWriter): Carrier {
  const carrier: Carrier = {};
  safely('inject a context', () => propagation.inject(parent, carrier));
  const spanContext = trace.getSpanContext(parent);
  if (spanContext && carrier[TRACEPARENT] === undefined) carrier[TRACEPARENT] = toTraceparent(spanContext);
  carrier[ORCHESTRATION] = toAscii(JSON.stringify(toCarried(part, write)));
  return carrier;
}

/** Reads a carrier, which may come from anybody: what cannot be used is warned of and left out. */
export function readCarrier(
  carrier: Readonly<Carrier>,
  active: Context,
  write: TextWriter,
): { part: RunPart; parent: Context } {
  let parent = safely('extract a context', () => propagation.extract(active, carrier)) ?? active;
  const given = fromTraceparent(read(carrier, TRACEPARENT));
  if (given && trace.getSpanContext(parent)?.spanId !== given.spanId) parent = trace.setSpanContext(parent, given);
  if (!trace.getSpanContext(parent)) parent = trace.setSpanContext(parent, INVALID_SPAN_CONTEXT);
  return { part: fromCarried(read(carrier, ORCHESTRATION), write), parent };
}

/** An entry of a carrier that may be no object at all, or hold getters that throw. */
function read(carrier: unknown, key: string): unknown {
  return isRecord(carrier) ? safely('read a carrier', () => carrier[key]) : undefined;
}

function toCarried(part: RunPart, write: TextWriter): CarriedPart {
  const { tool } = part;
  const dependencies = [...part.dependencies]
    .slice(0, MAX_LINKS)
    .map(([id, spanContext]) => [id, toTraceparent(spanContext)] as const);
  return {
    v: VERSION,
    run_id: part.runId,
    ...(part.strategy !== undefined && { strategy: part.strategy }),
    ...(tool && { tool: toCarriedTool(tool, write) }),
    dependencies: Object.fromEntries(dependencies),
  };
}

/** The other process writes its spans with its own redactor; what this one hides stays here. Ids have to be the same in both. */
function toCarriedTool({ traced, groupIndex, executionOrder }: PlannedTool, write: TextWriter): CarriedTool {
  const mapping = Object.entries(traced.output_mapping).map(([field, text]) => [field, write.redact(text)] as const);
  return {
    ...traced,
    output_mapping: Object.fromEntries(mapping),
    group_index: groupIndex,
    execution_order: executionOrder,
  };
}

function fromCarried(text: unknown, write: TextWriter): RunPart {
  const unknownPart: RunPart = { runId: 'unknown', strategy: undefined, tool: undefined, dependencies: new Map() };
  if (typeof text !== 'string') return unknownPart;
  const carried = text.length <= MAX_CARRIER_LENGTH ? parseJson(text) : undefined;
  if (!isRecord(carried) || carried['v'] !== VERSION || typeof carried['run_id'] !== 'string') {
    warnOnce('an orchestration carrier could not be read; its steps stand below the caller, without group and links');
    return unknownPart;
  }
  const dependencies = new Map<string, SpanContext>();
  const entries = isRecord(carried['dependencies']) ? Object.entries(carried['dependencies']) : [];
  for (const [toolId, traceparent] of entries.slice(0, MAX_LINKS)) {
    const spanContext = fromTraceparent(traceparent);
    if (spanContext) dependencies.set(toolId, spanContext);
  }
  const strategy = STRATEGIES.find((known) => known === carried['strategy']);
  return { runId: carried['run_id'], strategy, tool: toPlannedTool(carried['tool'], strategy, write), dependencies };
}

function toPlannedTool(value: unknown, strategy: string | undefined, write: TextWriter): PlannedTool | undefined {
  if (!isRecord(value)) return undefined;
  const { tool_id, tool_type, depends_on, dependency_groups, output_mapping, group_index, execution_order } = value;
  const isTool =
    typeof tool_id === 'string' &&
    typeof tool_type === 'string' &&
    isListOf('string', depends_on) &&
    isListOf('number', dependency_groups) &&
    isRecord(output_mapping) &&
    isListOf('string', Object.values(output_mapping)) &&
    isIndex(group_index) &&
    isIndex(execution_order);
  if (!isTool) return undefined;
  const traced = { tool_id, tool_type, depends_on, dependency_groups, output_mapping } as TracedTool;
  const at = { index: 0, indexOf: () => undefined, groupIndex: group_index, executionOrder: execution_order };
  return new PlannedTool(write, { ...at, traced, strategy });
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function toTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

function fromTraceparent(text: unknown): SpanContext | undefined {
  const parts = typeof text === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(text) : null;
  if (!parts) return undefined;
  const spanContext = {
    traceId: parts[1]!,
    spanId: parts[2]!,
    traceFlags: Number.parseInt(parts[3]!, 16),
    isRemote: true,
  };
  return isSpanContextValid(spanContext) ? spanContext : undefined;
}

/** JSON with everything beyond ASCII escaped, so that it fits into a header. */
function toAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(type: 'string' | 'number', value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
