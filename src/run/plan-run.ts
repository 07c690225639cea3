import { context, INVALID_SPAN_CONTEXT, trace as traceApi, type Span } from '@opentelemetry/api';
import { compileMapping, resolveMapping, type MappingRecord, type ReferenceSource } from '../mapping.ts';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import type { Outcome } from '../semconv.ts';
import { isFailing, isFailureResult, outcomeOfThrown, reportedError } from '../spans/failure.ts';
import { safely } from '../spans/guard.ts';
import type { RunRecorder } from '../spans/run-recorder.ts';
import type { StepRecorder } from '../spans/step-recorder.ts';
import { traceIdOf } from '../spans/telemetry.ts';
import { finalOutputOf } from './final-output.ts';
import type { Executable } from './registry.ts';
import { Schedule } from './schedule.ts';
import type { FailurePolicy, RunResult, Scheduling, StepMetadata, StepResult } from './types.ts';

/** Everything that one run needs, decided. */
export interface PlanRunInput {
  readonly trace: ExecutionPlanTrace;
  readonly executables: ReadonlyMap<string, Executable>;
  /** Undefined when nobody listens. */
  readonly recorder: RunRecorder | undefined;
  readonly input: unknown;
  readonly signal: AbortSignal | undefined;
  readonly onFailure: FailurePolicy;
  readonly scheduling: Scheduling;
  readonly maxConcurrency: number;
  readonly isFailure: (result: unknown) => boolean;
}

/** A step that was called and has not settled. */
interface RunningStep {
  readonly executable: Executable;
  readonly recorder: StepRecorder | undefined;
  readonly mappings: readonly MappingRecord[];
  readonly startedAt: number;
}

const NO_SPAN: Span = traceApi.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Carries a plan out once. */
export class PlanRun {
  readonly #run: PlanRunInput;
  readonly #schedule: Schedule;
  readonly #metadata: ReadonlyMap<string, StepMetadata>;
  readonly #results = new Map<string, StepResult>();
  readonly #running = new Map<string, RunningStep>();
  readonly #failed: string[] = [];
  readonly #skipped: string[] = [];
  readonly #source: ReferenceSource;
  readonly #abort = new AbortController();
  #isCancelled = false;
  #isPumping = false;
  #done: () => void = () => {};

  constructor(run: PlanRunInput) {
    this.#run = run;
    this.#schedule = new Schedule(run.trace, run);
    this.#metadata = metadataOf(run.trace);
    this.#source = { input: run.input, result: (toolId) => this.#results.get(toolId) };
  }

