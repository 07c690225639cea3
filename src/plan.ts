import { z } from 'zod';
import { PlanError, type PlanIssue } from './errors.ts';
import { findCycles, type Graph, type GraphTool, indexTools, layerGraph, readGraph, reverseGraph } from './graph.ts';
import { INPUT, readReference, setOwn } from './mapping.ts';

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
/** Most cycles that are named at once. */
const MAX_CYCLES = 10;
/** Most steps of the search for indirect dependencies; a plan that needs more gets the benefit of the doubt. */
const MAX_SEARCH = 10_000_000;

export const STRATEGIES = ['parallel', 'serial', 'dag'] as const;
const JOINS = ['all', 'any'] as const;
const OPERATORS = ['exists', 'not_exists', '==', '!=', '<', '<=', '>', '>=', 'contains'] as const;

const text = z.string({ error: expected('a string') });
const milliseconds = z
  .number({ error: expected('a number of milliseconds') })
  .max(MAX_MS, { error: expected(`at most ${MAX_MS} ms`) });

const ToolSchema = looseObject('a tool such as { "tool_id": "primary" }', {
  tool_id: z.string({ error: expected('a string that names the tool') }),
  tool_type: text.default('unknown'),
  depends_on: z.array(text, { error: expected('an array of tool ids') }).default(() => []),
  output_mapping: record('an object of references such as { "filter": "{primary.data.rows[0]}" }', 'string'),
  params: record('an object of default parameters'),
  timeout_ms: milliseconds.gt(0, { error: expected('more than 0 ms') }).optional(),
  retry: looseObject('an object such as { "max_attempts": 3 }', {
    max_attempts: z.int({ error: expected('a whole number') }).min(1, { error: expected('at least 1') }),
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
  const { faults, cycle } = checkStructure(shape.plan);
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

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly kind: PlanIssue['kind'];
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

// ---- shape ----

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

/** An object whose keys come from users. Not z.record, which drops the key `__proto__` and takes three times as long. */
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

/** The letters of a key alone, so that `dependsOn`, `depends-on` and `depends_on` are the same. */
function squash(key: string): string {
  return key.length > 64 ? key : key.toLowerCase().replaceAll(/[_\- ]/g, '');
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
      if (meant) addFault(payload, 'shape', [...path(), key], `unknown key; did you mean ${meant}?`);
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
      addFault(
        payload,
        'shape',
        ['tools', i, 'condition', 'value'],
        `expected what "${op}" compares with, got nothing`,
      );
    }
  }
}

function addFault(
  payload: z.core.ParsePayload,
  kind: PlanIssue['kind'],
  path: (string | number)[],
  message: string,
  cycle?: readonly string[],
): void {
  const params: FaultParams = { kind, ...(cycle && { cycle }) };
  payload.issues.push({ code: 'custom', message, path, params, input: undefined, continue: true });
}

// ---- structure ----

/** Faults of structure and mappings. The plan may have the wrong shape here and there. */
function checkPlan(payload: z.core.ParsePayload): void {
  const plan = payload.value as Plan;
  if (!isPlainObject(plan) || !Array.isArray(plan.tools)) return;
  const structure = checkStructure(plan, payload.issues.length > 0);
  for (const { kind, path, message } of structure.faults) addFault(payload, kind, [...path], message, structure.cycle);
  if (plan.strategy === 'parallel' && structure.graph.needs.length > 0) {
    const first = structure.tools.findIndex((tool) => tool.depends_on.length > 0);
    const message = `a parallel plan has no dependencies, but tools[${first}] has; use "dag"`;
    addFault(payload, 'structure', ['strategy'], message);
  }
  checkMappings(payload, plan, structure);
}

interface Structure {
  /** With gaps where the shape is wrong, and where an edge is named in `loops`. */
  readonly tools: readonly GraphTool[];
  readonly index: ReadonlyMap<string, number>;
  readonly graph: Graph;
  /** Tools that name a dependency that is not there: what else they may read cannot be told. */
  readonly unsure: ReadonlySet<number>;
  readonly loops: readonly Loop[];
  readonly faults: readonly Fault[];
  readonly cycle?: readonly string[];
}

/** Duplicate and unknown ids, self-dependencies, cycles. Takes the edges named in `loops` out of the plan. */
function checkStructure(plan: Plan, hasFaults = false): Structure {
  const faults: Fault[] = [];
  const fault = (path: Fault['path'], message: string): number => faults.push({ path, message, kind: 'structure' });
  const loops = Array.isArray(plan.loops)
    ? plan.loops.filter((loop: unknown): loop is Loop => isPlainObject(loop))
    : [];
  const tools = hasFaults || loops.length > 0 ? withGaps(plan.tools, loops) : plan.tools;
  const index = indexTools(tools);
  const known = tools.every((tool) => tool.tool_id !== undefined);
  const unsure = new Set<number>();
  const nearest = nearestId(index);
  const unknown = (id: string, remedy: string): string => `there is no tool ${quote(id)}; ${nearest(id) ?? remedy}`;

  if (index.size < tools.length) {
    tools.forEach(({ tool_id }, i) => {
      const first = tool_id === undefined ? i : index.get(tool_id);
      if (first === i) return;
      fault(['tools', i, 'tool_id'], `duplicate of ${quote(tool_id as string)} in tools[${first}]; give each its own`);
    });
  }
  const graph = readGraph(tools, index, (i, k) => {
    const { tool_id, depends_on } = tools[i] as GraphTool;
    const id = depends_on[k] as string;
    const path = ['tools', i, 'depends_on', k];
    if (id === tool_id) {
      fault(path, `${quote(id)} depends on itself; take it out, or, if it is meant, name the edge in loops`);
    } else if (index.has(id)) {
      // the second of two tools with one id needs the first: the duplicate is the fault
    } else {
      unsure.add(i);
      if (known) fault(path, unknown(id, 'add it to tools, or take it out'));
    }
  });
  for (const [i, loop] of loops.entries()) {
    for (const key of ['from', 'to'] as const) {
      const id: unknown = loop[key];
      if (typeof id === 'string' && known && !index.has(id)) {
        fault(['loops', i, key], unknown(id, 'name a tool of this plan'));
      }
    }
  }
  const cycles = layerGraph(graph).placed < graph.size ? findCycles(graph, MAX_CYCLES) : [];
  const named = cycles.map((cycle) => cycle.map((tool) => tools[tool]?.tool_id as string));
  for (const [i, ids] of named.entries()) {
    const to = cycles[i]?.[0] as number;
    const from = ids.at(-1) as string;
    const edge = `{ "from": ${quote(from)}, "to": ${quote(ids[0] as string)} }`;
    fault(
      ['tools', to, 'depends_on', tools[to]?.depends_on.indexOf(from) as number],
      `cycle: ${writeCycle(ids)}; take one of these dependencies out, or, if it is meant, name the edge in loops: ${edge}`,
    );
  }
  if (loops.length > 0) takeOutLoops(plan, tools);
  return { tools, index, graph, unsure, loops, faults, ...(named[0] && { cycle: named[0] }) };
}

/** What can be made out of tools of the wrong shape, without the edges that are named in `loops`. */
function withGaps(tools: readonly (PlanTool | undefined)[], loops: readonly Loop[]): GraphTool[] {
  const back = new Map<string, Set<string>>();
  for (const { from, to } of loops) back.set(to, (back.get(to) ?? new Set()).add(from));
  return tools.map((tool) => {
    const tool_id = typeof tool?.tool_id === 'string' ? tool.tool_id : undefined;
    const ids: readonly unknown[] = Array.isArray(tool?.depends_on) ? tool.depends_on : [];
    const loopsTo = tool_id === undefined ? undefined : back.get(tool_id);
    const isEdge = (id: unknown): id is string => typeof id === 'string' && !loopsTo?.has(id);
    return { tool_id, depends_on: ids.map((id) => (isEdge(id) ? id : undefined)) };
  });
}

function takeOutLoops(plan: Plan, tools: readonly GraphTool[]): void {
  plan.tools.forEach((tool: { depends_on: readonly string[] }, i) => {
    const { depends_on } = tools[i] as GraphTool;
    if (depends_on.includes(undefined) && Array.isArray(tool?.depends_on)) {
      tool.depends_on = tool.depends_on.filter((_, k) => depends_on[k] !== undefined);
    }
  });
}

/** Finds the id that differs in case, `_` or `-` only. */
function nearestId(index: ReadonlyMap<string, number>): (id: string) => string | undefined {
  let squashed: Map<string, string> | undefined;
  return (id) => {
    squashed ??= new Map([...index.keys()].map((known) => [squash(known), known]));
    const meant = squashed.get(squash(id));
    return meant === undefined ? undefined : `did you mean ${quote(meant)}?`;
  };
}

/** A cycle in run order; the middle of a long one is counted only. */
function writeCycle(ids: readonly string[]): string {
  const shown = ids.length > 12 ? [...ids.slice(0, 8), undefined, ...ids.slice(-2)] : ids;
  return [...shown, ids[0]].map((id) => (id === undefined ? `(${ids.length - 10} more)` : quote(id))).join(' > ');
}

// ---- mappings ----

/** A tool that reads the result of one that is not its direct dependency. */
interface Reading {
  readonly reader: number;
  readonly source: number;
  readonly path: (string | number)[];
}

/** References that do not parse, name no tool, or name one whose result may not be there yet. */
function checkMappings(payload: z.core.ParsePayload, plan: Plan, structure: Structure): void {
  const { tools, index, graph, unsure } = structure;
  const known = tools.every((tool) => tool.tool_id !== undefined);
  const fault = (path: (string | number)[], message: string): void => addFault(payload, 'mapping', path, message);
  const readings: Reading[] = [];
  const direct = new Int32Array(graph.size);
  const nearest = nearestId(index);

  const check = (reader: number, written: string, path: () => (string | number)[]): void => {
    const reference = readReference(written);
    if (reference === undefined || typeof reference === 'string') {
      if (reference !== undefined) fault(path(), reference);
      return;
    }
    const { toolId } = reference;
    if (toolId === INPUT) return;
    const source = index.get(toolId);
    if (source !== undefined) {
      if (direct[source] !== reader + 1 && !unsure.has(reader)) readings.push({ reader, source, path: path() });
    } else if (known) {
      const remedy = nearest(toolId) ?? `name a tool of this plan, or ${INPUT} for the input of the run`;
      fault(path(), `there is no tool ${quote(toolId)}; ${remedy}`);
    }
  };

  for (let i = 0; i < graph.size; i += 1) {
    const tool = plan.tools[i];
    if (typeof tool !== 'object' || tool === null) continue;
    for (let e = graph.start[i]!; e < graph.start[i + 1]!; e += 1) {
      direct[graph.needs[e]!] = i + 1;
    }
    if (tool.tool_id === INPUT) {
      fault(['tools', i, 'tool_id'], `${INPUT} stands for the input of the run in references; name the tool otherwise`);
    }
    for (const field in tool.output_mapping) {
      const written: unknown = tool.output_mapping[field];
      if (typeof written === 'string') check(i, written, () => ['tools', i, 'output_mapping', field]);
    }
    const ref: unknown = tool.condition?.ref;
    if (typeof ref !== 'string') continue;
    const path = ['tools', i, 'condition', 'ref'];
    if (readReference(ref) === undefined) fault(path, `expected a reference in braces, got ${describe(ref)}`);
    else check(i, ref, () => path);
  }

  for (const { reader, source, path } of readingsTooEarly(readings, structure)) {
    const id = quote(tools[source]?.tool_id as string);
    const remedy = plan.strategy === 'parallel' ? 'use "dag", and add it to depends_on' : 'add it to depends_on';
    fault(
      path,
      reader === source
        ? `${id} reads its own result, which is not there yet; take it out, or name the edge back to it in loops`
        : `the result of ${id} may not be there yet, because this tool does not depend on it; ${remedy}`,
    );
  }
}

/**
 * The readings whose source is no indirect dependency either. An edge in `loops` counts here: what the pass before left
 * may be read.
 */
function readingsTooEarly(readings: readonly Reading[], { graph, index, loops }: Structure): Reading[] {
  if (readings.length === 0) return [];
  const dependants = reverseGraph(graph);
  const { level, placed } = layerGraph(graph);
  const back = new Map<number, number[]>();
  for (const { from, to } of loops) {
    const [start, end] = [index.get(from), index.get(to)];
    if (start === undefined || end === undefined) continue;
    const others = back.get(start);
    if (others) others.push(end);
    else back.set(start, [end]);
  }
  const isLayered = back.size === 0 && placed === graph.size;
  const bySource = new Map<number, Reading[]>();
  for (const reading of readings) {
    const others = bySource.get(reading.source);
    if (others) others.push(reading);
    else bySource.set(reading.source, [reading]);
  }
  const reached = new Int32Array(graph.size).fill(-1);
  const early = new Set<Reading>();
  let left = MAX_SEARCH;
  for (const [source, wanted] of bySource) {
    let highest = 0;
    for (const { reader } of wanted) highest = Math.max(highest, level[reader]!);
    const open = [source];
    const reach = (tool: number): void => {
      left -= 1;
      if (reached[tool] === source) return;
      reached[tool] = source;
      if (!isLayered || level[tool]! < highest) open.push(tool);
    };
    for (let tool = open.pop(); tool !== undefined && left > 0; tool = open.pop()) {
      const end = dependants.start[tool + 1]!;
      for (let e = dependants.start[tool]!; e < end; e += 1) reach(dependants.needs[e]!);
      for (const to of back.get(tool) ?? []) reach(to);
    }
    if (left <= 0) break;
    for (const reading of wanted) if (reached[reading.reader] !== source) early.add(reading);
  }
  return readings.filter((reading) => early.has(reading));
}

// ---- words ----

/** An error message for zod: what was expected, what came. */
function expected(what: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => {
    const remedy = typeof input === 'string' && what.startsWith('a plan') ? '; parse JSON text first' : '';
    return `expected ${what}, got ${describe(input)}${remedy}`;
  };
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A text in quotes, shortened when it is long. */
function quote(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 60)}...` : value);
}

function reasonOf(error: unknown): string {
  try {
    const reason: unknown = error instanceof Error ? error.message : error;
    return describe(reason);
  } catch {
    return 'it throws';
  }
}
