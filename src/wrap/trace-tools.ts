import { describe, warnOnce } from '../spans/guard.ts';
import type { ToolOptions, TraceTool } from './trace-tool.ts';

/** Options for a record of tools. */
export interface ToolsOptions extends ToolOptions {
  /** The method that runs a tool which is an object. Default `"execute"`. */
  method?: string | undefined;
}

export type TraceTools = <T extends Readonly<Record<string, unknown>>>(tools: T, options?: ToolsOptions) => T;

/** Makes `traceTools` from `traceTool`. */
export function createTraceTools(traceTool: TraceTool): TraceTools {
  return function traceTools(tools, options = {}) {
    if (typeof tools !== 'object' || tools === null)
      throw new TypeError(`tools must be an object, got ${describe(tools)}`);
    const { method = 'execute', ...toolOptions } = options;
    const traced = Object.entries(tools).map(([toolId, tool]) => {
      if (isFunction(tool)) return [toolId, traceTool(toolId, tool, toolOptions)] as const;
      return [toolId, traceMethod(toolId, tool, method, (run) => traceTool(toolId, run, toolOptions))] as const;
    });
    return Object.fromEntries(traced) as typeof tools;
  };
}

type AnyFunction = (...args: never[]) => unknown;

/**
 * A tool that is an object, with its method traced: a copy of a plain object; a class's instance itself, with an own property, since a
 * copy would lose its private fields. Anything else is left as it is.
 */
function traceMethod(toolId: string, tool: unknown, method: string, trace: (run: AnyFunction) => AnyFunction): unknown {
  if (typeof tool !== 'object' || tool === null) return tool;
  const run = (tool as Record<string, unknown>)[method];
  if (!isFunction(run)) return tool;
  const prototype = Object.getPrototypeOf(tool) as object | null;
  const enumerable = Object.prototype.propertyIsEnumerable.call(tool, method);
  const property = { value: trace(run), configurable: true, writable: true, enumerable };
  if (prototype === Object.prototype || prototype === null) {
    const properties = { ...Object.getOwnPropertyDescriptors(tool), [method]: property };
    const copy = Object.create(prototype, properties) as object;
    return Object.isFrozen(tool) ? Object.freeze(copy) : copy;
  }
  const isSet = Reflect.defineProperty(tool, method, property);
  if (!isSet) warnOnce(`tool "${toolId}" cannot be changed; it is not traced`);
  return tool;
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}