  /** Runs everything; settles when every tool has. Never rejects. */
  async carryOut(): Promise<RunResult> {
    const { signal } = this.#run;
    const onAbort = (): void => this.#cancel(signal!.reason);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#pump();
    });
    signal?.removeEventListener('abort', onAbort);
    return this.#finish();
  }

  /** Starts what may start. Not re-entered, so that a plan of tools that return at once does not pile up the stack. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#running.size < this.#run.maxConcurrency) {
      const decision = this.#schedule.next();
      if (!decision) break;
      if (decision.skipReason === undefined) this.#start(decision.toolId);
      else this.#skip(decision.toolId, decision.skipReason);
    }
    this.#isPumping = false;
    if (this.#results.size === this.#run.executables.size) this.#done();
  }

  #start(toolId: string): void {
    const executable = this.#run.executables.get(toolId)!;
    const { tool, execute } = executable;
    const { params, mappings } = resolveMapping(compileMapping(tool.output_mapping), tool.params, this.#source);
    const recorder = safely('start a step', () =>
      this.#run.recorder?.startStep(toolId, { input: params }, this.#run.recorder.context),
    );
    this.#running.set(toolId, { executable, recorder, mappings, startedAt: performance.now() });
    const toolContext = {
      toolId,
      attempt: 1,
      iteration: 1,
      signal: this.#abort.signal,
      results: this.#results,
      span: recorder?.span ?? NO_SPAN,
    };
    try {
      const active = recorder?.context ?? context.active();
      const returned: unknown = context.with(active, execute, undefined, params, toolContext);
      if (isThenable(returned)) {
        Promise.resolve(returned).then(
          (value: unknown) => this.#returned(toolId, value),
          (error: unknown) => this.#threw(toolId, error),
        );
      } else {
        this.#returned(toolId, returned);
      }
    } catch (error) {
      this.#threw(toolId, error);
    }
  }

  #skip(toolId: string, skipReason: string): void {
    safely('skip a step', () =>
      this.#run.recorder?.skipStep(toolId, skipReason, undefined, this.#run.recorder.context),
    );
    this.#skipped.push(toolId);
    this.#results.set(toolId, {
      stepId: toolId,
      success: false,
      data: undefined,
      error: undefined,
      outcome: 'skip',
      skipReason,
      attempts: 0,
      executionTimeMs: 0,
      orchestration: this.#metadata.get(toolId)!,
    });
    this.#schedule.settle(toolId, 'skip');
  }

  #returned(toolId: string, returned: unknown): void {
    const step = this.#running.get(toolId);
    if (!step) return; // left behind when the run was cancelled
    if (step.executable.envelope) return this.#opened(toolId, returned);
    const isFailure = isFailureResult(returned, this.#run.isFailure);
    this.#settle(toolId, isFailure ? 'failure' : 'success', returned, isFailure ? reportedError(returned) : undefined);
  }

  /** Settles a step whose tool returns `{ success, data, error }` itself. */
  #opened(toolId: string, returned: unknown): void {
    let envelope: { success: unknown; data?: unknown; error?: unknown };
    try {
      const { success, data, error } = returned as typeof envelope; // getters and proxies may throw, nothing has no fields
      if (typeof success !== 'boolean') throw new TypeError(`got success: ${typeof success}`);
      envelope = { success, data, error };
    } catch (cause) {
      const expected = `tool "${toolId}" is registered with envelope: true and must return { success, data, error }`;
      return this.#settle(toolId, 'error', undefined, new TypeError(expected, { cause }));
    }
    const { success, data, error } = envelope;
    if (success) this.#settle(toolId, 'success', data, undefined);
    else this.#settle(toolId, 'failure', data, error ?? reportedError(returned));
  }

  #threw(toolId: string, error: unknown): void {
    const outcome = this.#isCancelled && error === this.#abort.signal.reason ? 'cancellation' : outcomeOfThrown(error);
    this.#settle(toolId, outcome, undefined, error);
  }

  #settle(toolId: string, outcome: Outcome, data: unknown, error: unknown): void {
    const step = this.#running.get(toolId);
    if (!step) return;
    this.#running.delete(toolId);
    const executionTimeMs = performance.now() - step.startedAt;
    step.recorder?.end(outcome, { error, output: data, mappings: this.#visible(step) });
    if (isFailing(outcome)) this.#failed.push(toolId);
    const success = outcome === 'success';
    const orchestration = this.#metadata.get(toolId)!;
    this.#results.set(toolId, {
      stepId: toolId,
      success,
      data,
      error,
      outcome,
      attempts: 1,
      executionTimeMs,
      orchestration,
    });
    this.#schedule.settle(toolId, outcome);
    this.#pump();
  }

  /** The mappings as they are recorded: literals show only where inputs do. */
  #visible({ executable, mappings }: RunningStep): readonly MappingRecord[] {
    if (!this.#run.recorder?.telemetry.options.recordInputs) return mappings;
    const texts = executable.tool.output_mapping;
    return mappings.map((mapping) => ({ ...mapping, ref: texts[mapping.field] ?? mapping.ref }));
  }

  #cancel(reason: unknown): void {
    this.#isCancelled = true;
    this.#schedule.cancel();
    this.#abort.abort(reason);
    // Tools that heed the signal settle first and say how; the rest is left behind a turn later.
    setImmediate(() => {
      for (const toolId of this.#running.keys()) this.#settle(toolId, 'cancellation', undefined, reason);
    });
  }

  #finish(): RunResult {
    const { trace, recorder } = this.#run;
    const results = new Map(trace.tool_ids.map((toolId) => [toolId, this.#results.get(toolId)!]));
    const success =
      this.#failed.length === 0 &&
      !this.#isCancelled &&
      [...results.values()].every(({ outcome }) => outcome !== 'cancellation');
    const outcome = this.#failed.length > 0 ? 'failure' : success ? 'success' : 'cancellation';
    safely('end a run', () => recorder?.end(outcome, results.get(this.#failed[0] ?? '')?.error));
    return {
      success,
      results,
      finalOutput: finalOutputOf(trace, results),
      failedSteps: this.#failed,
      skippedSteps: this.#skipped,
      orchestrationTrace: trace,
      traceId: recorder && traceIdOf(recorder.span),
    };
  }
}

function metadataOf(trace: ExecutionPlanTrace): Map<string, StepMetadata> {
  const metadata = new Map<string, StepMetadata>();
  for (const { group_index, tools } of trace.execution_groups) {
    for (const [execution_order, { tool_id, depends_on, output_mapping }] of tools.entries()) {
      metadata.set(tool_id, { group_index, execution_order, tool_id, depends_on, output_mapping });
    }
  }
  return metadata;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
