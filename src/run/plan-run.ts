import { PlanFacts } from '../explain/facts.ts';
import { isFailing, RUN_CANCELLED } from '../explain/failures.ts';
import { type LoggedStep, RunLog } from '../explain/run-log.ts';
import { compileMapping, resolveMapping, type MappingRecord, type ReferenceSource } from '../mapping.ts';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import type { PlanTool } from '../plan.ts';
import type { Outcome, WaitReason } from '../semconv.ts';
import { cancelReasonOf, failureOf } from '../spans/failure.ts';
import { describe, safely, warn } from '../spans/guard.ts';
import type { RunRecorder } from '../spans/run-recorder.ts';
import type { StepRecorder } from '../spans/step-recorder.ts';
import { traceIdOf } from '../spans/telemetry.ts';
import { annotate } from './annotate.ts';
import { holds } from './condition.ts';
import { finalOutputOf } from './final-output.ts';
import type { LoopBody, Repeat } from './loop-body.ts';
import type { Executable } from './registry.ts';
import { Schedule, type ScheduleOptions } from './schedule.ts';
import { isThenable, StepRun, type StepRunEnd } from './step-run.ts';
import type { RunResult, ShouldRun, StepMetadata, StepResult } from './types.ts';

/** Everything that one run needs, decided. */
export interface PlanRunInput extends ScheduleOptions {
  readonly trace: ExecutionPlanTrace;
  /** The same, as the caller has it: given back. */
  readonly givenTrace: ExecutionPlanTrace | undefined;
  readonly executables: ReadonlyMap<string, Executable>;
  /** Undefined when nobody listens. */
  readonly recorder: RunRecorder | undefined;
  readonly input: unknown;
  readonly signal: AbortSignal | undefined;
  readonly maxConcurrency: number;
  readonly maxIterations: number;
  readonly shouldRun: ShouldRun | undefined;
  readonly annotateData: boolean;
  readonly isFailure: (result: unknown) => boolean;
  /** For what the verdict quotes where nobody listens. */
  readonly redact: (text: string) => string;
}

/** Carries a plan out once. */
export class PlanRun {
  readonly #run: PlanRunInput;
  readonly #schedule: Schedule;
  readonly #metadata: ReadonlyMap<string, StepMetadata>;
  readonly #results = new Map<string, StepResult>();
  /** The same for tools and `shouldRun`, which may do with it what they like. */
  readonly #shownResults = new Map<string, StepResult>();
  readonly #running = new Map<string, StepRun>();
  /** How often each tool's turn came. */
  readonly #iterations = new Map<string, number>();
  /** For each tool of which `shouldRun` has not said whether it runs, what takes its answer for no. */
  readonly #undecided = new Set<() => void>();
  /** Starts of loops that were asked at the loop's end whether they run again, and are not asked twice. */
  readonly #admitted = new Set<string>();
  readonly #failed: string[] = [];
  readonly #skipped: string[] = [];
  readonly #source: ReferenceSource;
  /** What tools waited for that are to start and had all they need before. */
  readonly #waitReasons = new Map<string, WaitReason>();
  /** How many of the tools that are next could have started, had fewer others been running. */
  #held = 0;
  /** What the steps did; the recorder has its own. */
  readonly #log: RunLog | undefined;
  readonly #abort = new AbortController();
  #isCancelled = false;
  #cancelReason: string | undefined;
  #isPumping = false;
  #done: () => void = () => {};

