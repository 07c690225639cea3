import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { createExecutionPlanTrace, type ExecutionGroup } from '../../src/index.ts';
import { made, ours } from '../explain/made-spans.ts';

const DAY_NS = 86_400_000_000_000n;

type Made = NonNullable<Parameters<typeof made>[1]>;
/** Milliseconds since the run started: from, to. */
export type Span = readonly [number, number];

/** A call of somebody else within a step or an attempt. */
export interface Call {
  name: string;
  ms: Span;
  attributes: NonNullable<Made['attributes']>;
  error?: string;
}

interface Attempt {
  ms: Span;
  error?: string;
  calls?: readonly Call[];
}

interface BillingStep {
  type: string;
  needs?: readonly string[];
  mapping?: Readonly<Record<string, string>>;
  /** Undefined for one whose span did not arrive. */
  ms: Span | undefined;
  error?: string;
  /** Why it was skipped. */
  skipped?: string;
  attempts?: readonly Attempt[];
  calls?: readonly Call[];
}

/** What a plan that bills customers each night runs, and when each of its steps usually does. */
const USUAL: Readonly<Record<string, BillingStep>> = {
  customers: { type: 'sql', ms: [0, 420] },
  invoices: { type: 'sql', ms: [0, 900] },
  rates: { type: 'http', ms: [0, 310] },
  match: {
    type: 'sql',
    needs: ['customers', 'invoices'],
    mapping: { ids: '{customers.data.rows[*].id}', open: '{invoices.data.rows}' },
    ms: [900, 1900],
  },
  tax: { type: 'rules', needs: ['match', 'rates'], mapping: { vat: '{rates.data.vat}' }, ms: [1900, 2300] },
  render: { type: 'pdf', needs: ['tax'], ms: [2300, 4100] },
  send: { type: 'smtp', needs: ['render'], ms: [4100, 5180] },
  archive: { type: 's3', needs: ['render'], ms: [4100, 4400] },
};

interface BillingRun {
  /** Its night: runs of later ones are newer. */
  night: number;
  version?: string;
  /** How long it took; undefined where its own span, which ends it, did not arrive. */
  ms: number | undefined;
  error?: string;
  /** What is different in this run, by tool. */
  steps?: Readonly<Record<string, Partial<BillingStep>>>;
}

/** One run of the plan `billing`, as some version of the service `biller` sends it. */
export function billingRun({ night, version = '1.4.0', ms, error, steps: changed = {} }: BillingRun): ReceivedSpan[] {
  const steps = new Map(Object.entries(USUAL).map(([id, usual]) => [id, { ...usual, ...changed[id] }]));
  const plan = createExecutionPlanTrace({
    strategy: 'dag',
    tools: Array.from(steps, ([tool_id, { type, needs = [], mapping = {} }]) => ({
      tool_id,
      tool_type: type,
      depends_on: [...needs],
      output_mapping: mapping,
    })),
  });
  const named = { 'plan.name': 'billing', strategy: 'dag' };
  const run = ours('run', 'run', {
    name: 'orchestration billing dag',
    ms: [0, ms ?? 0],
    attributes: { ...named, outcome: outcomeOf(error) },
    ...failed(error),
  });
  const planned = ours('plan', 'plan', {
    name: 'plan billing',
    parent: 'run',
    attributes: { ...named, execution_plan: JSON.stringify(plan) },
  });
  const inside = plan.execution_groups.flatMap((group) => groupSpans(group, steps));
  const resource = new Map(Object.entries({ 'service.name': 'biller', 'service.version': version }));
  return [...(ms === undefined ? [] : [run]), planned, ...inside].map((span) => ({
    ...span,
    traceId: traceOfNight(night),
    startNs: span.startNs + BigInt(night) * DAY_NS,
    endNs: span.endNs + BigInt(night) * DAY_NS,
    resource,
  }));
}

export function traceOfNight(night: number): string {
  return `b${night.toString(16).padStart(7, '0')}${'0'.repeat(24)}`;
}

/** A group and its steps; nothing of one of which no step began. */
function groupSpans(
  { group_index, parallel_execution, tools }: ExecutionGroup,
  steps: Map<string, BillingStep>,
): ReceivedSpan[] {
  const inside = tools.map(({ tool_id }) => ({ id: tool_id, ...steps.get(tool_id)! }));
  const times = inside.flatMap(({ ms }) => ms ?? []);
  if (times.length === 0) return [];
  const error = inside.find((step) => step.error !== undefined)?.error;
  const outcome = inside.every((step) => step.skipped !== undefined) ? 'skip' : outcomeOf(error);
  const group = ours('group', `g${group_index}`, {
    name: `group ${group_index} ${parallel_execution ? 'parallel' : 'serial'}`,
    parent: 'run',
    ms: [Math.min(...times), Math.max(...times)],
    attributes: { group_index, parallel_execution, outcome },
  });
  return [group, ...inside.flatMap((step, place) => stepSpans(step, group_index, place))];
}

function stepSpans(step: BillingStep & { id: string }, group_index: number, execution_order: number): ReceivedSpan[] {
  const { id, type, needs = [], ms, error, skipped, attempts = [], calls = [] } = step;
  if (ms === undefined) return [];
  const attributes = {
    tool_id: id,
    tool_type: type,
    group_index,
    execution_order,
    depends_on: needs,
    outcome: skipped === undefined ? outcomeOf(error) : 'skip',
    ...(skipped !== undefined && { skip_reason: skipped }),
    ...(attempts.length > 0 && { attempt_count: attempts.length }),
  };
  return [
    ours('step', id, { name: `step ${id}`, parent: `g${group_index}`, ms, attributes, ...failed(error) }),
    ...attempts.flatMap((attempt, at) => attemptSpans(id, attempt, at + 1, attempts.length)),
    ...callSpans(id, calls),
  ];
}

function attemptSpans(
  step: string,
  { ms, error, calls = [] }: Attempt,
  attempt: number,
  count: number,
): ReceivedSpan[] {
  const id = `${attempt}${step}`;
  const attributes = { attempt, max_attempts: Math.max(3, count), outcome: outcomeOf(error) };
  return [
    ours('attempt', id, { name: `attempt ${attempt}`, parent: step, ms, attributes, ...failed(error) }),
    ...callSpans(id, calls),
  ];
}

function callSpans(parent: string, calls: readonly Call[]): ReceivedSpan[] {
  return calls.map(({ name, ms, attributes, error }, at) =>
    made(`c${at}${parent}`, { name, parent, kind: 'client', ms, attributes, ...failed(error) }),
  );
}

function outcomeOf(error: string | undefined): string {
  return error === undefined ? 'success' : 'failure';
}

function failed(error: string | undefined): Pick<Made, 'status'> {
  return error === undefined ? {} : { status: { code: 'error', message: error } };
}
