import type { Attributes } from '@opentelemetry/api';
import type { TraceOptions } from '../options.ts';
import type { Plan, PlanInput } from '../plan.ts';
import type { Outcome } from '../semconv.ts';

/* oxlint-disable typescript/no-explicit-any -- of a method that is not public, nobody knows more */

/** What the call of a step method is, for those who know more than the id of its tool. */
export interface ToolCall {
  /** Id of the tool, the same from run to run. */
  readonly toolId: string;
  /** Kind of the tool, if the plan does not have it. Default `"unknown"`. */
  readonly toolType?: string | undefined;
  /** Which attempt this is, from 1. Attempts after one that failed are one step; without it, each call is a step of its own. */
  readonly attempt?: number | undefined;
  /** Which repetition of the tool in this run this is, from 1. Default: counted. */
  readonly iteration?: number | undefined;
}

/** How an executor is to be read. Its callbacks are called only when somebody listens; one that fails is warned of once. */
export interface ExecutorOptions<T, RunName extends string, StepName extends string> extends Omit<
  TraceOptions,
  'attributes'
> {
  /** Name of the method that runs a whole plan; one that TypeScript calls private is allowed. */
  readonly run: MethodName<T, RunName>;
  /** Name of the method that runs one tool; one that TypeScript calls private is allowed. */
  readonly step: MethodName<T, StepName>;
  /** What is meant to happen in a run; undefined for a run without a plan. */
  readonly plan: (...runArgs: ArgumentsOf<T, RunName>) => Plan | PlanInput | undefined;
  /** Which tool a call of the step method runs: its id, or more than that. */
  readonly tool: (...stepArgs: ArgumentsOf<T, StepName>) => string | ToolCall;
  /**
   * How a step ended that gave this result (awaited), with what it was called with, which may know more. Default, and where it gives
   * undefined: `isFailure` decides. Not asked when the method throws.
   */
  readonly outcome?:
    | ((result: ResultOf<T, StepName>, ...stepArgs: ArgumentsOf<T, StepName>) => Outcome | undefined)
    | undefined;
  /** Identifies a run. Default: a random UUID. */
  readonly runId?: ((...runArgs: ArgumentsOf<T, RunName>) => string | undefined) | undefined;
  /** Attributes of the run span: the same for all, or by what a run is called with. */
  readonly attributes?: Attributes | ((...runArgs: ArgumentsOf<T, RunName>) => Attributes | undefined) | undefined;
}

/** A name that is a method if it is public at all. */
type MethodName<T, Name extends string> = Name extends keyof T ? (IsMethod<T[Name]> extends true ? Name : never) : Name;

type IsMethod<V> = [NonNullable<V>] extends [(...args: never[]) => unknown] ? true : false;

type ArgumentsOf<T, Name extends string> = Name extends keyof T
  ? [NonNullable<T[Name]>] extends [(...args: infer A) => unknown]
    ? A
    : any[]
  : any[];

type ResultOf<T, Name extends string> = Name extends keyof T
  ? [NonNullable<T[Name]>] extends [(...args: never[]) => infer R]
    ? Awaited<R>
    : any
  : any;
