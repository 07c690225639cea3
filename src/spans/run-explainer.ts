import { type LoggedEnd, RunLog } from '../explain/run-log.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { StepOutcome, StepRecorder } from './step-recorder.ts';
import type { TextWriter } from './text.ts';
import type { WrittenPlan } from './written-plan.ts';

/** Of a run with more steps only the verdict is written. */
const MAX_STEPS = 10_000;

/** Explains a run on its span when it ends, by what its steps did. */
export class RunExplainer {
  readonly #write: TextWriter;
  readonly #log: RunLog;

  constructor(write: TextWriter, plan: WrittenPlan | undefined, startedAt: number) {
    this.#write = write;
    this.#log = new RunLog(
      () => plan?.facts,
      startedAt,
      (text) => write.redact(text),
    );
  }

  /** One or two sentences; undefined until the run has ended. */
  get verdict(): string | undefined {
    return this.#log.verdict;
  }

  stepEnded(step: StepRecorder, { outcome, error, mappings, endedAt }: StepOutcome): void {
    const { toolId, iteration, waitReason, isInner } = step.place;
    if (isInner) return;
    this.#log.add({
      toolId,
      iteration,
      startedAt: step.startedAt,
      endedAt,
      outcome,
      error,
      attempts: step.attempts || 1,
      lastAttemptAt: step.lastAttemptAt,
      retryError: step.retryError,
      waitReason,
      mappings,
    });
  }

  /** @param at on the clock of `performance.now()` */
  stepSkipped(toolId: string, iteration: number, skipReason: string, at: number): void {
    this.#log.add({ toolId, iteration, startedAt: at, endedAt: at, outcome: 'skip', skipReason });
  }

  runEnded(end: LoggedEnd): void {
    this.#log.end(end);
  }

  /** What the span of a run that has ended says of how it went. */
  attributes(): KnownAttributes {
    const { analysis, verdict, size } = this.#log;
    if (!analysis) return {};
    const attributes: KnownAttributes = { 'orchestration.verdict': verdict };
    const { path, criticalPath, facts } = analysis;
    if (size > MAX_STEPS || path.length === 0) return attributes;
    attributes['orchestration.critical_path'] = this.#write.namesWithin(path.map((step) => facts.steps[step]!.toolId));
    attributes['orchestration.critical_path_ms'] = Math.round(criticalPath.length / 1e6);
    return attributes;
  }
}
