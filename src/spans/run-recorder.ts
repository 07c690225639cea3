import { context, INVALID_SPAN_CONTEXT, trace, type Context, type Span, type SpanContext } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import { isFailing } from '../explain/failures.ts';
import type { Outcome, WaitReason } from '../semconv.ts';
import { cancelReasonOf, failureOf, recordFailure } from './failure.ts';
import type { GroupRecorder } from './group-recorder.ts';
import { announcePlan, putPlanOnRun } from './plan-span.ts';
import { safely } from './guard.ts';
import type { Needs, PlannedTool } from './planned-tool.ts';
import { RunExplainer } from './run-explainer.ts';
import { runEndAttributes, runStartAttributes, type RunStart } from './run-attributes.ts';
import { RunGroups } from './run-groups.ts';
import { scopeOf, withSpan, type Scope } from './scope.ts';
import { stepAttributes, type StepDetails, type StepStart } from './step-attributes.ts';
import { type StepOutcome, StepRecorder } from './step-recorder.ts';
import type { WrittenPlan } from './written-plan.ts';
import { endSpan, rightAfter, setAttributes, timeOf, type Telemetry } from './telemetry.ts';
import { type ToolState, ToolStates } from './tool-states.ts';

/** The part of a run that another process is to do: one tool, or whatever comes. */
export interface RunPart {
  readonly runId: string;
  readonly strategy: string | undefined;
  readonly tool: PlannedTool | undefined;
  /** Spans of what the tool needs. */
  readonly dependencies: ReadonlyMap<string, SpanContext>;
}

/** One run: its span, its plan spans, its groups, and what its steps need to know of each other. */
export class RunRecorder implements Scope {
  readonly runId: string;
  readonly span: Span;
  readonly context: Context;
  readonly telemetry: Telemetry;
  readonly #written: WrittenPlan | undefined;
  readonly #outer: RunRecorder | undefined;
  readonly #strategy: string | undefined;
  readonly #tools: ReadonlyMap<string, PlannedTool>;
  readonly #states: ToolStates;
  /** Another process leads the run, and knows when dependencies ended. */
  readonly #isRemote: boolean;
  /** No plan has the groups, and no other process leads the run and may have some. */
  readonly #formsGroups: boolean;
  readonly #groups: RunGroups;
  readonly #lazy = new Set<StepRecorder>();
  readonly #startedAt: number = performance.now();
  /** Undefined where another process leads the run and explains it. */
  readonly #explainer: RunExplainer | undefined;
  #ended = false;

