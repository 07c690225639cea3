import { context } from '@opentelemetry/api';
import type { TraceOptions } from '../options.ts';
import { describe, warn } from '../spans/guard.ts';
import { startLooseStep } from '../spans/loose-step.ts';
import { scopeOf } from '../spans/scope.ts';
import type { StepRecorder } from '../spans/step-recorder.ts';
import { telemetryWith, type Telemetry } from '../spans/telemetry.ts';
import { watchCall } from './watch-call.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- any function at all, `this` included
type AnyFunction = (...args: any[]) => unknown;

/** Options of one wrapped tool. */
export interface ToolOptions extends TraceOptions {
  /** Kind of the tool, for runs whose plan does not have it. Default `"unknown"`. */
  toolType?: string | undefined;
}

const originals = new WeakMap<AnyFunction, { toolId: string; tool: AnyFunction }>();

/** The function that was wrapped, for one that {@link traceTool} gave; else the function itself. */
export function unwrap<F>(tool: F): F {
  return (originals.get(tool as AnyFunction)?.tool as F | undefined) ?? tool;
}

export type TraceTool = <F extends (...args: never[]) => unknown>(toolId: string, tool: F, options?: ToolOptions) => F;

/** Makes `traceTool` for one telemetry. */
export function createTraceTool(base: () => Telemetry): TraceTool {
  return function traceTool<F extends (...args: never[]) => unknown>(
    toolId: string,
    tool: F,
    options?: ToolOptions,
  ): F {
    checkTool(toolId, tool);
    const wrapped = originals.get(tool);
    if (wrapped?.toolId === toolId) return tool;
    const original = (wrapped?.tool ?? tool) as AnyFunction;
    const { toolType, ...traceOptions } = options ?? {};
    const ownOptions = Object.keys(traceOptions).length > 0 ? traceOptions : undefined;
    const telemetry = telemetryWith(ownOptions, base);
    const traced = new Proxy(original, {
      apply(target, thisArg, args: unknown[]): unknown {
        const step = beginStep(toolId, toolType, args, telemetry(), ownOptions !== undefined);
        if (!step) return Reflect.apply(target, thisArg, args);
        return watchCall(step, step.context, target, thisArg, args);
      },
    });
    originals.set(traced, { toolId, tool: original });
    return traced as unknown as F;
  };
}

/** Starts a step in the run that is active, else on its own; undefined when nobody listens or telemetry fails. */
function beginStep(
  toolId: string,
  toolType: string | undefined,
  args: unknown[],
  telemetry: Telemetry,
  isOwn: boolean,
): StepRecorder | undefined {
  try {
    const active = context.active();
    const run = scopeOf(active)?.run;
    if (!run && telemetry.isIdle(active)) return undefined;
    const details = {
      toolType,
      input: args.length === 1 ? args[0] : args,
      telemetry: isOwn || !run ? telemetry : undefined,
    };
    return run ? run.startStep(toolId, details, active) : startLooseStep(telemetry, toolId, details, active);
  } catch (error) {
    warn('could not start a step', describe(error));
    return undefined;
  }
}

function checkTool(toolId: unknown, tool: unknown): void {
  if (typeof toolId !== 'string' || toolId === '')
    throw new TypeError(`toolId must be a text that is not empty, got ${describe(toolId)}`);
  if (typeof tool !== 'function')
    throw new TypeError(`tool "${toolId}" must be a function, got ${tool === null ? 'null' : typeof tool}`);
}
