import { OrchestraceError, PlanError, type PlanIssue } from '../errors.ts';
import { createExecutionPlanTrace } from '../plan-trace.ts';
import type { Condition, PlanInput, PlanToolInput, Strategy } from '../plan.ts';
import { safely, warn } from '../spans/guard.ts';
import { sharedTelemetry } from '../spans/telemetry.ts';
import { describe } from '../words.ts';
import { isEqual } from './is-equal.ts';
import { checkedOptions, createRunner, type RunInput, type Runner, type RunnerOptions } from './run-plan.ts';
import type { RunResult } from './types.ts';

/** One step of a chain. */
export interface ToolChainStep {
  readonly step_id: string;
  /** Which tool: its key in `tools`, exactly. */
  readonly tool_name: string;
  /** Defaults of the parameters; what `output_mapping` finds goes over them. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly depends_on?: readonly string[] | undefined;
  /** Parameter to reference in braces, or to a literal. */
  readonly output_mapping?: Readonly<Record<string, string>> | undefined;
  /** Default 30,000. */
  readonly timeout_ms?: number | undefined;
  /** How often it is tried again after a failure. Default 0. */
  readonly retry_count?: number | undefined;
  readonly condition?: Condition | undefined;
}

/** Steps with how they run: one after the other (`serial`, or by its other name `sequential`), all at once, or by their dependencies. */
export interface ToolChain {
  readonly execution_mode: Strategy | 'sequential';
  readonly steps: readonly ToolChainStep[];
}

/** What the run of a chain is given beside the context. */
export interface ExecuteChainOptions extends Pick<RunInput, 'signal' | 'runId'> {
  /**
   * The plan in groups that the chain was made from. Where it is given, each step's metadata is in its data as well, unless `annotateData` says
   * otherwise. One of another plan is warned of and not used; null and `{}` are none.
   */
  readonly executionPlanTrace?: object | null | undefined;
}

const MODES = new Map<string, Strategy>([
  ['serial', 'serial'],
  ['sequential', 'serial'],
  ['parallel', 'parallel'],
  ['dag', 'dag'],
]);
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Runs chains: the layer below `ToolOrchestrator`, for those who have steps and a mode rather than a plan. The rules are those of
 * `runPlan`: a chain is a plan by other names.
 *
 * @example
 * const executor = new ToolChainExecutor({ tools: { greet: ({ name }: { name: string }) => `hello ${name}` } });
 * const chain = { execution_mode: 'serial', steps: [{ step_id: 'a', tool_name: 'greet', output_mapping: { name: '{$input.name}' } }] } as const;
 * (await executor.executeChain(chain, { name: 'you' })).finalOutput // => 'hello you'
 */
export class ToolChainExecutor {
  readonly #run: Runner;
  readonly #runAnnotated: Runner;

  /**
   * @throws {OrchestraceError} code `RUN_INVALID`: an option is wrong
   * @throws {TypeError} a trace option of the wrong type
   */
  constructor(options: RunnerOptions) {
    const given = checkedOptions('ToolChainExecutor', options);
    this.#run = createRunner(given, sharedTelemetry);
    this.#runAnnotated = createRunner({ ...given, annotateData: given.annotateData ?? true }, sharedTelemetry);
  }

  /**
   * Runs a chain. A step that fails is in the result.
   *
   * @param context what `$input` stands for in references
   * @throws {PlanError} a chain with faults, all of them named
   * @throws {OrchestraceError} code `RUN_INVALID`: an unknown mode, a tool is missing, or an option is wrong; before anything runs
   */
  async executeChain(chain: ToolChain, context?: unknown, options: ExecuteChainOptions = {}): Promise<RunResult> {
    const plan = planOf(chain);
    const { executionPlanTrace: given, signal, runId } = options;
    const input = { input: context, signal, runId };
    try {
      if (!isTrace(given)) return await this.#run(plan, input);
      const executionPlanTrace = createExecutionPlanTrace(plan);
      if (safely('read an execution plan trace', () => isEqual(given, executionPlanTrace)) !== true)
        warn('the execution plan trace is not that of the chain; its own is used');
      return await this.#runAnnotated(plan, { ...input, executionPlanTrace });
    } catch (error) {
      throw PlanError.isInstance(error) ? inWordsOfChain(error) : error;
    }
  }
}

function isTrace(given: object | null | undefined): given is object {
  return given !== null && given !== undefined && Object.keys(given).length > 0;
}

function planOf(chain: ToolChain): PlanInput {
  const { execution_mode, steps } = Object(chain) as Partial<ToolChain>;
  const strategy = MODES.get(execution_mode as string);
  if (!strategy) {
    const modes = [...MODES.keys()].map((mode) => `"${mode}"`).join(', ');
    throw new OrchestraceError(
      'RUN_INVALID',
      `execution_mode must be one of ${modes}, got ${describe(execution_mode)}`,
    );
  }
  if (!Array.isArray(steps))
    throw new OrchestraceError('RUN_INVALID', `steps must be an array, got ${describe(steps)}`);
  const issues = steps.flatMap((step, index) => retryIssues(step, `steps[${index}].retry_count`));
  if (issues.length > 0) throw new PlanError(issues);
  return { strategy, tools: steps.map((step) => toolOf(step as ToolChainStep)) };
}

function retryIssues(step: unknown, path: string): PlanIssue[] {
  const { retry_count } = Object(step) as { readonly retry_count?: unknown };
  if (retry_count === undefined || (Number.isInteger(retry_count) && (retry_count as number) >= 0)) return [];
  return [{ path, message: `expected a whole number of at least 0, got ${describe(retry_count)}`, kind: 'shape' }];
}

function toolOf(step: ToolChainStep): PlanToolInput {
  const { step_id, tool_name, parameters, depends_on, output_mapping, condition } = Object(step) as ToolChainStep;
  const { timeout_ms = DEFAULT_TIMEOUT_MS, retry_count } = Object(step) as ToolChainStep;
  return {
    tool_id: step_id,
    tool_type: tool_name,
    depends_on,
    output_mapping,
    params: parameters,
    timeout_ms,
    retry: retry_count === undefined ? undefined : { max_attempts: retry_count + 1 },
    condition,
  };
}

const WORDS: Readonly<Record<string, string>> = {
  tools: 'steps',
  tool_id: 'step_id',
  tool_type: 'tool_name',
  params: 'parameters',
  strategy: 'execution_mode',
};

/** The faults of a chain's plan with their places in the chain. */
function inWordsOfChain({ issues, cycle }: PlanError): PlanError {
  const renamed = issues.map((issue): PlanIssue => {
    const path = issue.path.replace(/^(tools|strategy)|\.(tool_id|tool_type|params)(?![\w$])/g, (word) =>
      word.startsWith('.') ? `.${WORDS[word.slice(1)]}` : WORDS[word]!,
    );
    return { ...issue, path };
  });
  return new PlanError(renamed, cycle);
}
