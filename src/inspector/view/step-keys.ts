import type { MeasuredRun } from '../../explain/compare/measure-run.ts';
import { passOf, type StepName } from '../../explain/step-name.ts';
import { MAX_STEPS, walkSteps } from './walk-steps.ts';

/** The keys that the steps of a run have on the page. */
export class StepKeys {
  readonly #ofIdentities = new Map<string, string>();
  readonly #ofAbsent = new Map<string, string>();
  readonly #ofNames = new Map<string, string>();

  constructor({ run, analysis, keys }: MeasuredRun) {
    const ofSpans = new Map<string, string>();
    for (const { step, key, at, parent } of walkSteps(run)) {
      if (at === MAX_STEPS) break;
      if (step.span) ofSpans.set(step.span.spanId, key);
      if (parent !== undefined) continue;
      const name = passOf(step);
      if (!step.span) this.#ofAbsent.set(name, key);
      if (!this.#ofNames.has(name)) this.#ofNames.set(name, key);
    }
    for (const [at, identity] of keys.entries()) {
      const step = analysis.facts.steps[at]!;
      const key = step.span ? ofSpans.get(step.span.spanId) : this.#ofAbsent.get(passOf(step));
      if (key !== undefined) this.#ofIdentities.set(identity, key);
    }
  }

  /**
   * The key of a step that was measured in this run or in another one; undefined where this run does not even plan it.
   *
   * @param identity as a measured run has it
   */
  find(identity: string, step: StepName): string | undefined {
    return this.#ofIdentities.get(identity) ?? this.#ofAbsent.get(passOf(step));
  }

  /** The key of the first step of this name. */
  named(step: StepName): string | undefined {
    return this.#ofNames.get(passOf(step));
  }
}
