import type { MappingRecord } from '../mapping.ts';
import type { Outcome, WaitReason } from '../semconv.ts';
import type { PlanFacts, RunFacts, StepFacts } from './facts.ts';

/** A step that ended, with times on the clock of `performance.now()`. */
export interface LoggedStep {
  readonly toolId: string;
  readonly iteration: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  readonly error: string | undefined;
  readonly skipReason: string | undefined;
  readonly attempts: number;
  /** When the last attempt started, if there was one before. */
  readonly lastAttemptAt: number | undefined;
  readonly waitReason: WaitReason | undefined;
  readonly mappings: readonly MappingRecord[] | undefined;
}

/** How a run ended. */
export interface LoggedEnd {
  readonly outcome: Outcome;
  readonly error?: string | undefined;
  readonly endedAt: number;
  /** Tools that another process has. */
  readonly elsewhere?: ReadonlySet<string> | undefined;
}

/** A run may go on for days; what comes later is counted. */
const MAX_STEPS = 100_000;

/** Notes what the steps of a run do while it goes on, so that it can be explained when it ends. */
export class RunLog {
  readonly #plan: PlanFacts;
  readonly #startedAt: number;
  readonly #steps: StepFacts[] = [];
  #omitted = 0;

  constructor(plan: PlanFacts, startedAt: number) {
    this.#plan = plan;
    this.#startedAt = startedAt;
  }

  /** Number of steps that ended. */
  get size(): number {
    return this.#steps.length + this.#omitted;
  }

  add(step: LoggedStep): void {
    if (this.#steps.length >= MAX_STEPS) {
      this.#omitted++;
      return;
    }
    const startNs = this.#since(step.startedAt);
    this.#steps.push({
      toolId: step.toolId,
      tool: this.#plan.index.get(step.toolId) ?? -1,
      iteration: step.iteration,
      startNs,
      endNs: this.#since(step.endedAt),
      outcome: step.outcome,
      error: step.error,
      skipReason: step.skipReason,
      attempts: step.attempts,
      retryNs: step.lastAttemptAt === undefined ? 0 : this.#since(step.lastAttemptAt) - startNs,
      waitReason: step.waitReason,
      mappings: step.mappings ?? NO_MAPPINGS,
    });
  }

  facts({ outcome, error, endedAt, elsewhere }: LoggedEnd): RunFacts {
    const durationNs = this.#since(endedAt);
    const steps = { steps: this.#steps, omitted: this.#omitted, lost: NONE, elsewhere };
    return { plan: this.#plan, outcome, error, durationNs, clockNs: 0, ...steps };
  }

  #since(at: number): number {
    return Math.round((at - this.#startedAt) * 1e6);
  }
}

const NONE: ReadonlySet<string> = new Set();
const NO_MAPPINGS: readonly MappingRecord[] = [];
