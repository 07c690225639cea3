import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../plan-trace.ts';
import { parsePlan, type Plan, type PlanInput } from '../plan.ts';
import { sharedTelemetry } from '../spans/telemetry.ts';
import { checkedOptions, createRunner, type RunInput, type Runner, type RunnerOptions } from './run-plan.ts';
import type { RunResult } from './types.ts';

/**
 * A plan with the tools to run it, as often as wanted: `runPlan` in two steps. The plan is read once; what becomes of the given object
 * later does not matter.
 *
 * @example
 * const orchestrator = new ToolOrchestrator({ tools: [{ tool_id: 'hello' }] }, { tools: { hello: () => 'world' } });
 * (await orchestrator.execute()).finalOutput // => ['world']
 */
export class ToolOrchestrator {
  /** The plan in groups: what {@link execute} runs. */
  readonly executionPlanTrace: ExecutionPlanTrace;
  readonly #plan: Plan;
  readonly #run: Runner;

  /**
   * @throws {PlanError} a plan with faults, all of them named
   * @throws {OrchestraceError} code `RUN_INVALID`: an option is wrong
   * @throws {TypeError} a trace option of the wrong type
   */
  constructor(plan: Plan | PlanInput, options: RunnerOptions) {
    this.#run = createRunner(checkedOptions('ToolOrchestrator', options), sharedTelemetry);
    this.#plan = parsePlan(plan);
    this.executionPlanTrace = createExecutionPlanTrace(this.#plan);
  }

  /**
   * Runs the plan. A step that fails is in the result.
   *
   * @param given `executionPlanTrace` must be that of this plan; without one, that of this orchestrator is used
   * @throws {OrchestraceError} code `RUN_INVALID`: a tool is missing, or what was given is wrong; before anything runs
   */
  async execute(given: RunInput = {}): Promise<RunResult> {
    return this.#run(this.#plan, { ...given, executionPlanTrace: given.executionPlanTrace ?? this.executionPlanTrace });
  }
}