  constructor(run: PlanRunInput) {
    this.#run = run;
    this.#schedule = new Schedule(run.trace, run);
    this.#metadata = metadataOf(run.trace);
    if (!run.recorder) this.#log = new RunLog(() => PlanFacts.of(run.trace), performance.now(), run.redact);
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
    while (this.#running.size + this.#undecided.size < this.#run.maxConcurrency) {
      const decision = this.#schedule.next();
      if (!decision) break;
      this.#noteWait(decision.toolId);
      this.#iterations.set(decision.toolId, this.#iterationOf(decision.toolId) + 1);
      if (decision.skipReason === undefined) this.#consider(decision.toolId);
      else this.#skip(decision.toolId, decision.skipReason);
    }
    this.#isPumping = false;
    this.#held = this.#schedule.ready; // first come, first served
    if (this.#running.size + this.#undecided.size > 0) return;
    if (this.#schedule.untangle()) this.#pump();
    else this.#done();
  }

  #consider(toolId: string): void {
    if (this.#admitted.delete(toolId)) return this.#start(toolId);
    this.#decide(
      toolId,
      (isWanted) => {
        if (this.#isCancelled) this.#skip(toolId, RUN_CANCELLED);
        else if (isWanted) this.#start(toolId);
        else this.#skip(toolId, 'condition not met');
      },
      (error) => this.#reject(toolId, error),
    );
  }

  /** Asks the tool's condition and `shouldRun`, and tells one of the two what they say: at once, unless `shouldRun` gives a promise. */
  #decide(toolId: string, decided: (isWanted: boolean) => void, failed: (error: unknown) => void): void {
    const { tool } = this.#run.executables.get(toolId)!;
    let answer: boolean | Promise<unknown>;
    try {
      const wanted = this.#isWanted(tool);
      answer = isThenable(wanted) ? Promise.resolve(wanted) : Boolean(wanted);
    } catch (error) {
      return failed(error);
    }
    if (typeof answer === 'boolean') return decided(answer);
    const settle = (tell: () => void): void => {
      if (!this.#undecided.delete(giveUp)) return; // the run was cancelled meanwhile
      tell();
      this.#pump();
    };
    const giveUp = (): void => settle(() => decided(false));
    this.#waitReasons.delete(toolId);
    this.#undecided.add(giveUp);
    answer.then(
      (isWanted) => settle(() => decided(Boolean(isWanted))),
      (error: unknown) => settle(() => failed(error)),
    );
  }

  #isWanted(tool: PlanTool): unknown {
    if (tool.condition && !holds(tool.condition, this.#source)) return false;
    return this.#run.shouldRun?.(tool, this.#shownResults) ?? true;
  }

  #start(toolId: string): void {
    const executable = this.#run.executables.get(toolId)!;
    const { tool } = executable;
    const { params, mappings } = resolveMapping(compileMapping(tool.output_mapping), tool.params, this.#source);
    const recorder = this.#record(toolId, params);
    const step = new StepRun({
      executable,
      params,
      iteration: this.#iterationOf(toolId),
      results: this.#shownResults,
      recorder,
      signal: this.#abort.signal,
      isFailure: this.#run.isFailure,
      onEnd: (end) => {
        this.#running.delete(toolId);
        recorder?.end(end.outcome, { error: end.error, output: end.data, mappings: this.#visible(tool, mappings) });
        this.#settle(toolId, end, { mappings, lastAttemptAt: step.lastAttemptAt, retryError: step.retryError });
      },
    });
    this.#running.set(toolId, step);
    step.start();
  }

  /** Settles a tool that could not be run. */
  #reject(toolId: string, error: unknown): void {
    this.#record(toolId, undefined)?.end('error', { error });
    this.#settle(toolId, { outcome: 'error', data: undefined, error, attempts: 0, executionTimeMs: 0 });
  }

  #record(toolId: string, input: unknown): StepRecorder | undefined {
    const { recorder } = this.#run;
    if (!recorder) return undefined;
    const details = { input, iteration: this.#iterationOf(toolId), waitReason: this.#waitReasons.get(toolId) };
    return safely('start a step', () => recorder.startStep(toolId, details, recorder.context));
  }

  /** Notes what a tool waited for that is next; what comes after that, such as a `shouldRun` that takes its time, is something else. */
  #noteWait(toolId: string): void {
    const isHeld = this.#held > 0;
    if (isHeld) this.#held--;
    const isBehindGroups = this.#schedule.isByGroup && this.#metadata.get(toolId)!.group_index > 0;
    const reason = isHeld ? 'slot' : isBehindGroups ? 'group' : undefined;
    if (reason) this.#waitReasons.set(toolId, reason);
    else this.#waitReasons.delete(toolId);
  }

  #iterationOf(toolId: string): number {
    return this.#iterations.get(toolId) ?? 0;
  }

  #skip(toolId: string, skipReason: string): void {
    const { recorder } = this.#run;
    const details = { iteration: this.#iterationOf(toolId) };
    safely('skip a step', () => recorder?.skipStep(toolId, skipReason, details, recorder.context));
    this.#skipped.push(toolId);
    const nothing = { data: undefined, error: undefined, attempts: 0, executionTimeMs: 0 };
    this.#settle(toolId, { outcome: 'skip', ...nothing }, { skipReason });
  }

  #settle(toolId: string, end: StepRunEnd, details: SettleDetails = {}): void {
    const { outcome } = end;
    const { skipReason } = details;
    if (isFailing(outcome)) this.#failed.push(toolId);
    const result: StepResult = {
      stepId: toolId,
      success: outcome === 'success',
      ...end,
      ...(skipReason !== undefined && { skipReason }),
      orchestration: this.#metadata.get(toolId)!,
    };
    if (this.#log) this.#note(this.#log, result, details);
    this.#results.set(toolId, result);
    this.#shownResults.set(toolId, result);
    this.#schedule.settle(toolId, outcome);
    this.#closeLoops();
    this.#pump();
  }

  #note(
    log: RunLog,
    { stepId: toolId, outcome, error, attempts, executionTimeMs }: StepResult,
    details: SettleDetails,
  ): void {
    const endedAt = performance.now();
    log.add({
      toolId,
      iteration: this.#iterationOf(toolId),
      startedAt: endedAt - executionTimeMs,
      endedAt,
      outcome,
      error: messageOf(outcome, error),
      attempts: attempts || 1,
      ...details,
      waitReason: this.#waitReasons.get(toolId),
    });
  }

  #closeLoops(): void {
    for (let body = this.#schedule.takeLoop(); body; body = this.#schedule.takeLoop()) this.#closeLoop(body);
  }

  /** Starts a loop over if a tool that it leads to is wanted again, else goes on behind it. */
  #closeLoop(body: LoopBody, repeats: readonly Repeat[] = body.repeats): void {
    const { maxIterations } = this.#run;
    const isPossible = ({ last, passes }: Repeat): boolean => last.outcome === 'success' && passes < maxIterations;
    const [repeat, ...others] = this.#isCancelled ? [] : repeats.filter(isPossible);
    if (!repeat) return this.#leave(body);
    const { to } = repeat.loop;
    const goOn = (): void => {
      this.#closeLoop(body, others);
      this.#closeLoops();
    };
    this.#decide(
      to,
      (isWanted) => {
        if (!isWanted || this.#isCancelled) return goOn();
        this.#admitted.add(to);
        this.#schedule.repeat(body, repeat);
      },
      (error) => {
        warn(`could not tell whether "${to}" runs again; its loop ends`, describe(error));
        goOn();
      },
    );
  }

