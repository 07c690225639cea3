import { context, INVALID_SPAN_CONTEXT, trace, type Context, type Span, type SpanContext } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import type { Outcome } from '../semconv.ts';
import { failureOf, isFailing, recordFailure } from './failure.ts';
import type { GroupRecorder } from './group-recorder.ts';
import { announcePlan, putPlanOnRun } from './plan-span.ts';
import type { Needs, PlannedTool } from './planned-tool.ts';
import { runEndAttributes, runStartAttributes, type RunStart } from './run-attributes.ts';
import { RunGroups } from './run-groups.ts';
import { scopeOf, withSpan, type Scope } from './scope.ts';
import { stepAttributes, type StepDetails, type StepStart } from './step-attributes.ts';
import { StepRecorder } from './step-recorder.ts';
import { endSpan, rightAfter, setAttributes, timeOf, type Telemetry } from './telemetry.ts';

/** What a run knows of one tool. */
interface ToolState {
  readonly planned: PlannedTool | undefined;
  /** How often it started here. */
  starts: number;
  /** Whether another process runs it; this one does not see it end. */
  delegated: boolean;
  /** Whether it ended once, for good. */
  settled: boolean;
  /** When it ended last, on the clock of `performance.now()`. */
  endedAt: number | undefined;
  /** How it ended last. */
  outcome: Outcome | undefined;
  /** Its last span, to link to. */
  spanContext: SpanContext | undefined;
  /** Its steps that are tried in attempts and have not ended. */
  tried: Set<StepRecorder> | undefined;
}

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
  readonly plan: ExecutionPlanTrace | undefined;
  readonly #outer: RunRecorder | undefined;
  readonly #strategy: string | undefined;
  readonly #tools: ReadonlyMap<string, PlannedTool>;
  /** No plan has the groups, and no other process leads the run and may have some. */
  /** Another process leads the run, and knows when dependencies ended. */
  readonly #isRemote: boolean;
  readonly #formsGroups: boolean;
  /** By the tools' positions in the plan. */
  readonly #planned: (ToolState | undefined)[] = [];
  /** By id. */
  readonly #others = new Map<string, ToolState>();
  readonly #groups: RunGroups;
  readonly #failed: { readonly toolId: string; readonly at: number }[] = [];
  readonly #skipped: string[] = [];
  readonly #lazy = new Set<StepRecorder>();
  readonly #startedAt: number = performance.now();
  #ended = false;

  private constructor(
    telemetry: Telemetry,
    run: {
      runId: string;
      plan?: ExecutionPlanTrace | undefined;
      strategy: string | undefined;
      tools: ReadonlyMap<string, PlannedTool>;
      isRemote?: boolean;
    },
    span: Span,
    parent: Context,
  ) {
    this.telemetry = telemetry;
    this.runId = run.runId;
    this.plan = run.plan;
    this.#strategy = run.strategy;
    this.#tools = run.tools;
    this.#isRemote = run.isRemote === true;
    this.#formsGroups = run.tools.size === 0 && !this.#isRemote;
    this.span = span;
    this.context = withSpan(parent, span, this);
    this.#outer = scopeOf(parent)?.run;
    this.#groups = new RunGroups(telemetry, run.plan, this.context);
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
    const run = new RunRecorder(telemetry, { runId, plan, strategy: plan?.strategy, tools }, span, parent);
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
    for (const [toolId, spanContext] of part.dependencies) run.#state(toolId).spanContext = spanContext;
    return run;
  }

  get run(): this {
    return this;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Whether this run started within another, at whatever depth. */
  isWithin(run: RunRecorder): boolean {
    for (let outer = this.#outer; outer; outer = outer.#outer) if (outer === run) return true;
    return false;
  }

  /** Starts a step: in its group if it is planned, below what is active if it is not. */
  startStep(toolId: string, details: StepDetails = NO_DETAILS, active: Context = context.active()): StepRecorder {
    const startedAt = performance.now();
    const state = this.#state(toolId);
    state.starts++;
    const { group, parent } = this.#placeOf(state, active);
    const needs = state.planned?.needs(this.#planned, this.#others);
    const waitMs = needs && !this.#isRemote ? this.#waitMs(needs, startedAt) : undefined;
    const start = this.#describe(toolId, state, group, details, needs, waitMs, undefined);
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
    const state = this.#state(toolId);
    this.#skipped.push(toolId);
    state.outcome = 'skip';
    if (!this.telemetry.options.skippedSpans) return this.#settle(state, undefined, undefined, performance.now());
    const { group, parent } = this.#placeOf(state, active);
    const needs = state.planned?.needs(this.#planned, this.#others);
    const start = this.#describe(toolId, state, group, details, needs, undefined, skipReason);
    const span = this.#startSpan(start, details, parent);
    group?.enter(toolId);
    endSpan(span, rightAfter(timeOf(span, 'startTime')));
    group?.leave(toolId, span, 'skip');
    this.#settle(state, span, group, performance.now());
  }

  /** The step that a further attempt of a tool belongs to: one that failed, or one whose attempt goes on and is given up for this. */
  stepToRetry(
    toolId: string,
    attempt: number,
    iteration: number | undefined,
    active: Context,
  ): StepRecorder | undefined {
    if (attempt === 1) return undefined;
    const tried = [...(this.#seen(toolId)?.tried ?? [])].filter(({ attempts, place }) => {
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
    (this.#state(step.place.toolId).tried ??= new Set()).add(step);
  }

  /** Told by a step that its attempt failed; whether it may wait for another. For what depends on it, it has ended. */
  stepRests(step: StepRecorder, at: number): boolean {
    const { toolId, group } = step.place;
    const state = this.#state(toolId);
    if (this.#ended || !state.tried?.has(step)) return false;
    state.endedAt = at;
    state.spanContext = step.span.spanContext();
    group?.rest();
    return true;
  }

  /** Told by a step that it ended. */
  stepEnded(step: StepRecorder, outcome: Outcome, endedAt: number): void {
    const { toolId, planned, group } = step.place;
    const state = this.#state(toolId, planned);
    state.outcome = outcome;
    if (isFailing(outcome)) this.#failed.push({ toolId, at: endedAt });
    if (outcome === 'skip') this.#skipped.push(toolId);
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
    const state = toolId === undefined ? undefined : this.#state(toolId);
    const tool = state?.planned;
    const dependencies = new Map<string, SpanContext>();
    for (const source of tool?.sources ?? []) {
      const spanContext = this.#seen(source)?.spanContext;
      if (spanContext) dependencies.set(source, spanContext);
    }
    const group = tool && !this.#ended ? this.#groups.planned(tool.groupIndex) : undefined;
    if (state) state.delegated = true;
    if (group) group.isLent = true;
    const part = { runId: this.runId, strategy: this.#strategy, tool, dependencies };
    return { part, parent: group?.context ?? this.context };
  }

  /** Ends what is open of its steps and groups, but not the run, which another process may lead. Once. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const step of this.#lazy) step.abandon();
    for (const state of [...this.#planned, ...this.#others.values()]) {
      for (const step of state?.tried ?? []) step.settleRest();
    }
    this.#groups.endAll();
  }

  /** Ends the run and what is open of its steps and groups. Once. */
  end(outcome: Outcome, error?: unknown): void {
    if (this.#ended) return;
    this.close();
    const failure = isFailing(outcome) ? failureOf(error, outcome) : undefined;
    if (this.span.isRecording()) {
      if (failure) recordFailure(this.span, failure, this.telemetry.write);
      const failed = this.#failed.toSorted((a, b) => a.at - b.at).map(({ toolId }) => toolId);
      const tally = {
        failed: this.#lasting(failed, isFailing),
        skipped: this.#lasting(this.#skipped, (last) => last === 'skip'),
        notStarted: this.#notStarted(),
      };
      setAttributes(this.span, runEndAttributes(this.telemetry, outcome, tally, this.#tools));
    }
    endSpan(this.span);
    const instruments = this.telemetry.instruments();
    const labels = { strategy: this.#strategy, outcome, errorType: failure?.type };
    instruments?.recordRun(performance.now() - this.#startedAt, labels);
    instruments?.changeActiveRuns(-1, { strategy: this.#strategy });
  }

  get #hasPlannedTools(): boolean {
    return this.#tools.size > 0;
  }

  #seen(toolId: string): ToolState | undefined {
    const planned = this.#tools.get(toolId);
    return planned ? this.#planned[planned.index] : this.#others.get(toolId);
  }

  #state(toolId: string, planned: PlannedTool | undefined = this.#tools.get(toolId)): ToolState {
    if (planned) return (this.#planned[planned.index] ??= unseen(planned));
    let state = this.#others.get(toolId);
    if (!state) this.#others.set(toolId, (state = unseen(undefined)));
    return state;
  }

  /** The group and the parent of a step. The parent keeps what else the active context carries, if that is within this run. */
  #placeOf(state: ToolState, active: Context): { group: GroupRecorder | undefined; parent: Context } {
    const scope = scopeOf(active);
    const isWithin = scope?.run === this;
    const group = this.#groupOf(state.planned, isWithin ? scope : undefined);
    const base = isWithin ? active : withSpan(active, this.span, this);
    if (!group) return { group, parent: base };
    return { group, parent: base === this.context ? group.context : trace.setSpan(base, group.span) };
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
    { planned, starts }: ToolState,
    group: GroupRecorder | undefined,
    details: StepDetails,
    needs: Needs | undefined,
    waitMs: number | undefined,
    skipReason: string | undefined,
  ): StepStart {
    return {
      toolId,
      toolType: planned?.traced.tool_type ?? details.toolType ?? 'unknown',
      strategy: this.#strategy,
      iteration: details.iteration ?? starts,
      run: this,
      group,
      planned,
      isUnplanned: !planned && this.#hasPlannedTools,
      needs,
      waitMs,
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
    const isFirst = !state.settled;
    state.settled = true;
    state.endedAt = at;
    if (span) state.spanContext = span.spanContext();
    if (isFirst && state.planned) this.#groups.settle(state.planned.groupIndex);
    if (group?.isOpen) this.#groups.endIfDone(group);
  }

  /** Each tool once. Of a planned tool that comes again, as in a loop, the last outcome counts; of others, which may be one of many, any. */
  #lasting(toolIds: readonly string[], isSuch: (outcome: Outcome) => boolean): string[] {
    return [...new Set(toolIds)].filter((toolId) => {
      const state = this.#seen(toolId);
      return !state?.planned || state.outcome === undefined || isSuch(state.outcome);
    });
  }

  #notStarted(): string[] {
    return (this.plan?.tool_ids ?? []).filter((toolId) => {
      const state = this.#seen(toolId);
      return !state || (state.starts === 0 && state.endedAt === undefined && !state.delegated);
    });
  }
}

const NO_DETAILS: StepDetails = {};
const NO_TOOLS: ReadonlyMap<string, PlannedTool> = new Map();

function unseen(planned: PlannedTool | undefined): ToolState {
  return {
    planned,
    starts: 0,
    delegated: false,
    settled: false,
    endedAt: undefined,
    outcome: undefined,
    spanContext: undefined,
    tried: undefined,
  };
}
