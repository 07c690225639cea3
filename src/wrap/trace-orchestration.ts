import { context } from '@opentelemetry/api';
import type { TraceOptions } from '../options.ts';
import { ownValue } from '../own-value.ts';
import type { Plan, PlanInput } from '../plan.ts';
import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../plan-trace.ts';
import { readCarrier, type Carrier } from '../spans/carrier.ts';
import { safely } from '../spans/guard.ts';
import { RunRecorder } from '../spans/run-recorder.ts';
import { telemetryWith, type Telemetry } from '../spans/telemetry.ts';
import { callRun } from './call-run.ts';
import { IdleRun, TracedRun, type Run } from './run.ts';
import { watchCall } from './watch-call.ts';

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
    return callRun(recorder, work, undefined, [new TracedRun(recorder)]);
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
    const watcher = { fulfilled: close, rejected: close, deferred: () => {} };
    return watchCall(watcher, recorder.context, work, undefined, [new TracedRun(recorder)]);
  };
}

/** The name of a plan, whatever was given for one. */
export function nameOf(plan: unknown): string | undefined {
  const name = safely('read the name of a plan', () => ownValue(plan, 'name'));
  return typeof name === 'string' ? name : undefined;
}

function checkWork(work: unknown): void {
  if (typeof work !== 'function')
    throw new TypeError(`work must be a function that is handed the run, got ${typeof work}`);
}
