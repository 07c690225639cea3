import {
  ATTR_ORCHESTRATION_ATTEMPT,
  ATTR_ORCHESTRATION_ATTEMPT_COUNT,
  ATTR_ORCHESTRATION_BACKOFF_MS,
  ATTR_ORCHESTRATION_CANCEL_REASON,
  ATTR_ORCHESTRATION_DEPENDS_ON,
  ATTR_ORCHESTRATION_EXECUTION_ORDER,
  ATTR_ORCHESTRATION_GROUP_INDEX,
  ATTR_ORCHESTRATION_ITERATION,
  ATTR_ORCHESTRATION_MAPPINGS,
  ATTR_ORCHESTRATION_MAX_ATTEMPTS,
  ATTR_ORCHESTRATION_OUTCOME,
  ATTR_ORCHESTRATION_OUTPUT_MAPPING,
  ATTR_ORCHESTRATION_PARALLEL_EXECUTION,
  ATTR_ORCHESTRATION_PLAN_NAME,
  ATTR_ORCHESTRATION_PLANNED,
  ATTR_ORCHESTRATION_RUN_ID,
  ATTR_ORCHESTRATION_SKIP_REASON,
  ATTR_ORCHESTRATION_STRATEGY,
  ATTR_ORCHESTRATION_TOOL_ID,
  ATTR_ORCHESTRATION_TOOL_IDS,
  ATTR_ORCHESTRATION_TOOL_TYPE,
  type Outcome,
} from '../../semconv.ts';
import { isFailing } from '../failures.ts';
import {
  integerAt,
  outcomeAt,
  parseJson,
  readMapping,
  readMappingRecords,
  textAt,
  textsAt,
} from './read-attributes.ts';
import { readPlan } from './read-plan.ts';
import type { ReceivedSpan } from './received-span.ts';
import type { Attempt, DeclaredPlan, DeclaredTool, Group, Run, SpanNode, Step } from './run.ts';
import { unseenSteps } from './unseen-steps.ts';

/** A node that still gets children. */
export interface SpanDraft extends SpanNode {
  readonly children: SpanDraft[];
}

export interface AttemptDraft extends Attempt {
  readonly spans: SpanDraft[];
}

/** A step that still gets what is below it. */
export interface StepDraft extends Step {
  readonly attempts: AttemptDraft[];
  readonly spans: SpanDraft[];
  readonly steps: StepDraft[];
  readonly runs: Run[];
}

/** What has been found of a run so far. */
export class RunDraft {
  readonly traceId: string;
  /** Undefined when it did not arrive. */
  readonly span: ReceivedSpan | undefined;
  /** The step that started this run. */
  readonly caller: StepDraft | undefined;
  readonly planSpans: ReceivedSpan[] = [];
  readonly groupSpans: ReceivedSpan[] = [];
  readonly steps: StepDraft[] = [];
  /** Steps of which only others tell. */
  readonly lostSteps: StepDraft[] = [];
  readonly spans: SpanDraft[] = [];
  readonly notes: string[] = [];
  /** Whether it is made of steps that nothing tells of any run, and whose parent did not arrive. */
  isDetached = false;
  #declaredIds: ReadonlySet<string> | undefined;
  #declared: ReturnType<typeof readPlan> | undefined;

  constructor(traceId: string, span?: ReceivedSpan, caller?: StepDraft) {
    this.traceId = traceId;
    this.span = span;
    this.caller = caller;
  }

