import type { RunDraft, StepDraft } from './assemble-run.ts';
import { passOf } from '../step-name.ts';

/** Runs that are looked at for one set of steps, of many with the same plan: a bound for traces that nobody's runs made. */
const MAX_TRIES = 64;

/** Finds the runs of steps that are below none, because the group or the step between them did not arrive. */
export class Adoption {
  readonly #runs: readonly RunDraft[];
  /** Runs by the tools that their plans have, in order. */
  readonly #byTool = new Map<string, RunDraft[]>();
  readonly #runOfSpan = new Map<string, RunDraft>();
  /** Passes of tools that each run has, which another of the same plan may lack. */
  readonly #taken = new Map<RunDraft, Set<string>>();
  /** By pass: how many of its tool's runs have it for certain, from the first on. */
  readonly #passedOver = new Map<string, number>();

  constructor(runs: readonly RunDraft[]) {
    this.#runs = runs;
    for (const run of runs) {
      for (const tool of run.declared.plan?.groups.flat() ?? [])
        if (!this.#byTool.get(tool.toolId)?.push(run)) this.#byTool.set(tool.toolId, [run]);
      this.#note(run, run.steps);
    }
  }

  /**
   * Puts steps that belong together into the run that holds what they depend on, else into the first whose plan has them and that lacks
   * them, else into the only run there is.
   *
   * @returns whether none of that holds, so that they are in no run still
   */
  adopt(steps: readonly StepDraft[]): boolean {
    const run =
      this.#linkedTo(steps) ?? this.#declaring(steps) ?? (this.#runs.length === 1 ? this.#runs[0] : undefined);
    if (run) this.put(steps, run);
    return run !== undefined;
  }

  put(steps: readonly StepDraft[], run: RunDraft): void {
    for (const step of steps) run.steps.push(step);
    this.#note(run, steps);
  }

  /** The run that holds a step, by the id of its span. */
  runOf(spanId: string): RunDraft | undefined {
    return this.#runOfSpan.get(spanId);
  }

  #note(run: RunDraft, steps: readonly StepDraft[]): void {
    const taken = this.#takenBy(run);
    for (const step of steps) {
      taken.add(passOf(step));
      if (step.span) this.#runOfSpan.set(step.span.spanId, run);
    }
  }

  #linkedTo(steps: readonly StepDraft[]): RunDraft | undefined {
    for (const { span } of steps) {
      for (const { spanId } of span?.links ?? []) {
        const run = this.runOf(spanId);
        if (run) return run;
      }
    }
    return undefined;
  }

  #declaring(steps: readonly StepDraft[]): RunDraft | undefined {
    const [first] = steps;
    const runs = first && this.#byTool.get(first.toolId);
    if (!runs) return undefined;
    const pass = passOf(first);
    let from = this.#passedOver.get(pass) ?? 0;
    while (from < runs.length && this.#takenBy(runs[from]!).has(pass)) from += 1;
    this.#passedOver.set(pass, from);
    const hasAll = (run: RunDraft): boolean => steps.every(({ toolId }) => run.declares(toolId));
    const lacks = (run: RunDraft): boolean => !steps.some((step) => this.#takenBy(run).has(passOf(step)));
    const lacking = runs.slice(from, from + MAX_TRIES).filter((run) => hasAll(run) && lacks(run));
    if (lacking.length > 1)
      lacking[0]!.notes.push(`its steps may be those of ${lacking.length} runs: groups did not arrive`);
    return lacking[0] ?? runs.slice(0, MAX_TRIES).find(hasAll);
  }

  #takenBy(run: RunDraft): Set<string> {
    const known = this.#taken.get(run);
    if (known) return known;
    const taken = new Set<string>();
    this.#taken.set(run, taken);
    return taken;
  }
}
