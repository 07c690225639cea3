import { context } from '@opentelemetry/api';
import { OrchestraceError } from '../errors.ts';
import type { TraceOptions } from '../options.ts';
import { parsePlan, type Plan, type PlanInput } from '../plan.ts';
import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../plan-trace.ts';
import { describe, safely } from '../spans/guard.ts';
import { RunRecorder } from '../spans/run-recorder.ts';
import { telemetryWith, type Telemetry } from '../spans/telemetry.ts';
import { isEqual } from './is-equal.ts';
import { PlanRun } from './plan-run.ts';
import { findExecutables } from './registry.ts';
import type { FailurePolicy, RunResult, Scheduling, ShouldRun, ToolRegistry } from './types.ts';

/** How plans are run. */
export interface RunnerOptions extends TraceOptions {
  /** The functions, by `tool_type` or `tool_id`. */
  tools: ToolRegistry;
  /** Default: `stop` for serial, `continue` for parallel, `skip-dependents` for dag. */
  onFailure?: FailurePolicy | undefined;
  /** For dag. Default `ready`. */
  scheduling?: Scheduling | undefined;
  /** Most steps at once, 1 or more. Default: no limit. */
  maxConcurrency?: number | undefined;
  /** Decides whether a tool runs. One that throws makes its step an `error`. */
  shouldRun?: ShouldRun | undefined;
  /** Most passes of a loop, 1 or more; of a loop within a loop, in each pass of the outer one. Default 10. */
  maxIterations?: number | undefined;
  /** Puts each step's metadata into its data too, see `StepMetadata`; data that is no plain object stays as it is. Default false. */
  annotateData?: boolean | undefined;
}

/** What one run is given. */
export interface RunInput {
  /** What `$input` stands for. */
  input?: unknown;
  /** Cancels the run: nothing starts any more, tools are told, and what is still running is left behind. */
  signal?: AbortSignal | undefined;
  /** The plan in groups, if it was made from this plan before. Default: made. */
  executionPlanTrace?: ExecutionPlanTrace | undefined;
  /** Identifies the run. Default: a random UUID. */
  runId?: string | undefined;
}

/** Options of one run of a plan. */
export interface RunPlanOptions extends RunnerOptions, RunInput {}

/** Runs a plan with the given tools, see `runPlan`. */
export type RunPlan = (plan: Plan | PlanInput, options: RunPlanOptions) => Promise<RunResult>;

const POLICIES = ['skip-dependents', 'stop', 'continue'] as const;
const SCHEDULINGS = ['ready', 'group'] as const;
const DEFAULT_MAX_ITERATIONS = 10;
const DEFAULT_POLICY = { serial: 'stop', parallel: 'continue', dag: 'skip-dependents' } as const;

/** Runs plans, each with an input of its own. */
export type Runner = (plan: Plan | PlanInput, given: RunInput) => Promise<RunResult>;

/** Makes `runPlan` for one telemetry. */
export function createRunPlan(base: () => Telemetry): RunPlan {
  return async function runPlan(plan, options) {
    const { input, signal, executionPlanTrace, runId, ...runnerOptions } = checkedOptions('runPlan', options);
    return createRunner(runnerOptions, base)(plan, { input, signal, executionPlanTrace, runId });
  };
}

/**
 * Decides how plans are run.
 *
 * @throws {OrchestraceError} code `RUN_INVALID`: an option is wrong
 * @throws {TypeError} a trace option of the wrong type
 */
export function createRunner(options: RunnerOptions, base: () => Telemetry): Runner {
  const { tools, onFailure, scheduling, maxConcurrency, shouldRun, maxIterations, annotateData, ...traceOptions } =
    options;
  checkChoice('onFailure', onFailure, POLICIES);
  checkChoice('scheduling', scheduling, SCHEDULINGS);
  checkCount('maxConcurrency', maxConcurrency);
  checkCount('maxIterations', maxIterations);
  checkFunction('shouldRun', shouldRun);
  const telemetryOf = telemetryWith(Object.keys(traceOptions).length > 0 ? traceOptions : undefined, base);

  return async function run(planInput, { input, signal, executionPlanTrace, runId }) {
    checkSignal(signal);
    const telemetry = telemetryOf();
    const plan = parsePlan(planInput);
    const trace = createExecutionPlanTrace(plan);
    const executables = findExecutables(plan, trace, tools, shouldRun !== undefined);
    if (executionPlanTrace !== undefined) checkTrace(executionPlanTrace, trace);
    const run = new PlanRun({
      trace,
      givenTrace: executionPlanTrace,
      executables,
      recorder: startRecorder(telemetry, plan, executionPlanTrace ?? trace, runId),
      input,
      signal,
      onFailure: onFailure ?? DEFAULT_POLICY[trace.strategy],
      scheduling: scheduling ?? 'ready',
      maxConcurrency: maxConcurrency ?? Infinity,
      maxIterations: maxIterations ?? DEFAULT_MAX_ITERATIONS,
      joinAny: new Set(plan.tools.filter(({ join }) => join === 'any').map(({ tool_id }) => tool_id)),
      loops: plan.loops ?? [],
      shouldRun,
      annotateData: annotateData ?? false,
      isFailure: telemetry.options.isFailure,
      redact: (text) => telemetry.write.redact(text),
    });
    return run.carryOut();
  };
}

/** Options that are an object at least. */
export function checkedOptions<Options>(of: string, options: Options): Options {
  if (typeof options === 'object' && options !== null) return options;
  throw new OrchestraceError('RUN_INVALID', `${of} needs { tools }, got ${describe(options)}`);
}

function startRecorder(
  telemetry: Telemetry,
  plan: Plan,
  trace: ExecutionPlanTrace,
  runId: string | undefined,
): RunRecorder | undefined {
  return safely('start a run', () => {
    if (telemetry.isIdle(context.active())) return undefined;
    return RunRecorder.start(telemetry, { name: plan.name, plan: trace, runId });
  });
}

function checkChoice(option: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
  const expected = choices.map((choice) => `"${choice}"`).join(', ');
  throw new OrchestraceError(
    'RUN_INVALID',
    `option ${option} must be one of ${expected}, got ${JSON.stringify(value)}`,
  );
}

function checkCount(option: string, value: unknown): void {
  if (value === undefined || value === Infinity || (Number.isInteger(value) && (value as number) >= 1)) return;
  throw new OrchestraceError(
    'RUN_INVALID',
    `option ${option} must be an integer of at least 1, got ${describe(value)}`,
  );
}

function checkFunction(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new OrchestraceError('RUN_INVALID', `option ${option} must be a function, got ${describe(value)}`);
}

function checkTrace(given: unknown, made: ExecutionPlanTrace): void {
  if (safely('read an execution plan trace', () => isEqual(given, made)) === true) return;
  const remedy = 'make it from this plan by createExecutionPlanTrace, or leave it out';
  throw new OrchestraceError('RUN_INVALID', `option executionPlanTrace is not that of this plan; ${remedy}`);
}

function checkSignal(value: unknown): void {
  if (value === undefined || isSignal(value)) return;
  throw new OrchestraceError(
    'RUN_INVALID',
    `option signal must be an AbortSignal such as that of an AbortController, got ${describe(value)}`,
  );
}

/** By what is used of it: signals of other realms and of polyfills are no instances of ours. */
function isSignal(value: unknown): boolean {
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
}
