import { Analysis } from '../explain/analysis.ts';
import { PlanFacts } from '../explain/facts.ts';
import { Wording } from '../explain/format.ts';
import { type LoggedEnd, RunLog } from '../explain/run-log.ts';
import { giveVerdict } from '../explain/verdict.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { StepOutcome, StepRecorder } from './step-recorder.ts';
import type { Telemetry } from './telemetry.ts';
import type { WrittenPlan } from './written-plan.ts';

/** Of a run with more steps only the verdict is written. */
const MAX_STEPS = 10_000;
const NO_PLAN = new PlanFacts({ strategy: undefined, groups: [], error: undefined });

/** Explains a run when it ends, by what its steps did. */
export class RunExplainer {
  readonly #telemetry: Telemetry;
  readonly #log: RunLog;
  #end: LoggedEnd | undefined;
  #analysis: Analysis | undefined;
  #verdict: string | undefined;

  constructor(telemetry: Telemetry, plan: WrittenPlan | undefined, startedAt: number) {
    this.#telemetry = telemetry;
    this.#log = new RunLog(plan?.facts ?? NO_PLAN, startedAt);
  }

  stepEnded(step: StepRecorder, { outcome, error, mappings, endedAt }: StepOutcome): void {
    const { toolId, iteration, waitReason, isInner } = step.place;
    if (isInner) return;
    const { startedAt, lastAttemptAt } = step;
    const attempts = step.attempts || 1;
    const how = { outcome, error, skipReason: undefined, attempts, lastAttemptAt, waitReason, mappings };
    this.#log.add({ toolId, iteration, startedAt, endedAt, ...how });
  }

  stepSkipped(toolId: string, iteration: number, skipReason: string): void {
    const at = performance.now();
    const nothing = {
      error: undefined,
      attempts: 1,
      lastAttemptAt: undefined,
      waitReason: undefined,
      mappings: undefined,
    };
    this.#log.add({ toolId, iteration, startedAt: at, endedAt: at, outcome: 'skip', skipReason, ...nothing });
  }

  runEnded(end: LoggedEnd): void {
    this.#end = end;
  }

  /** One or two sentences; undefined until the run has ended. */
  get verdict(): string | undefined {
    const analysis = this.#analyse();
    return analysis && (this.#verdict ??= this.#telemetry.write.text(giveVerdict(analysis)));
  }

  /** What the span of a run that has ended says of how it went. */
  attributes(): KnownAttributes {
    const analysis = this.#analyse();
    if (!analysis) return {};
    const { write } = this.#telemetry;
    const attributes: KnownAttributes = { 'orchestration.verdict': this.verdict };
    const { path, criticalPath, facts } = analysis;
    if (this.#log.size > MAX_STEPS || path.length === 0) return attributes;
    attributes['orchestration.critical_path'] = write.namesWithin(path.map((step) => facts.steps[step]!.toolId));
    attributes['orchestration.critical_path_ms'] = Math.round(criticalPath.length / 1e6);
    return attributes;
  }

  #analyse(): Analysis | undefined {
    if (!this.#end) return undefined;
    const say = new Wording((text) => this.#telemetry.write.redact(text));
    return (this.#analysis ??= new Analysis(this.#log.facts(this.#end), say));
  }
}
