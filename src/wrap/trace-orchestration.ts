import { context } from '@opentelemetry/api';
import type { TraceOptions } from '../options.ts';
import { ownValue } from '../own-value.ts';
import type { Plan, PlanInput } from '../plan.ts';
import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../plan-trace.ts';
import { readCarrier, type Carrier } from '../spans/carrier.ts';
import { isFailureResult, outcomeOfThrown, reportedError } from '../spans/failure.ts';
import { safely } from '../spans/guard.ts';
import { RunRecorder } from '../spans/run-recorder.ts';
import { telemetryWith, type Telemetry } from '../spans/telemetry.ts';
import { IdleRun, TracedRun, type Run } from './run.ts';
import { watch } from './watch.ts';

/** Options of one run. */
export interface OrchestrationOptions extends TraceOptions {
  /** Name of the run where no plan has one. */
  name?: string | undefined;
  /** Identifies the run. Default: a random UUID. */
  runId?: string | undefined;
  /** The plan in groups, if it was made before. Default: made from the plan. */
  executionPlanTrace?: ExecutionPlanTrace | undefined;
}

export type TraceOrchestration = <R>(
  plan: Plan | PlanInput | undefined,
  work: (run: Run) => R,
  options?: OrchestrationOptions,
) => R;

export type ContinueOrchestration = <R>(carrier: Readonly<Carrier>, work: (run: Run) => R, options?: TraceOptions) => R;

/** Makes `traceOrchestration` for one telemetry. */
export function createTraceOrchestration(base: () => Telemetry): TraceOrchestration {
  return function traceOrchestration<R>(
    plan: Plan | PlanInput | undefined,
    work: (run: Run) => R,
    options: OrchestrationOptions = {},
  ): R {
    checkWork(work);
    const { name, runId, executionPlanTrace, ...traceOptions } = options;
    const telemetry = telemetryWith(Object.keys(traceOptions).length > 0 ? traceOptions : undefined, base)();
    const makeTrace = (): ExecutionPlanTrace | undefined =>
      executionPlanTrace ?? (plan === undefined ? undefined : createExecutionPlanTrace(plan));
    const recorder = safely('start a run', () => {
      if (telemetry.isIdle(context.active())) return undefined;
      return RunRecorder.start(telemetry, { name: name ?? nameOf(plan), plan: makeTrace(), runId });
    });
    if (!recorder) return work(new IdleRun(runId, makeTrace));
    return callRun(recorder, work);
  };
}

/** Makes `continueOrchestration` for one telemetry. */
export function createContinueOrchestration(base: () => Telemetry): ContinueOrchestration {
  return function continueOrchestration<R>(
    carrier: Readonly<Carrier>,
    work: (run: Run) => R,
    options?: TraceOptions,
  ): R {
    checkWork(work);
    const telemetry = telemetryWith(options, base)();
    const recorder = safely('continue a run', () => {
      const active = context.active();
      if (telemetry.isIdle(active)) return undefined;
      const { part, parent } = readCarrier(carrier, active, telemetry.write);
      return RunRecorder.remote(telemetry, part, parent);
    });
    if (!recorder) return work(new IdleRun(undefined, () => undefined));
    const close = (): void => safely('end a part of a run', () => recorder.close());
    return callWithin(recorder, work, close, close);
  };
}

/** Calls a function with its run active, and ends the run when the call ends. */
function callRun<R>(recorder: RunRecorder, work: (run: Run) => R): R {
  const { isFailure } = recorder.telemetry.options;
  const end = (...how: Parameters<RunRecorder['end']>): void => safely('end a run', () => recorder.end(...how));
  const fulfilled = (value: unknown): void => {
    if (isFailureResult(value, isFailure)) end('failure', reportedError(value));
    else end('success');
  };
  const rejected = (error: unknown): void => end(outcomeOfThrown(error), error);
  return callWithin(recorder, work, fulfilled, rejected);
}

function callWithin<R>(
  recorder: RunRecorder,
  work: (run: Run) => R,
  fulfilled: (value: unknown) => void,
  rejected: (error: unknown) => void,
): R {
  let result: R;
  try {
    result = context.with(recorder.context, work, undefined, new TracedRun(recorder));
  } catch (error) {
    rejected(error);
    throw error;
  }
  return watch(result, { fulfilled, rejected, deferred: () => {} }, recorder.context);
}

function nameOf(plan: unknown): string | undefined {
  const name = safely('read the name of a plan', () => ownValue(plan, 'name'));
  return typeof name === 'string' ? name : undefined;
}

function checkWork(work: unknown): void {
  if (typeof work !== 'function')
    throw new TypeError(`work must be a function that is handed the run, got ${typeof work}`);
}
