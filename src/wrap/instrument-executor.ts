/// <reference lib="esnext.disposable" preserve="true" />
import { warnOnce } from '../spans/guard.ts';
import { telemetryWith, type Telemetry } from '../spans/telemetry.ts';
import { describe, quote } from '../words.ts';
import type { ExecutorOptions } from './executor-options.ts';
import { Instrumentation } from './instrumentation.ts';
import { findMethod } from './own-method.ts';
import { TracedExecutor } from './traced-executor.ts';

export type InstrumentExecutor = <T extends object, const RunName extends string, const StepName extends string>(
  executor: T,
  options: ExecutorOptions<NoInfer<T>, RunName, StepName>,
) => T & Disposable;

/** Makes `instrumentExecutor` for one telemetry. */
export function createInstrumentExecutor(base: () => Telemetry): InstrumentExecutor {
  return function instrumentExecutor(executor, options) {
    checkOptions(executor, options);
    const { run, step, plan, tool, outcome, runId, attributes, ...others } = options;
    const traceOptions = { ...others, ...(typeof attributes === 'object' && { attributes }) };
    const hasOwnOptions = Object.keys(traceOptions).length > 0;
    const telemetry = telemetryWith(hasOwnOptions ? traceOptions : undefined, base);
    const instrumentation = Instrumentation.of(executor);
    const traced = new TracedExecutor(
      telemetry,
      hasOwnOptions,
      { plan, tool, outcome, runId, attributes },
      instrumentation.live,
    );
    const isChanged = instrumentation.add([
      [run, (...call) => traced.run(...call)],
      [step, (...call) => traced.step(...call)],
    ]);
    if (!isChanged)
      warnOnce(`the executor with ${quote(run)} and ${quote(step)} cannot be changed; its runs are not recorded`);
    return executor as typeof executor & Disposable;
  };
}

function checkOptions(executor: unknown, options: unknown): void {
  if ((typeof executor !== 'object' && typeof executor !== 'function') || executor === null)
    throw new TypeError(`executor must be an object, got ${describe(executor)}`);
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options must be an object with run, step, plan and tool, got ${describe(options)}`);
  const given = options as Record<string, unknown>;
  for (const key of ['run', 'step']) {
    const name = given[key];
    if (typeof name !== 'string' || name === '')
      throw new TypeError(`option ${key} must be the name of a method, got ${describe(name)}`);
    if (findMethod(executor, name) === undefined)
      throw new TypeError(`option ${key}: the executor has no method ${quote(name)}`);
  }
  if (given['run'] === given['step'])
    throw new TypeError(`options run and step must be two methods, got ${describe(given['run'])} for both`);
  for (const key of ['plan', 'tool', 'outcome', 'runId']) {
    const isNeeded = key === 'plan' || key === 'tool';
    if (typeof given[key] === 'function' || (!isNeeded && given[key] === undefined)) continue;
    throw new TypeError(`option ${key} must be a function, got ${describe(given[key])}`);
  }
  const { attributes } = given;
  if (attributes !== undefined && typeof attributes !== 'function' && (typeof attributes !== 'object' || !attributes))
    throw new TypeError(
      `option attributes must be an object, or a function that gives one, got ${describe(attributes)}`,
    );
}
