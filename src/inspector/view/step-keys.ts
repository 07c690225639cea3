import type { MeasuredRun } from '../../explain/compare/measure-run.ts';
import { zeroOf } from '../../explain/facts-of-run.ts';
import { passOf, type StepName } from '../../explain/step-name.ts';
import { viewSteps } from './view-steps.ts';

/** The keys that the steps of a run have on the page. */
export class StepKeys {
  readonly #ofIdentities = new Map<string, string>();
  readonly #ofAbsent = new Map<string, string>();
  readonly #ofNames = new Map<string, string>();

  constructor({ run, analysis, keys }: MeasuredRun) {
    const { steps } = viewSteps({
      run,
      state: 'ended',
      zeroNs: zeroOf(run),
      explained: [],
      open: new Map(),
      usualMs: () => undefined,
    });
    const ofSpans = new Map<string, string>();
    for (const { key, spanId, parent, ...step } of steps) {
      if (spanId !== undefined) ofSpans.set(spanId, key);
      if (parent !== undefined) continue;
      const name = passOf(step);
      if (spanId === undefined) this.#ofAbsent.set(name, key);
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