  private constructor(
    telemetry: Telemetry,
    run: {
      runId: string;
      written?: WrittenPlan | undefined;
      strategy: string | undefined;
      tools: ReadonlyMap<string, PlannedTool>;
      isRemote?: boolean;
    },
    span: Span,
    parent: Context,
  ) {
    this.telemetry = telemetry;
    this.runId = run.runId;
    this.#written = run.written;
    this.#strategy = run.strategy;
    this.#tools = run.tools;
    this.#states = new ToolStates(run.tools);
    this.#isRemote = run.isRemote === true;
    this.#formsGroups = run.tools.size === 0 && !this.#isRemote;
    this.span = span;
    this.context = withSpan(parent, span, this);
    this.#outer = scopeOf(parent)?.run;
    this.#groups = new RunGroups(telemetry, this.plan, this.context);
    if (!this.#isRemote) this.#explainer = new RunExplainer(telemetry.write, run.written, this.#startedAt);
  }

  /** Starts the run span and sends the plan. */
  static start(telemetry: Telemetry, start: RunStart, parent: Context = context.active()): RunRecorder {
    const { plan } = start;
    const runId = start.runId ?? crypto.randomUUID();
    const written = plan && telemetry.writtenPlan(plan);
    const name = start.name === undefined ? undefined : telemetry.write.name(start.name);
    const spanName = ['orchestration', name, plan?.strategy].filter((part) => part !== undefined).join(' ');
    const attributes = runStartAttributes(telemetry, start, runId, written);
    const span = telemetry.startSpan('run', spanName, attributes, parent);
    const tools = written?.tools ?? NO_TOOLS;
    const run = new RunRecorder(telemetry, { runId, written, strategy: plan?.strategy, tools }, span, parent);
    telemetry.instruments()?.changeActiveRuns(1, { strategy: plan?.strategy });
    if (written && (telemetry.options.announcePlan || !putPlanOnRun(written.json, span))) {
      announcePlan(telemetry, written, name, run.context);
    }
    return run;
  }

  /** Takes up the part of a run that another process leads; run and group spans are ended there. */
  static remote(telemetry: Telemetry, part: RunPart, parent: Context): RunRecorder {
    const { runId, strategy, tool } = part;
    const tools = new Map(tool ? [[tool.traced.tool_id, tool]] : []);
    const span = trace.getSpan(parent) ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const run = new RunRecorder(telemetry, { runId, strategy, tools, isRemote: true }, span, parent);
    if (tool) run.#groups.adopt(tool.groupIndex);
    for (const [toolId, spanContext] of part.dependencies) run.#states.of(toolId).spanContext = spanContext;
    return run;
  }

  get plan(): ExecutionPlanTrace | undefined {
    return this.#written?.trace;
  }

  get run(): this {
    return this;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** How the run went and why; undefined until it has ended, and where another process leads it. */
  get verdict(): string | undefined {
    return safely('explain a run', () => this.#explainer?.verdict);
  }

  /** Whether this run started within another, at whatever depth. */
  isWithin(run: RunRecorder): boolean {
    for (let outer = this.#outer; outer; outer = outer.#outer) if (outer === run) return true;
    return false;
  }

  /** Starts a step: in its group if it is planned, below what is active if it is not. */
  startStep(toolId: string, details: StepDetails = NO_DETAILS, active: Context = context.active()): StepRecorder {
    const startedAt = performance.now();
    const state = this.#states.of(toolId);
    state.starts++;
    const { group, parent, isInner } = this.#placeOf(state, active);
    if (!isInner) state.running++;
    const needs = this.#states.needsOf(state);
    // What a further pass waited for is not known where the tool needs no other.
    const isRepeated = state.starts > 1 && needs?.endedAt === undefined;
    const waitMs = needs && !this.#isRemote && !isRepeated ? this.#waitMs(needs, startedAt) : undefined;
    const waitReason = reasonOf(waitMs, needs, details);
    const start = this.#describe(toolId, state, { group, isInner, details, needs, waitMs, waitReason });
    const span = this.#startSpan(start, details, parent);
    if (waitMs !== undefined) this.#measureWait(waitMs, start.toolType);
    group?.enter(toolId);
    return new StepRecorder(details.telemetry ?? this.telemetry, start, span, parent, startedAt);
  }

  /** Records that a tool does not run. */
  skipStep(
    toolId: string,
    skipReason: string,
    details: StepDetails = NO_DETAILS,
    active: Context = context.active(),
  ): void {
    const at = performance.now();
    const state = this.#states.of(toolId);
    this.#states.ended(toolId, state, 'skip', at, skipReason);
    if (!this.#isInner(state, active))
      this.#explainer?.stepSkipped(toolId, iterationOf(state, details), skipReason, at);
    if (!this.telemetry.options.skippedSpans) return this.#settle(state, undefined, undefined, at);
    const { group, parent, isInner } = this.#placeOf(state, active);
    const needs = this.#states.needsOf(state);
    const start = this.#describe(toolId, state, { group, isInner, details, needs, skipReason });
    const span = this.#startSpan(start, details, parent);
    group?.enter(toolId);
    endSpan(span, rightAfter(timeOf(span, 'startTime')));
    group?.leave(toolId, span, 'skip');
    this.#settle(state, span, group, at);
  }

  /** The step that a further attempt of a tool belongs to: one that failed, or one whose attempt goes on and is given up for this. */
  stepToRetry(
    toolId: string,
    attempt: number,
    iteration: number | undefined,
    active: Context,
  ): StepRecorder | undefined {
    if (attempt === 1) return undefined;
    const tried = [...(this.#states.seen(toolId)?.tried ?? [])].filter(({ attempts, place }) => {
      return attempts < attempt && (iteration ?? place.iteration) === place.iteration;
    });
    const caller = scopeOf(active)?.step; // an attempt that makes the next one itself
    const isNext = (step: StepRecorder): boolean => step.attempts === attempt - 1;
    return (
      tried.find((step) => step === caller) ??
      tried.find((step) => step.isResting && isNext(step)) ??
      tried.find((step) => step.isResting) ??
      tried.find(isNext)
    );
  }

  /** Keeps a step that is tried in attempts, so that {@link stepToRetry} finds it. */
  keepTried(step: StepRecorder): void {
    (this.#states.of(step.place.toolId).tried ??= new Set()).add(step);
  }

  /** Told by a step that its attempt failed; whether it may wait for another. For what depends on it, it has ended. */
  stepRests(step: StepRecorder, at: number): boolean {
    const { toolId, group } = step.place;
    const state = this.#states.of(toolId);
    if (this.#ended || !state.tried?.has(step)) return false;
    state.endedAt = at;
    state.spanContext = step.span.spanContext();
    group?.rest();
    return true;
  }

  /** Told by a step that it ended. */
  stepEnded(step: StepRecorder, end: StepOutcome): void {
    const { outcome, endedAt } = end;
    const { toolId, planned, group, isInner } = step.place;
    this.#explainer?.stepEnded(step, end);
    const state = this.#states.of(toolId, planned);
    if (!isInner) state.running--;
    this.#states.ended(toolId, state, outcome, endedAt);
    if (this.#lazy.size > 0) this.#lazy.delete(step);
    state.tried?.delete(step);
    group?.leave(toolId, step.span, outcome);
    this.#settle(state, step.span, group, endedAt);
  }

  /** Keeps a step whose result is still to be consumed, so that it ends with the run at the latest. */
  keepLazy(step: StepRecorder): void {
    this.#lazy.add(step);
  }

  /** Opens a group by hand until {@link releaseGroup}; undefined in a run that forms none. */
  holdGroup(): GroupRecorder | undefined {
    if (!this.#formsGroups || this.#ended) return undefined;
    const group = this.#groups.next();
    group.held = true;
    return group;
  }

  releaseGroup(group: GroupRecorder): void {
    group.held = false;
    this.#groups.endIfDone(group);
  }

  /** Hands a tool to another process: opens its group, and gives the context and what else that process must know. */
  delegate(toolId: string | undefined): { part: RunPart; parent: Context } {
    const state = toolId === undefined ? undefined : this.#states.of(toolId);
    const tool = state?.planned;
    const dependencies = new Map<string, SpanContext>();
    for (const source of tool?.sources ?? []) {
      const spanContext = this.#states.seen(source)?.spanContext;
      if (spanContext) dependencies.set(source, spanContext);
    }
    const group = tool && !this.#ended ? this.#groups.planned(tool.groupIndex) : undefined;
    this.#states.delegate(toolId);
    if (group) group.isLent = true;
    const part = { runId: this.runId, strategy: this.#strategy, tool, dependencies };
    return { part, parent: group?.context ?? this.context };
  }

  /** Ends what is open of its steps and groups, but not the run, which another process may lead. Once. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const step of this.#lazy) step.abandon();
    for (const step of this.#states.tried()) step.settleRest();
    this.#groups.endAll();
  }

  /**
   * Ends the run and what is open of its steps and groups. Once.
   *
   * @param cancelReason default: what was thrown for a cancellation says it
   */
  end(
    outcome: Outcome,
    error?: unknown,
    cancelReason: string | undefined = outcome === 'cancellation' ? cancelReasonOf(error) : undefined,
  ): void {
    if (this.#ended) return;
    this.close();
    const endedAt = performance.now();
    const failure = isFailing(outcome) ? failureOf(error, outcome) : undefined;
    const { running, delegated } = this.#states;
    this.#explainer?.runEnded({
      outcome,
      error: failure?.message,
      cancelReason,
      endedAt,
      running,
      elsewhere: delegated,
    });
    if (this.span.isRecording()) {
      if (failure) recordFailure(this.span, failure, this.telemetry.write);
      const tally = this.#states.tally(this.plan?.tool_ids ?? []);
      setAttributes(this.span, runEndAttributes(this.telemetry, { outcome, cancelReason, ...tally }, this.#written));
      const explained = safely('explain a run', () => this.#explainer?.attributes());
      if (explained) setAttributes(this.span, explained);
    }
    endSpan(this.span, endedAt); // explaining it takes time that is none of the run's
    const instruments = this.telemetry.instruments();
    const labels = { strategy: this.#strategy, outcome, errorType: failure?.type };
    instruments?.recordRun(endedAt - this.#startedAt, labels);
    instruments?.changeActiveRuns(-1, { strategy: this.#strategy });
  }

  get #hasPlannedTools(): boolean {
    return this.#tools.size > 0;
  }

  /** Whether a step is called within one of this run and is none of the plan's. */
  #isInner({ planned }: ToolState, active: Context): boolean {
    const scope = scopeOf(active);
    return !planned && scope?.run === this && scope.step !== undefined;
  }

  /** The group and the parent of a step. The parent keeps what else the active context carries, if that is within this run. */
  #placeOf(state: ToolState, active: Context): { group: GroupRecorder | undefined; parent: Context; isInner: boolean } {
    const scope = scopeOf(active);
    const isWithin = scope?.run === this;
    const isInner = this.#isInner(state, active);
    const group = this.#groupOf(state.planned, isWithin ? scope : undefined);
    const base = isWithin ? active : withSpan(active, this.span, this);
    if (!group) return { group, parent: base, isInner };
    return { group, parent: base === this.context ? group.context : trace.setSpan(base, group.span), isInner };
  }

  #groupOf(planned: PlannedTool | undefined, scope: Scope | undefined): GroupRecorder | undefined {
    if (this.#ended) return undefined; // a step that comes too late; its group has been sent
    if (planned) return this.#groups.planned(planned.groupIndex);
    if (!this.#formsGroups || scope?.step) return undefined;
    return scope?.group?.isOpen ? scope.group : this.#groups.current();
  }

  #waitMs({ endedAt }: Needs, startedAt: number): number {
    return Math.max(0, startedAt - Math.max(endedAt ?? 0, this.#startedAt));
  }

  #measureWait(milliseconds: number, toolType: string): void {
    this.telemetry.instruments()?.recordWait(milliseconds, { strategy: this.#strategy, toolType });
  }

  #describe(
    toolId: string,
    state: ToolState,
    { group, isInner, details, needs, waitMs, waitReason, skipReason }: StepCircumstances,
  ): StepStart {
    const { planned } = state;
    return {
      toolId,
      toolType: planned?.traced.tool_type ?? details.toolType ?? 'unknown',
      strategy: this.#strategy,
      iteration: iterationOf(state, details),
      run: this,
      group,
      planned,
      isUnplanned: !planned && this.#hasPlannedTools,
      isInner,
      needs,
      waitMs,
      waitReason,
      skipReason,
    };
  }

  #startSpan(start: StepStart, details: StepDetails, parent: Context): Span {
    const { toolId, planned, needs } = start;
    const telemetry = details.telemetry ?? this.telemetry;
    const name = planned ? planned.spanName : `step ${telemetry.write.name(toolId)}`;
    return telemetry.startSpan('step', name, stepAttributes(telemetry, start, details), parent, needs?.links, toolId);
  }

  #settle(state: ToolState, span: Span | undefined, group: GroupRecorder | undefined, at: number): void {
    const isFirst = this.#states.settle(state, span, at);
    if (isFirst && state.planned) this.#groups.settle(state.planned.groupIndex);
    if (group?.isOpen) this.#groups.endIfDone(group);
  }
}

/** What is known of a step beside its tool. */
interface StepCircumstances {
  readonly group: GroupRecorder | undefined;
  readonly isInner: boolean;
  readonly details: StepDetails;
  readonly needs: Needs | undefined;
  readonly waitMs?: number | undefined;
  readonly waitReason?: WaitReason | undefined;
  readonly skipReason?: string;
}

/** Which pass of its tool a step is: as whoever runs it says, else as many as started. */
function iterationOf({ starts }: ToolState, { iteration }: StepDetails): number {
  return iteration ?? Math.max(1, starts);
}

/** What a step waited for last: what it needs, where it started at once when that had ended. */
function reasonOf(waitMs: number | undefined, needs: Needs | undefined, details: StepDetails): WaitReason | undefined {
  if (waitMs === undefined) return undefined;
  if (waitMs >= 0.5) return details.waitReason ?? 'unknown'; // less is written as 0
  return needs?.blockedBy === undefined ? undefined : 'dependency';
}

const NO_DETAILS: StepDetails = {};
const NO_TOOLS: ReadonlyMap<string, PlannedTool> = new Map();
