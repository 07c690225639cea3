import { context } from '@opentelemetry/api';
import { OrchestraceError } from '../errors.ts';
import type { TraceOptions } from '../options.ts';
import { parsePlan, type Plan, type PlanInput } from '../plan.ts';
import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../plan-trace.ts';
import { describe, safely } from '../spans/guard.ts';
import { RunRecorder } from '../spans/run-recorder.ts';
import { telemetryWith, type Telemetry } from '../spans/telemetry.ts';
import { PlanRun } from './plan-run.ts';
import { findExecutables } from './registry.ts';
import type { FailurePolicy, RunResult, Scheduling, ToolRegistry } from './types.ts';

/** Options of one run of a plan. */
export interface RunPlanOptions extends TraceOptions {
  /** The functions, by `tool_type` or `tool_id`. */
  tools: ToolRegistry;
  /** What `$input` stands for. */
  input?: unknown;
  /** Cancels the run: nothing starts any more, tools are told, and what is still running is left behind. */
  signal?: AbortSignal | undefined;
  /** Default: `stop` for serial, `continue` for parallel, `skip-dependents` for dag. */
  onFailure?: FailurePolicy | undefined;
  /** For dag. Default `ready`. */
  scheduling?: Scheduling | undefined;
  /** Most steps at once, 1 or more. Default: no limit. */
  maxConcurrency?: number | undefined;
  /** Identifies the run. Default: a random UUID. */
  runId?: string | undefined;
}

export type RunPlan = (plan: Plan | PlanInput, options: RunPlanOptions) => Promise<RunResult>;

const POLICIES = ['skip-dependents', 'stop', 'continue'] as const;
const SCHEDULINGS = ['ready', 'group'] as const;
const DEFAULT_POLICY = { serial: 'stop', parallel: 'continue', dag: 'skip-dependents' } as const;

/** Makes `runPlan` for one telemetry. */
export function createRunPlan(base: () => Telemetry): RunPlan {
  return async function runPlan(planInput, options) {
    if (typeof options !== 'object' || options === null)
      throw new OrchestraceError('RUN_INVALID', 'runPlan needs { tools }');
    const { tools, input, signal, onFailure, scheduling, maxConcurrency, runId, ...traceOptions } = options;
    checkChoice('onFailure', onFailure, POLICIES);
    checkChoice('scheduling', scheduling, SCHEDULINGS);
    checkConcurrency(maxConcurrency);
    checkSignal(signal);
    const telemetry = telemetryWith(Object.keys(traceOptions).length > 0 ? traceOptions : undefined, base)();
    const plan = parsePlan(planInput);
    const executables = findExecutables(plan, tools);
    const trace = createExecutionPlanTrace(plan);
    const run = new PlanRun({
      trace,
      executables,
      recorder: startRecorder(telemetry, plan, trace, runId),
      input,
      signal,
      onFailure: onFailure ?? DEFAULT_POLICY[trace.strategy],
      scheduling: scheduling ?? 'ready',
      maxConcurrency: maxConcurrency ?? Infinity,
      isFailure: telemetry.options.isFailure,
    });
    return run.carryOut();
  };
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

function checkConcurrency(value: unknown): void {
  if (value === undefined || value === Infinity || (Number.isInteger(value) && (value as number) >= 1)) return;
  throw new OrchestraceError(
    'RUN_INVALID',
    `option maxConcurrency must be an integer of at least 1, got ${describe(value)}`,
  );
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
