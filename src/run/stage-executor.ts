import { OrchestraceError } from '../errors.ts';
import type { Plan, PlanInput } from '../plan.ts';
import { sharedTelemetry } from '../spans/telemetry.ts';
import { checkedOptions, createRunner, type RunInput, type Runner, type RunnerOptions } from './run-plan.ts';
import type { RunResult, StepResult } from './types.ts';

/** What a stage is to do. */
export interface StageInput extends Omit<RunInput, 'input'> {
  readonly plan: Plan | PlanInput;
  /** What `$input` stands for; with `enable_orchestration: true`, a plan without a strategy is orchestrated too. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** What became of a stage that was orchestrated. */
export interface StageResult extends RunResult {
  /** One for each tool, in the plan's order. */
  readonly executionResults: readonly StepResult[];
}

/** How stages are run. */
export interface StageExecutorOptions<Legacy = never> extends Omit<RunnerOptions, 'annotateData'> {
  /** Runs what is not orchestrated, as before; given the same object. What it gives or throws is passed on as it is. */
  // oxlint-disable-next-line typescript/no-explicit-any -- plans of before have a form of their own
  legacy?: ((stage: any) => Legacy | PromiseLike<Legacy>) | undefined;
}

/**
 * Runs a stage by its plan, or by what ran it before: lets orchestration be switched on plan by plan. A plan with a strategy is
 * orchestrated, as is every plan with `params.enable_orchestration`; each step's metadata is in its data then. All else goes to `legacy`.
 *
 * @example
 * const executor = new StageExecutor({ tools: { hello: () => 'world' }, legacy: async () => 'as before' });
 * const plan = { tools: [{ tool_id: 'hello' }] };
 * await executor.executeStage({ plan }) // => 'as before'
 * (await executor.executeStage({ plan, params: { enable_orchestration: true } })).finalOutput // => ['world']
 */
export class StageExecutor<Legacy = never> {
  readonly #run: Runner;
  readonly #legacy: ((stage: StageInput) => Legacy | PromiseLike<Legacy>) | undefined;

  /**
   * @throws {OrchestraceError} code `RUN_INVALID`: an option is wrong
   * @throws {TypeError} a trace option of the wrong type
   */
  constructor(options: StageExecutorOptions<Legacy>) {
    const { legacy, ...runnerOptions } = checkedOptions('StageExecutor', options);
    if (legacy !== undefined && typeof legacy !== 'function')
      throw new OrchestraceError('RUN_INVALID', 'option legacy must be a function');
    this.#legacy = legacy;
    this.#run = createRunner({ ...runnerOptions, annotateData: true }, sharedTelemetry);
  }

  /**
   * Runs a stage.
   *
   * @throws {PlanError} a plan with faults, all of them named
   * @throws {OrchestraceError} code `RUN_INVALID`: a tool is missing, what was given is wrong, or the plan is not to be orchestrated and there is no
   *   `legacy`; before anything runs
   */
  async executeStage(stage: StageInput): Promise<StageResult | Legacy> {
    if (!isOrchestrated(stage)) {
      if (this.#legacy) return this.#legacy(stage);
      throw new OrchestraceError(
        'RUN_INVALID',
        'this plan has no strategy: give it one, pass params.enable_orchestration: true, or pass legacy to run it as before',
      );
    }
    const { plan, params, signal, executionPlanTrace, runId } = stage;
    const run = await this.#run(plan, { input: params, signal, executionPlanTrace, runId });
    return { ...run, executionResults: [...run.results.values()] };
  }
}

function isOrchestrated(stage: StageInput): boolean {
  const { plan, params } = Object(stage) as Partial<StageInput>;
  const { strategy } = Object(plan) as { readonly strategy?: unknown };
  return (strategy !== undefined && strategy !== null) || params?.['enable_orchestration'] === true;
}
