import { z } from 'zod';
import { PlanError, type PlanIssue } from './errors.ts';
import { setOwn } from './mapping.ts';
import { checkMappings, checkStrategy, checkStructure, type Fault } from './plan-faults.ts';
import { describe, quote, squash } from './words.ts';

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

/** More tools than this are no plan but an accident (a sparse array, say), and are refused before they are looked at. */
const MAX_TOOLS = 1_000_000;
/** Longest time that a timer can wait, in milliseconds; a longer one would ring at once. */
const MAX_MS = 2_147_483_647;

export const STRATEGIES = ['parallel', 'serial', 'dag'] as const;
const JOINS = ['all', 'any'] as const;
const OPERATORS = ['exists', 'not_exists', '==', '!=', '<', '<=', '>', '>=', 'contains'] as const;

/** The `tool_type` of a tool that has none. */
export const NO_TOOL_TYPE = 'unknown';

const text = z.string({ error: expected('a string') });
const milliseconds = z
  .number({ error: expected('a number of milliseconds') })
  .max(MAX_MS, { error: expected(`at most ${MAX_MS} ms`) });

const ToolSchema = looseObject('a tool such as { "tool_id": "primary" }', {
  tool_id: z.string({ error: expected('a string that names the tool') }),
  tool_type: text.default(NO_TOOL_TYPE),
  depends_on: z.array(text, { error: expected('an array of tool ids') }).default(() => []),
  output_mapping: record('an object of references such as { "filter": "{primary.data.rows[0]}" }', 'string'),
  params: record('an object of default parameters'),
  timeout_ms: milliseconds.gt(0, { error: expected('more than 0 ms') }).optional(),
  retry: looseObject('an object such as { "max_attempts": 3 }', {
    // not z.int(), whose fault would hide those of structure
    max_attempts: z
      .number({ error: expected('a whole number') })
      .multipleOf(1, { error: expected('a whole number') })
      .min(1, { error: expected('at least 1') }),
    backoff_ms: milliseconds.min(0, { error: expected('at least 0 ms') }).optional(),
  }).optional(),
  condition: looseObject('an object such as { "ref": "{primary.data.rows[0]}", "op": "exists" }', {
    ref: text,
    op: oneOf(OPERATORS),
    value: z.unknown().optional(),
  }).optional(),
  join: oneOf(JOINS).optional(),
});

const LoopSchema = looseObject('an object such as { "from": "act", "to": "think" }', { from: text, to: text });

/** The shape alone, with the keys that are nearly right. Keys that a plan does not know are gone afterwards. */
const ShapeSchema = z.preprocess(
  refuseHuge,
  looseObject('a plan such as { "tools": [{ "tool_id": "primary" }] }', {
    name: text.optional(),
    strategy: oneOf(STRATEGIES).optional(),
    tools: z.array(ToolSchema, { error: expected('an array of tools') }),
    loops: z.array(LoopSchema, { error: expected('an array of { "from", "to" }') }).optional(),
  }).check(always(checkKeys)),
);

/**
 * The plan as a zod schema: shape, structure and mappings, every fault at once. For use inside other schemas; alone,
 * {@link parsePlan} has the better errors.
 */
export const PlanSchema: z.ZodType<Plan, PlanInput> = ShapeSchema.check(always(checkPlan)) as unknown as z.ZodType<
  Plan,
  PlanInput
>;

const parsedPlans = new WeakSet<object>();

/** Whether a plan came out of {@link parsePlan}, so that it need not be looked at again. */
export function isParsed(plan: unknown): plan is Plan {
  return typeof plan === 'object' && plan !== null && parsedPlans.has(plan);
}

/**
 * Reads a plan: fills in the defaults, takes the edges named in `loops` out of `depends_on`, and leaves out keys that it
 * does not know.
 *
 * @param input an object; JSON text must have been parsed
 * @throws {PlanError} with every fault at once: wrong shape, wrong structure, references to what is not there
 * @example
 * parsePlan({ tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] }).tools[1].depends_on // => ['a']
 */
export function parsePlan(input: unknown): Plan {
  const { plan, issues, cycle } = readPlan(input, PlanSchema);
  if (!plan) throw new PlanError(issues, cycle);
  parsedPlans.add(plan);
  return plan;
}

/** What can be told of a plan whose mappings are not looked at. */
export interface PlanStructure {
  /** Absent when the shape is wrong. */
  readonly plan?: Plan;
  /** Faults of shape and structure, but not dependencies in a parallel plan. */
  readonly issues: readonly PlanIssue[];
  readonly cycle?: readonly string[];
}