  /** The plan, from its own spans or else from the run's. Ask when all spans have been placed. */
  get declared(): { plan?: DeclaredPlan; note?: string } {
    return (this.#declared ??= readPlan(this.planSpans.length > 0 ? this.planSpans : this.span ? [this.span] : []));
  }

  declares(toolId: string): boolean {
    this.#declaredIds ??= new Set(this.declared.plan?.groups.flatMap((tools) => tools.map((tool) => tool.toolId)));
    return this.#declaredIds.has(toolId);
  }
}

/** Reads a step span. `groupIndex` is that of the group span above it. */
export function stepOf(span: ReceivedSpan, groupIndex: number | undefined): StepDraft {
  const { attributes } = span;
  return {
    toolId: textAt(attributes, ATTR_ORCHESTRATION_TOOL_ID) ?? span.name,
    toolType: textAt(attributes, ATTR_ORCHESTRATION_TOOL_TYPE),
    groupIndex: integerAt(attributes, ATTR_ORCHESTRATION_GROUP_INDEX) ?? groupIndex,
    executionOrder: integerAt(attributes, ATTR_ORCHESTRATION_EXECUTION_ORDER),
    iteration: integerAt(attributes, ATTR_ORCHESTRATION_ITERATION) ?? 1,
    isPlanned: attributes.get(ATTR_ORCHESTRATION_PLANNED) !== false,
    dependsOn: textsAt(attributes, ATTR_ORCHESTRATION_DEPENDS_ON),
    outputMapping: readMapping(parseJson(textAt(attributes, ATTR_ORCHESTRATION_OUTPUT_MAPPING))),
    mappings: readMappingRecords(parseJson(textAt(attributes, ATTR_ORCHESTRATION_MAPPINGS))),
    span,
    absence: undefined,
    reason: textAt(attributes, ATTR_ORCHESTRATION_SKIP_REASON),
    outcome: outcomeOf(span),
    error: errorOf(span),
    attemptCount: integerAt(attributes, ATTR_ORCHESTRATION_ATTEMPT_COUNT),
    attempts: [],
    spans: [],
    steps: [],
    runs: [],
  };
}

export function attemptOf(span: ReceivedSpan): AttemptDraft {
  const { attributes } = span;
  return {
    attempt: integerAt(attributes, ATTR_ORCHESTRATION_ATTEMPT) ?? 1,
    maxAttempts: integerAt(attributes, ATTR_ORCHESTRATION_MAX_ATTEMPTS),
    backoffMs: integerAt(attributes, ATTR_ORCHESTRATION_BACKOFF_MS),
    span,
    outcome: outcomeOf(span),
    error: errorOf(span),
    spans: [],
  };
}

/** Makes the run of what was found: groups in order, and a step for every planned tool. */
export function assembleRun(draft: RunDraft): Run {
  const { span, notes } = draft;
  const { plan, note } = draft.declared;
  const steps = placeByPlan(draft.steps, plan);
  if (note !== undefined) notes.push(note);
  if (plan?.error !== undefined) notes.push(`the plan is broken: ${plan.error}`);

  const planned = plan?.groups.flat() ?? [];
  const seen = new Map(steps.map((step) => [step.toolId, step]));
  const unseen = unseenSteps(draft, plan?.groups ?? [], seen);
  const all = [...steps, ...unseen].toSorted(byPlace);
  const groups = groupsOf(draft, plan, all);
  const attributes = span?.attributes ?? new Map();
  return {
    traceId: draft.traceId,
    span,
    runId: textAt(attributes, ATTR_ORCHESTRATION_RUN_ID),
    planName: nameOf(draft),
    strategy: textAt(attributes, ATTR_ORCHESTRATION_STRATEGY) ?? plan?.strategy,
    outcome: span && outcomeOf(span),
    error: span && errorOf(span),
    cancelReason: textAt(attributes, ATTR_ORCHESTRATION_CANCEL_REASON),
    ...(draft.isDetached && { isDetached: true as const }),
    ...timesOf(span ? [span] : [...draft.planSpans, ...draft.groupSpans, ...spansOf(steps)]),
    plan,
    planSpans: draft.planSpans,
    plannedTools: planned.length,
    seenTools: planned.filter(({ toolId }) => seen.has(toolId)).length,
    groups,
    steps: all.filter(({ groupIndex }) => groupIndex === undefined),
    spans: draft.spans,
    notes,
  };
}

/** Steps that do not say which group they are in, and have no group above them, are where the plan has their tool. */
function placeByPlan(steps: readonly StepDraft[], plan: DeclaredPlan | undefined): readonly StepDraft[] {
  const isUnplaced = ({ groupIndex, isPlanned }: StepDraft): boolean => groupIndex === undefined && isPlanned;
  if (!plan || !steps.some(isUnplaced)) return steps;
  const groups = new Map(plan.groups.flatMap((tools, index) => tools.map(({ toolId }) => [toolId, index])));
  return steps.map((step) => (isUnplaced(step) ? Object.assign(step, { groupIndex: groups.get(step.toolId) }) : step));
}

function nameOf({ span, planSpans }: RunDraft): string | undefined {
  const named = [span, ...planSpans].find((one) => one?.attributes.has(ATTR_ORCHESTRATION_PLAN_NAME));
  return named && textAt(named.attributes, ATTR_ORCHESTRATION_PLAN_NAME);
}

function groupsOf({ groupSpans }: RunDraft, plan: DeclaredPlan | undefined, steps: readonly Step[]): Group[] {
  const spansByIndex = Map.groupBy(groupSpans, ({ attributes }) =>
    integerAt(attributes, ATTR_ORCHESTRATION_GROUP_INDEX),
  );
  const stepsByIndex = Map.groupBy(steps, ({ groupIndex }) => groupIndex);
  const indexes = new Set([...(plan?.groups.keys() ?? []), ...spansByIndex.keys(), ...stepsByIndex.keys()]);
  const order = [...indexes].filter((index) => index !== undefined).toSorted((a, b) => a - b);
  return order.map((index) =>
    groupOf(index, spansByIndex.get(index) ?? [], plan?.groups[index], stepsByIndex.get(index) ?? []),
  );
}

function groupOf(
  groupIndex: number,
  spans: readonly ReceivedSpan[],
  declared: readonly DeclaredTool[] | undefined,
  steps: readonly Step[],
): Group {
  const [span, ...moreSpans] = spans;
  const { startNs, endNs } = timesOf(span ? spans : spansOf(steps.filter(({ outcome }) => outcome !== 'skip')));
  return {
    groupIndex,
    parallel: isParallel(span, declared, steps),
    span,
    moreSpans,
    outcome: groupOutcome(spans, steps),
    startNs: startNs === 0n ? undefined : startNs,
    endNs: endNs === 0n ? undefined : endNs,
    steps,
  };
}

/** What its span says. Of a group that was opened several times how it ended: the last pass of each tool counts, as it does for the run. */
function groupOutcome(spans: readonly ReceivedSpan[], steps: readonly Step[]): Outcome | undefined {
  const last = spans.at(-1);
  const said = last && outcomeAt(last.attributes, ATTR_ORCHESTRATION_OUTCOME);
  if (spans.length < 2) return said;
  const outcomes = new Set(new Map(steps.map(({ toolId, outcome }) => [toolId, outcome])).values()).add(said);
  if ([...outcomes].some(isFailing)) return 'failure';
  return said && (['cancellation', 'success', 'skip'] as const).find((outcome) => outcomes.has(outcome));
}

function isParallel(
  span: ReceivedSpan | undefined,
  declared: readonly DeclaredTool[] | undefined,
  steps: readonly Step[],
): boolean {
  const said = span?.attributes.get(ATTR_ORCHESTRATION_PARALLEL_EXECUTION);
  if (typeof said === 'boolean') return said;
  if (declared) return declared.length > 1;
  return Math.max(steps.length, span ? textsAt(span.attributes, ATTR_ORCHESTRATION_TOOL_IDS).length : 0) > 1;
}

function byPlace(a: Step, b: Step): number {
  return (
    (a.groupIndex ?? -1) - (b.groupIndex ?? -1) ||
    (a.executionOrder ?? 0) - (b.executionOrder ?? 0) ||
    a.iteration - b.iteration
  );
}

function spansOf(steps: readonly Step[]): ReceivedSpan[] {
  return steps.flatMap(({ span }) => span ?? []);
}

/** The first start and the last end that are known; 0 where none is. */
function timesOf(spans: readonly ReceivedSpan[]): { startNs: bigint; endNs: bigint } {
  let [startNs, endNs] = [0n, 0n];
  for (const span of spans) {
    if (span.startNs > 0n && (startNs === 0n || span.startNs < startNs)) startNs = span.startNs;
    if (span.endNs > endNs) endNs = span.endNs;
  }
  return { startNs, endNs };
}

function outcomeOf({ attributes, status }: ReceivedSpan): Outcome | undefined {
  return outcomeAt(attributes, ATTR_ORCHESTRATION_OUTCOME) ?? (status.code === 'error' ? 'failure' : undefined);
}

function errorOf({ status }: ReceivedSpan): string | undefined {
  return status.code === 'error' ? status.message : undefined;
}