  #leave(body: LoopBody): void {
    for (const { loop, last, passes } of body.repeats) {
      if (last.outcome === 'success' && passes >= this.#run.maxIterations && !this.#isCancelled)
        warn(`loop from "${loop.from}" to "${loop.to}" ended after ${passes} passes, the limit`);
    }
    this.#schedule.leave(body);
  }

  /** The mappings as they are recorded: literals show only where inputs do. */
  #visible(tool: PlanTool, mappings: readonly MappingRecord[]): readonly MappingRecord[] {
    if (!this.#run.recorder?.telemetry.options.recordInputs) return mappings;
    return mappings.map((mapping) => ({ ...mapping, ref: tool.output_mapping[mapping.field] ?? mapping.ref }));
  }

  #cancel(reason: unknown): void {
    this.#isCancelled = true;
    this.#cancelReason = cancelReasonOf(reason);
    this.#schedule.cancel();
    this.#abort.abort(reason);
    // Tools that heed the signal settle first and say how; the rest is left behind a turn later.
    setImmediate(() => {
      for (const step of this.#running.values()) step.abandon('cancellation', reason);
      for (const giveUp of this.#undecided) giveUp();
    });
  }

  #finish(): RunResult {
    const { trace, givenTrace, recorder, annotateData } = this.#run;
    const results = new Map(trace.tool_ids.map((toolId) => [toolId, this.#results.get(toolId)!]));
    // In a loop, a tool may have failed in one pass and not in the last, which counts.
    const lastOf = (toolIds: readonly string[], isSuch: (outcome: Outcome) => boolean): string[] =>
      [...new Set(toolIds)].filter((toolId) => isSuch(results.get(toolId)!.outcome));
    const failedSteps = lastOf(this.#failed, isFailing);
    const skippedSteps = lastOf(this.#skipped, (outcome) => outcome === 'skip');
    const cancelled = [...results.values()].find((result) => result.outcome === 'cancellation');
    const isCancelled = this.#isCancelled || cancelled !== undefined;
    const outcome = failedSteps.length > 0 ? 'failure' : isCancelled ? 'cancellation' : 'success';
    const error = results.get(failedSteps[0] ?? '')?.error;
    // A tool may have cancelled it by what it threw.
    const cancelReason = this.#cancelReason ?? cancelReasonOf(cancelled?.error);
    safely('end a run', () => recorder?.end(outcome, error, cancelReason));
    this.#log?.end({ outcome, error: messageOf(outcome, error), cancelReason, endedAt: performance.now() });
    const log = this.#log;
    const shown = annotateData ? annotate(results) : results;
    return {
      success: outcome === 'success',
      results: shown,
      finalOutput: finalOutputOf(trace, shown),
      failedSteps,
      skippedSteps,
      orchestrationTrace: givenTrace ?? trace,
      get verdict() {
        return safely('explain a run', () => (recorder ?? log)?.verdict) ?? '';
      },
      traceId: recorder && traceIdOf(recorder.span),
    };
  }
}

function messageOf(outcome: Outcome, error: unknown): string | undefined {
  return isFailing(outcome) ? failureOf(error, outcome).message : undefined;
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

/** What is noted of a step that has settled, beside its result. */
type SettleDetails = Pick<LoggedStep, 'skipReason' | 'mappings' | 'lastAttemptAt' | 'retryError'>;
