import { z } from 'zod';
import { PlanError } from './errors.ts';

/** How the tools of a plan run: all at once, one after the other, or as soon as what they depend on is done. */
export type Strategy = 'parallel' | 'serial' | 'dag';

/** What a condition asks. All but `exists` and `not_exists` compare with `value`. */
export type ConditionOperator = 'exists' | 'not_exists' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains';

/** A step is skipped unless this holds. */
export interface Condition {
  /** A reference in braces, e.g. `{primary.data.rows[0]}`. */
  readonly ref: string;
  readonly op: ConditionOperator;
  readonly value?: unknown;
}

/** How often a tool that fails is tried, and how long is waited in between. */
export interface Retry {
  /** At least 1; 1 is no retry. */
  readonly max_attempts: number;
  /** Before the second attempt, in milliseconds. */
  readonly backoff_ms?: number;
}

/** One tool of a parsed plan: every field that has a default is there. */
export interface PlanTool {
  /** The same from run to run; unique in the plan. */
  readonly tool_id: string;
  /** Default `"unknown"`. */
  readonly tool_type: string;
  /** Ids of the tools that must end before this one starts. Edges named in `loops` are taken out. */
  readonly depends_on: readonly string[];
  /** Parameter to reference in braces, or to a literal: `{ "filter": "{primary.data.rows[0].ci_type}" }`. */
  readonly output_mapping: Readonly<Record<string, string>>;
  /** Defaults of the parameters; what `output_mapping` finds goes over them. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly timeout_ms?: number;
  readonly retry?: Retry;
  readonly condition?: Condition;
  /** `any` starts the tool after one of its dependencies. Default `all`. */
  readonly join?: 'all' | 'any';
}

/** An edge that goes back, e.g. from `act` to `think`: no dependency, and does not count in grouping. */
export interface Loop {
  readonly from: string;
  readonly to: string;
}

/** What should happen. Made by {@link parsePlan}. */
export interface Plan {
  readonly name?: string;
  /** Inferred when it is needed and not given, see `inferStrategy`. */
  readonly strategy?: Strategy;
  /** In the order of declaration. */
  readonly tools: readonly PlanTool[];
  readonly loops?: readonly Loop[];
}

/** One tool as people write it: only `tool_id` is required. */
export interface PlanToolInput {
  readonly tool_id: string;
  readonly tool_type?: string | undefined;
  readonly depends_on?: readonly string[] | undefined;
  readonly output_mapping?: Readonly<Record<string, string>> | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly timeout_ms?: number | undefined;
  readonly retry?: { readonly max_attempts: number; readonly backoff_ms?: number | undefined } | undefined;
  readonly condition?: Condition | undefined;
  readonly join?: 'all' | 'any' | undefined;
}

/** A plan as people write it: only `tools[].tool_id` is required. */
export interface PlanInput {
  readonly name?: string | undefined;
  readonly strategy?: Strategy | undefined;
  readonly tools: readonly PlanToolInput[];
  readonly loops?: readonly Loop[] | undefined;
}

const ConditionSchema = z.object({
  ref: z.string(),
  op: z.enum(['exists', 'not_exists', '==', '!=', '<', '<=', '>', '>=', 'contains']),
  value: z.unknown().optional(),
});

const ToolSchema = z.object({
  tool_id: z.string(),
  tool_type: z.string().default('unknown'),
  depends_on: z.array(z.string()).default(() => []),
  output_mapping: z.record(z.string(), z.string()).default(() => ({})),
  params: z.record(z.string(), z.unknown()).default(() => ({})),
  timeout_ms: z.number().positive().optional(),
  retry: z.object({ max_attempts: z.int().min(1), backoff_ms: z.number().min(0).optional() }).optional(),
  condition: ConditionSchema.optional(),
  join: z.enum(['all', 'any']).optional(),
});

/** The plan as a zod schema. */
export const PlanSchema: z.ZodType<Plan, PlanInput> = z.object({
  name: z.string().optional(),
  strategy: z.enum(['parallel', 'serial', 'dag']).optional(),
  tools: z.array(ToolSchema),
  loops: z.array(z.object({ from: z.string(), to: z.string() })).optional(),
}) as unknown as z.ZodType<Plan, PlanInput>;

/**
 * Reads a plan.
 *
 * @throws {PlanError} with every fault at once
 */
export function parsePlan(input: unknown): Plan {
  const result = PlanSchema.safeParse(input);
  if (result.success) return result.data;
  throw new PlanError(
    result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message, kind: 'shape' as const })),
  );
}
