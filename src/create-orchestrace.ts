import { resolveOptions, type TraceOptions } from './options.ts';
import { createRunPlan, type RunPlan } from './run/run-plan.ts';
import { warnOnce } from './spans/guard.ts';
import { sharedTelemetry, Telemetry } from './spans/telemetry.ts';
import { createInstrumentExecutor, type InstrumentExecutor } from './wrap/instrument-executor.ts';
import {
  createContinueOrchestration,
  createTraceOrchestration,
  type ContinueOrchestration,
  type TraceOrchestration,
} from './wrap/trace-orchestration.ts';
import { createTraceTool, type TraceTool } from './wrap/trace-tool.ts';
import { createTraceTools, type TraceTools } from './wrap/trace-tools.ts';

/** The functions of this package with options of their own. */
export interface Orchestrace {
  readonly traceTool: TraceTool;
  readonly traceTools: TraceTools;
  readonly traceOrchestration: TraceOrchestration;
  readonly continueOrchestration: ContinueOrchestration;
  readonly instrumentExecutor: InstrumentExecutor;
  readonly runPlan: RunPlan;
}

/**
 * Gives the functions of this package with options of their own and no global state. The classes (`ToolOrchestrator` and the like) are not
 * among them: they take the same options when they are made.
 *
 * @throws {TypeError} an option of the wrong type
 */
export function createOrchestrace(options: TraceOptions = {}): Orchestrace {
  const telemetry = new Telemetry(resolveOptions(options, undefined, warnOnce));
  return orchestraceFor(() => telemetry);
}

function orchestraceFor(telemetry: () => Telemetry): Orchestrace {
  const traceTool = createTraceTool(telemetry);
  return {
    traceTool,
    traceTools: createTraceTools(traceTool),
    traceOrchestration: createTraceOrchestration(telemetry),
    continueOrchestration: createContinueOrchestration(telemetry),
    instrumentExecutor: createInstrumentExecutor(telemetry),
    runPlan: createRunPlan(telemetry),
  };
}

const shared = orchestraceFor(sharedTelemetry);

/**
 * Wraps a function so that each call is a step: in the run that is active, else on its own below the active span. The wrapper is
 * the function for everybody else: same `this`, result, error, name, length and properties. Wrapping twice is wrapping once.
 *
 * @throws {TypeError} an empty tool id, no function, an option of the wrong type
 */
export const traceTool: TraceTool = shared.traceTool;

/**
 * Wraps a record of tools by their keys: functions, and objects with a method (`execute`, or `method`). Gives a new record; plain objects
 * in it are copies, class instances are themselves with the method as own property.
 *
 * @throws {TypeError} no object, an option of the wrong type
 */
export const traceTools: TraceTools = shared.traceTools;

/**
 * Calls `work` as one run: once, with the run active, so that wrapped tools and `run.step` find it. Gives what `work` gives and throws
 * what it throws. A plan that is structurally broken is recorded as such and changes nothing else.
 *
 * @throws {TypeError} `work` is no function, an option of the wrong type
 */
export const traceOrchestration: TraceOrchestration = shared.traceOrchestration;

/**
 * Goes on with a run of another process, whose `run.carrier()` came along: calls `work` once, with that run active. A carrier that cannot be
 * read is warned of, and the steps stand on their own.
 *
 * @throws {TypeError} `work` is no function, an option of the wrong type
 */
export const continueOrchestration: ContinueOrchestration = shared.continueOrchestration;

/**
 * Records what an executor that exists does, without changing what it does: its `run` method becomes a run, each call of its `step`
 * method a step. Both get a stand-in as own property of that one instance, which `[Symbol.dispose]` takes away again, so that `#private`
 * fields, subclasses and calls by way of `this` work as before. Gives the very same object.
 *
 * A step belongs to the run around it, as the OpenTelemetry context tells. Where that tells nothing, as in a loop of workers that takes
 * jobs from a queue, it belongs to the one run of this executor that goes on; are there several, it stands on its own (bind jobs when they
 * are enqueued: `AsyncResource.bind(job)`). When `tool` gives `attempt`, calls after one that failed are attempts of one step, which
 * stays open until the next attempt or the end of the run; without it, each call is a step, counted by `iteration`. Attempts outside any
 * run are steps of their own.
 *
 * Instrumenting twice records once, by the options of the first; then it takes two disposals. An executor that has a `[Symbol.dispose]`
 * of its own is disposed of by the same call. What is disposed of while a run goes on is not recorded from there. A frozen object, or a
 * method that is a getter or cannot be replaced, is left as it is with one warning; a frozen object has no `[Symbol.dispose]` then.
 *
 * @throws {TypeError} no object, no such method, a callback that is no function, an option of the wrong type
 * @example
 * using executor = instrumentExecutor(new DagExecutor(), {
 *   run: 'runDag',
 *   step: 'runNode',
 *   plan: (dag) => ({ name: dag.name, tools: dag.nodes.map(({ id, needs }) => ({ tool_id: id, depends_on: needs })) }),
 *   tool: (node) => node.id,
 * });
 */
export const instrumentExecutor: InstrumentExecutor = shared.instrumentExecutor;

/**
 * Runs a plan with the given tools. A step that fails is in the result; the promise rejects only for wrong use.
 *
 * @throws {PlanError} a plan with faults, all of them named
 * @throws {OrchestraceError} code `RUN_INVALID`: a tool is missing, or an option is wrong; before anything runs
 */
export const runPlan: RunPlan = shared.runPlan;
