import type { Span } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import type { PlanTool } from '../plan.ts';
import type { Outcome } from '../semconv.ts';

/** A function that a plan can name. What it returns is its `data`; what it throws is its `error`. */
export type Tool<P = Record<string, unknown>, R = unknown> = (params: P, context: ToolContext) => R | Promise<R>;

/** A tool with something to say about itself. */
export interface ToolEntry {
  // oxlint-disable-next-line typescript/no-explicit-any -- each tool has parameters of its own
  readonly execute: Tool<any>;
  /** Whether it returns `{ success, data, error }` itself. Default false: what it returns is the data. */
  readonly envelope?: boolean | undefined;
}

/** Tools by `tool_type` or, where no type matches, by `tool_id`. */
// oxlint-disable-next-line typescript/no-explicit-any -- each tool has parameters of its own
export type ToolRegistry = Readonly<Record<string, Tool<any> | ToolEntry>>;

/** What a tool is handed beside its parameters. */
export interface ToolContext {
  readonly toolId: string;
  /** From 1. */
  readonly attempt: number;
  /** From 1; more in a loop. */
  readonly iteration: number;
  /** Aborted when the run is cancelled, and with a `TimeoutError` when the tool's `timeout_ms` is over. */
  readonly signal: AbortSignal;
  /** Results of the steps that have settled. */
  readonly results: ReadonlyMap<string, StepResult>;
  /** The step's span, to add attributes of one's own; it records nothing when nobody listens. */
  readonly span: Span;
}

/** Where a step stood in its plan. */
export interface StepMetadata {
  readonly group_index: number;
  /** Place in the group, from 0. */
  readonly execution_order: number;
  readonly tool_id: string;
  readonly depends_on: readonly string[];
  readonly output_mapping: Readonly<Record<string, string>>;
}

/** What became of one step. */
export interface StepResult {
  readonly stepId: string;
  readonly success: boolean;
  /** What the tool returned, the very same value; undefined when it did not return. */
  readonly data: unknown;
  /** What the tool threw, the very same value, or what it reported; undefined on success, unless an envelope has one nevertheless. */
  readonly error: unknown;
  readonly outcome: Outcome;
  /** Why the step did not run; only with the outcome `skip`. */
  readonly skipReason?: string;
  /** How often the tool was called. */
  readonly attempts: number;
  /** Milliseconds, with fractions. */
  readonly executionTimeMs: number;
  readonly orchestration: StepMetadata;
}

/** What became of a run. */
export interface RunResult {
  /** Whether no step failed and the run was not cancelled. Skipped steps do not count. */
  readonly success: boolean;
  /** Every tool of the plan, in the plan's order. */
  readonly results: ReadonlyMap<string, StepResult>;
  /** serial: data of the last successful step; parallel: list of the successful steps' data; dag: data of the only sink, or an object of the successful sinks' data by id. */
  readonly finalOutput: unknown;
  /** Ids, in the order in which they failed. */
  readonly failedSteps: readonly string[];
  /** Ids, in the order in which they were skipped. */
  readonly skippedSteps: readonly string[];
  readonly orchestrationTrace: ExecutionPlanTrace;
  /** How the run went and why: one or two sentences of at most 300 characters. */
  readonly verdict: string;
  /** 32 hex digits; undefined when nobody listens. */
  readonly traceId: string | undefined;
}

/**
 * What a failure does to the rest. `skip-dependents`: what needs the failed step is skipped, the rest runs. `stop`: nothing starts any more.
 * `continue`: everything runs; references to the failed step find what it left.
 */
export type FailurePolicy = 'skip-dependents' | 'stop' | 'continue';

/** `ready`: a step starts as soon as its own dependencies are done. `group`: it waits for the whole group before its own. */
export type Scheduling = 'ready' | 'group';

/** Decides whether a tool runs, beside its `condition`: asked when its turn comes and, for the start of a loop, after each pass. */
export type ShouldRun = (tool: PlanTool, results: ReadonlyMap<string, StepResult>) => boolean | Promise<boolean>;
