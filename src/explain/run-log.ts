import type { MappingRecord } from '../mapping.ts';
import type { Outcome, WaitReason } from '../semconv.ts';
import { Analysis } from './analysis.ts';
import { PlanFacts, type RunFacts, type StepFacts } from './facts.ts';
import { MAX_SUMMARY_LENGTH } from './fit-sentences.ts';
import { shorten, Wording } from './format.ts';
import { cut } from '../words.ts';
import { giveVerdict } from './verdict.ts';

/** A step that ended, with times on the clock of `performance.now()`. */
export interface LoggedStep {
  readonly toolId: string;
  readonly iteration: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  readonly error?: string | undefined;
  readonly skipReason?: string | undefined;
  /** Default 1. */
  readonly attempts?: number;
  /** When the last attempt started, if there was one before, and why that one failed. */
  readonly lastAttemptAt?: number | undefined;
  readonly retryError?: string | undefined;
  readonly waitReason?: WaitReason | undefined;
  readonly mappings?: readonly MappingRecord[] | undefined;
}

/** How a run ended. */
export interface LoggedEnd {
  readonly outcome: Outcome;
  readonly error?: string | undefined;
  readonly cancelReason?: string | undefined;
  readonly endedAt: number;
  /** Tools with a step that has not ended; undefined if there are none. */
  readonly running?: readonly string[] | undefined;
  /** Tools that another process has or may have; undefined where none has anything of the run. */
  readonly elsewhere?: ReadonlySet<string> | undefined;
}

/** A run may go on for days: what comes later is counted, and of long texts only the beginning is kept. */
const MAX_STEPS = 100_000;
const MAX_TEXT_LENGTH = 1_000;
const NO_PLAN = new PlanFacts({ strategy: undefined, groups: [], error: undefined });

/** Notes what the steps of a run do while it goes on, and explains the run when it has ended. */
export class RunLog {
  readonly #plan: () => PlanFacts | undefined;
  readonly #startedAt: number;
  readonly #redact: (text: string) => string;
  readonly #steps: (StepFacts & { tool: number })[] = [];
  #omitted = 0;
  #end: LoggedEnd | undefined;
  #analysis: Analysis | undefined;
  #verdict: string | undefined;

  /**
   * @param plan asked for when the run is explained; undefined for a run without one
   * @param startedAt on the clock of `performance.now()`
   */
  constructor(plan: () => PlanFacts | undefined, startedAt: number, redact: (text: string) => string) {
    this.#plan = plan;
    this.#startedAt = startedAt;
    this.#redact = redact;
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
      tool: -1, // until the plan is asked for
      iteration: step.iteration,
      startNs,
      endNs: this.#since(step.endedAt),
      outcome: step.outcome,
      error: this.#keep(step.error),
      skipReason: this.#keep(step.skipReason),
      attempts: step.attempts ?? 1,
      retryNs: step.lastAttemptAt === undefined ? 0 : this.#since(step.lastAttemptAt) - startNs,
      retryError: this.#keep(step.retryError),
      waitReason: step.waitReason,
      clock: 0,
      mappings: step.mappings ?? NO_MAPPINGS,
    });
  }

  end(end: LoggedEnd): void {
    this.#end = end;
  }

  /** Undefined until the run has ended. */
  get analysis(): Analysis | undefined {
    if (this.#end) this.#analysis ??= new Analysis(this.#facts(this.#end), new Wording(this.#redact));
    return this.#analysis;
  }

  /** One or two sentences; undefined until the run has ended. */
  get verdict(): string | undefined {
    if (this.analysis) this.#verdict ??= shorten(this.#redact(giveVerdict(this.analysis)), MAX_SUMMARY_LENGTH);
    return this.#verdict;
  }

  /** Redacted while it is whole; of a long one a copy of the beginning, since a slice would keep all of it in memory. */
  #keep(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    const redacted = this.#redact(text);
    return redacted.length <= MAX_TEXT_LENGTH ? redacted : Buffer.from(cut(redacted, MAX_TEXT_LENGTH)).toString();
  }

  #facts({ outcome, error, cancelReason, endedAt, running, elsewhere }: LoggedEnd): RunFacts {
    const plan = this.#plan() ?? NO_PLAN;
    for (const step of this.#steps) step.tool = plan.index.get(step.toolId) ?? -1;
    const durationNs = this.#since(endedAt);
    const steps = { steps: this.#steps, omitted: this.#omitted, lost: NONE, elsewhere, ...(running && { running }) };
    return { plan, hasEnded: true, outcome, error, cancelReason, durationNs, clockNs: 0, ...steps };
  }

  #since(at: number): number {
    return Math.round((at - this.#startedAt) * 1e6);
  }
}

const NONE: ReadonlySet<string> = new Set();
const NO_MAPPINGS: readonly MappingRecord[] = [];