/** Reads a plan that an existing executor runs anyway. Never throws. */
export function readStructure(input: unknown): PlanStructure {
  const shape = readPlan(input, ShapeSchema as unknown as z.ZodType<Plan, PlanInput>);
  if (!shape.plan) return shape;
  const { faults, cycle } = checkStructure(shape.plan, true);
  if (faults.length === 0) return shape;
  return { plan: shape.plan, issues: faults.map(toIssue), ...(cycle && { cycle }) };
}

function readPlan(input: unknown, schema: z.ZodType<Plan, PlanInput>): PlanStructure {
  let result: z.ZodSafeParseResult<Plan>;
  try {
    result = schema.safeParse(input);
  } catch (error) {
    return { issues: [{ path: '', message: `the plan cannot be read: ${reasonOf(error)}`, kind: 'shape' }] };
  }
  if (result.success) return { plan: result.data, issues: [] };
  let cycle: readonly string[] | undefined;
  const faults = result.error.issues.map((issue): Fault => {
    const known = issue.code === 'custom' ? (issue.params as FaultParams | undefined) : undefined;
    cycle ??= known?.cycle;
    const kind = known?.kind ?? (issue.path[0] === 'strategy' ? 'structure' : 'shape');
    return { path: issue.path as (string | number)[], message: issue.message, kind };
  });
  const issues = faults.toSorted((a, b) => rank(a) - rank(b)).map(toIssue);
  return { issues, ...(cycle && { cycle }) };
}

interface FaultParams {
  readonly kind: PlanIssue['kind'];
  readonly cycle?: readonly string[];
}

/** Faults in the plan's order: the plan itself, its tools, its loops. */
function rank({ path }: Fault): number {
  if (path[0] === 'tools') return typeof path[1] === 'number' ? path[1] : -1;
  return path[0] === 'loops' ? Number.MAX_SAFE_INTEGER : -2;
}

function toIssue({ path, message, kind }: Fault): PlanIssue {
  let written = '';
  for (const key of path) {
    if (typeof key === 'number') written += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]{0,63}$/.test(key)) written += written === '' ? key : `.${key}`;
    else written += `[${quote(key)}]`;
  }
  return { path: written, message, kind };
}

/** Unknown keys stay until {@link checkKeys} has looked at them. */
function looseObject<Shape extends z.ZodRawShape>(what: string, shape: Shape): z.ZodObject<Shape, z.core.$loose> {
  return z.looseObject(shape, { error: expected(what) });
}

function oneOf<const Values extends readonly string[]>(values: Values): z.ZodEnum<z.core.util.ToEnum<Values[number]>> {
  return z.enum(values, {
    error: ({ input }) => {
      const meant = typeof input === 'string' ? values.find((value) => squash(value) === squash(input)) : undefined;
      const all = values.map((value) => `"${value}"`).join(', ');
      return `expected one of ${all}, got ${describe(input)}${meant ? `; did you mean "${meant}"?` : ''}`;
    },
  });
}

/** An object whose keys come from users. Not z.record, which drops the key `__proto__`. */
function record(what: string, values?: 'string'): z.ZodDefault<z.ZodType<Record<string, unknown>>> {
  const read = (input: unknown, context: z.core.ParsePayload): unknown => {
    const own: Record<string, unknown> = {};
    if (!isPlainObject(input)) {
      context.issues.push({ code: 'custom', message: `expected ${what}, got ${describe(input)}`, input });
      return own;
    }
    for (const key of Object.keys(input)) {
      const value = input[key];
      if (values === 'string' && typeof value !== 'string') {
        const message = `expected a reference in braces or a text, got ${describe(value)}; other values belong in params`;
        context.issues.push({ code: 'custom', message, path: [key], input: value });
      } else setOwn(own, key, value);
    }
    return own;
  };
  const json = { type: 'object', additionalProperties: values ? { type: values } : {} };
  return z.preprocess(read, z.any().meta(json)).default(() => ({}));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** Refuses arrays of a length that would take forever to walk. */
function refuseHuge(input: unknown, context: z.core.ParsePayload): unknown {
  if (typeof input !== 'object' || input === null) return input;
  const { tools, loops } = input as { tools?: unknown; loops?: unknown };
  const refuse = (list: unknown, path: (string | number)[]): void => {
    if (!Array.isArray(list) || list.length <= MAX_TOOLS) return;
    const message = `expected at most ${MAX_TOOLS} entries, got ${list.length}`;
    context.issues.push({ code: 'custom', message, path, input: undefined });
  };
  refuse(tools, ['tools']);
  refuse(loops, ['loops']);
  if (!Array.isArray(tools) || tools.length > MAX_TOOLS) return input;
  for (let i = 0; i < tools.length; i += 1) {
    const ids = (tools[i] as { depends_on?: unknown } | null | undefined)?.depends_on;
    if (Array.isArray(ids) && ids.length > MAX_TOOLS) refuse(ids, ['tools', i, 'depends_on']);
  }
  return input;
}

/** A check that runs although there are faults already, so that all are named at once. */
function always(check: (payload: z.core.ParsePayload) => void): z.core.$ZodCheck<unknown> {
  const always = new z.core.$ZodCheck({ check: 'custom', when: () => true });
  // oxlint-disable-next-line no-underscore-dangle -- where zod keeps what extensions fill in
  always._zod.check = check;
  return always;
}

const KNOWN_KEYS = {
  plan: knownKeys('name', 'strategy', 'tools', 'loops'),
  tool: knownKeys(...Object.keys(ToolSchema.shape)),
  retry: knownKeys('max_attempts', 'backoff_ms'),
  condition: knownKeys('ref', 'op', 'value'),
  loop: knownKeys('from', 'to'),
};

/** Known keys, and what they look like to {@link squash}. */
interface KnownKeys {
  readonly exact: ReadonlySet<string>;
  readonly squashed: ReadonlyMap<string, string>;
}

function knownKeys(...keys: readonly string[]): KnownKeys {
  return { exact: new Set(keys), squashed: new Map(keys.map((key) => [squash(key), key])) };
}

/** Names keys that are nearly right, and leaves out all that a plan does not know. */
function checkKeys(payload: z.core.ParsePayload): void {
  const clean = (value: unknown, { exact, squashed }: KnownKeys, path: () => (string | number)[]): void => {
    if (!isPlainObject(value)) return;
    for (const key in value) {
      if (exact.has(key)) {
        if (value[key] === undefined) delete value[key];
        continue;
      }
      delete value[key];
      const meant = squashed.get(squash(key));
      if (meant)
        addFault(payload, { kind: 'shape', path: [...path(), key], message: `unknown key; did you mean ${meant}?` });
    }
  };
  const plan: unknown = payload.value;
  if (!isPlainObject(plan)) return;
  clean(plan, KNOWN_KEYS.plan, () => []);
  const { tools, loops } = plan;
  if (Array.isArray(loops)) loops.forEach((loop, i) => clean(loop, KNOWN_KEYS.loop, () => ['loops', i]));
  if (!Array.isArray(tools)) return;
  for (let i = 0; i < tools.length; i += 1) {
    const tool = tools[i] as Partial<PlanTool> | undefined;
    clean(tool, KNOWN_KEYS.tool, () => ['tools', i]);
    if (tool?.retry) clean(tool.retry, KNOWN_KEYS.retry, () => ['tools', i, 'retry']);
    if (!tool?.condition) continue;
    clean(tool.condition, KNOWN_KEYS.condition, () => ['tools', i, 'condition']);
    const { op, value } = tool.condition;
    if (value === undefined && OPERATORS.includes(op) && op !== 'exists' && op !== 'not_exists') {
      const message = `expected what "${op}" compares with, got nothing`;
      addFault(payload, { kind: 'shape', path: ['tools', i, 'condition', 'value'], message });
    }
  }
}

function addFault(payload: z.core.ParsePayload, { path, message, kind }: Fault, cycle?: readonly string[]): void {
  const params: FaultParams = { kind, ...(cycle && { cycle }) };
  payload.issues.push({ code: 'custom', message, path: [...path], params, input: undefined, continue: true });
}

/** Faults of structure and mappings. The plan may have the wrong shape here and there. */
function checkPlan(payload: z.core.ParsePayload): void {
  const plan: unknown = payload.value;
  if (payload.aborted === true || !isPlan(plan)) return;
  const structure = checkStructure(plan, payload.issues.length === 0);
  const faults = [...structure.faults, ...checkStrategy(plan, structure), ...checkMappings(plan, structure)];
  for (const fault of faults) addFault(payload, fault, structure.cycle);
}

/** Whether there are tools to look at, of whatever shape. */
function isPlan(value: unknown): value is Plan {
  return isPlainObject(value) && Array.isArray(value['tools']);
}

/** An error message for zod: what was expected, what came. */
function expected(what: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => {
    const remedy = typeof input === 'string' && what.startsWith('a plan') ? '; parse JSON text first' : '';
    return `expected ${what}, got ${describe(input)}${remedy}`;
  };
}

function reasonOf(error: unknown): string {
  try {
    const reason: unknown = error instanceof Error ? error.message : error;
    return describe(reason);
  } catch {
    return 'it throws';
  }
}
