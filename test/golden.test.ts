/**
 * Conformance with the implementation that the execution plan trace comes from: vectors of what it does, and for each
 * either the same answer, or the rule that says why ours differs and what it is instead.
 *
 * The answer of ours is never compared with itself: `followed` compares with the recorded answer, `corrected` with one
 * that a rule below derives from the recorded one, or that the small reader of the original's notation here computes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { PlanError } from '../src/errors.ts';
import { inferStrategy } from '../src/groups.ts';
import { compileMapping, type ReferenceSource, resolveMapping, type StepData } from '../src/mapping.ts';
import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../src/plan-trace.ts';
import { type Plan, type PlanInput, parsePlan, type Strategy } from '../src/plan.ts';

const FIXTURES = new URL('fixtures/golden/', import.meta.url);
const WHOLE = new URL(`${process.env.ORCHESTRACE_GOLDEN ?? '../shared/golden'}/`, new URL('../', import.meta.url));
const folders = [{ name: 'selection', folder: FIXTURES, isWhole: false }];
if (existsSync(WHOLE)) folders.push({ name: 'every vector', folder: WHOLE, isWhole: true });

/** How many vectors were followed, and corrected by which rule. */
class Tally {
  followed = 0;
  readonly corrected = new Map<string, number>();

  correct(rules: readonly string[]): void {
    const key = rules.join(' + ');
    this.corrected.set(key, (this.corrected.get(key) ?? 0) + 1);
  }

  get total(): number {
    return [...this.corrected.values()].reduce((sum, count) => sum + count, this.followed);
  }

  print(title: string): void {
    const rows = [...this.corrected].toSorted((a, b) => b[1] - a[1]).map(([rule, count]) => `  ${count} ${rule}`);
    const corrected = this.total - this.followed;
    console.log([`${title}: ${this.followed} followed, ${corrected} corrected, 0 skipped`, ...rows].join('\n'));
  }
}

// ---- plan-trace.json ----

interface Declared {
  readonly tool_id: string;
  readonly depends_on: readonly string[];
  readonly output_mapping: Readonly<Record<string, string>>;
}

interface PlanVector {
  readonly name: string;
  readonly input: { readonly dependencies: readonly Declared[]; readonly tool_types: Readonly<Record<string, string>> };
  readonly expected: {
    readonly determined_strategy: Strategy;
    readonly topological_order: readonly string[] | { readonly raises: unknown };
    readonly by_strategy: Readonly<Record<Strategy, { readonly execution_plan_trace: ExecutionPlanTrace }>>;
    readonly quirks: readonly string[];
  };
}

function planOf({ input }: PlanVector, strategy?: Strategy): PlanInput {
  const tools = input.dependencies.map((tool) => {
    const tool_type = Object.hasOwn(input.tool_types, tool.tool_id) ? input.tool_types[tool.tool_id] : undefined;
    return { ...tool, tool_type };
  });
  return { strategy, tools };
}

/** Why a plan is refused, found without looking at the code under test: by name of the original's quirk. */
function structuralFaults(tools: readonly Declared[]): Set<string> {
  const faults = new Set<string>();
  const ids = new Set(tools.map((tool) => tool.tool_id));
  if (ids.size < tools.length) faults.add('duplicate');
  if (tools.some((tool) => tool.depends_on.includes(tool.tool_id))) faults.add('depends on itself');
  if (tools.some((tool) => tool.depends_on.some((id) => !ids.has(id)))) faults.add('there is no tool');
  if (ids.size < tools.length) return faults;
  let open = tools.map((tool) => ({
    ...tool,
    needs: tool.depends_on.filter((id) => ids.has(id) && id !== tool.tool_id),
  }));
  for (let before = -1; before !== open.length;) {
    before = open.length;
    const left = new Set(open.map((tool) => tool.tool_id));
    open = open.filter((tool) => tool.needs.some((id) => left.has(id)));
  }
  if (open.length > 0) faults.add('cycle');
  return faults;
}

/** The trace that the rules ask for, made from the recorded one. */
function correctedTrace(vector: PlanVector, strategy: Strategy): { trace: unknown; rules: string[] } {
  const recorded = vector.expected.by_strategy[strategy].execution_plan_trace;
  const declared = vector.input.dependencies;
  if (structuralFaults(declared).size > 0) {
    const tool_ids = declared.map((tool) => tool.tool_id);
    const total_tools = declared.length;
    const trace = { strategy, execution_groups: [], total_groups: 0, total_tools, tool_ids, error: expect.any(String) };
    return { trace, rules: ['P5-P8 a broken plan is refused alike in every strategy, its trace keeps tool_ids'] };
  }
  if (declared.length === 0) {
    return { trace: { ...recorded, execution_groups: [], total_groups: 0 }, rules: ['P9 an empty plan has no groups'] };
  }
  if (strategy !== 'dag') return { trace: recorded, rules: [] };
  const place = new Map(declared.map((tool, i) => [tool.tool_id, i]));
  const execution_groups = recorded.execution_groups.map((group) => ({
    ...group,
    tools: group.tools.toSorted((a, b) => place.get(a.tool_id)! - place.get(b.tool_id)!),
  }));
  return {
    trace: { ...recorded, execution_groups },
    rules: ['P4 inside a dag group the order is that of declaration'],
  };
}

/** The strategy by the rules: from the levels that the original found. */
function correctedStrategy({ input, expected }: PlanVector): Strategy {
  if (input.dependencies.every((tool) => tool.depends_on.length === 0)) return 'parallel';
  const levels = expected.by_strategy.dag.execution_plan_trace.execution_groups;
  const isChain = input.dependencies.every((tool) => new Set(tool.depends_on).size <= 1);
  return isChain && levels.every((group) => group.tools.length === 1) ? 'serial' : 'dag';
}

describe.each(folders)('plan-trace.json, $name', ({ name, folder, isWhole }) => {
  const vectors = readVectors<PlanVector>(folder, 'plan-trace.json');
  const tally = new Tally();
  afterAll(() => tally.print(`plan-trace.json, ${name}`));

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const rules = new Set<string>();
    const faults = structuralFaults(vector.input.dependencies);
    for (const strategy of ['parallel', 'serial', 'dag'] as const) {
      const ours = createExecutionPlanTrace(planOf(vector, strategy));
      const recorded = vector.expected.by_strategy[strategy].execution_plan_trace;
      if (isDeepStrictEqual(ours, recorded)) continue;
      const corrected = correctedTrace(vector, strategy);
      expect(ours).toEqual(corrected.trace);
      for (const rule of corrected.rules) rules.add(rule);
      for (const fault of faults) expect(ours.error).toContain(fault);
    }
    if (faults.size > 0) {
      expect(() => parsePlan(planOf(vector))).toThrow(PlanError);
      expect(() => inferStrategy(planOf(vector) as Plan)).toThrow(PlanError);
    } else {
      const strategy = inferStrategy(planOf(vector) as Plan);
      expect(createExecutionPlanTrace(planOf(vector)).strategy).toBe(strategy);
      if (strategy !== vector.expected.determined_strategy) {
        expect(strategy).toBe(correctedStrategy(vector));
        rules.add(
          strategy === 'dag'
            ? 'P2 tools that may run together make a plan dag'
            : strategy === 'serial'
              ? 'P3 a dependency that is named twice is one'
              : 'P9 an empty plan is parallel: it has no dependencies',
        );
      }
    }
    if (rules.size > 0) tally.correct([...rules]);
    else tally.followed += 1;
  });

  it('looks at all of them', () => {
    expect(tally.total).toBe(vectors.length);
    if (isWhole) expect(vectors.length).toBeGreaterThanOrEqual(355);
  });
});

// ---- resolve.json ----

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

interface ResolveVector {
  readonly name: string;
  readonly input: {
    readonly function: 'resolve_mapping' | 'resolve_path' | 'merge_params';
    readonly output_mapping?: Readonly<Record<string, unknown>>;
    readonly path?: string;
    readonly parameters?: Readonly<Record<string, Json>>;
    readonly results: Readonly<Record<string, Json>>;
    readonly results_kind?: 'step_result' | 'plain';
  };
  readonly expected: {
    readonly value?: Json;
    readonly raises?: unknown;
    readonly non_json?: unknown;
    readonly quirks: readonly string[];
  };
}

/** A step of a path as the rules read it; `bad` makes the reference find nothing. */
type Step = { readonly key: string } | { readonly index: number } | 'every' | 'bad';

/** A value of a mapping in both notations, and what it means by the rules. */
interface Meaning {
  /** In our notation. */
  readonly text: string;
  readonly literal?: string;
  readonly tool?: string;
  readonly steps?: readonly Step[];
}

/**
 * Reads the original's notation (keys between dots, an index in brackets after a key) by our rules.
 *
 * @param isWrapped whether results are what a tool returned, so that `data` stands between the tool and the path
 */
function read(path: string, { isWrapped, hasWildcards }: { isWrapped: boolean; hasWildcards: boolean }): Meaning {
  const [tool, ...segments] = path.split('.') as [string, ...string[]];
  const steps: Step[] = [];
  let text = `{${plain(tool) ? tool : `[${JSON.stringify(tool)}]`}`;
  if (isWrapped || segments.length === 0) {
    steps.push({ key: 'data' });
    text += '.data';
  }
  for (const segment of segments) {
    const [, key, indexes] = /^([^[\]]*)((?:\[[^[\]]*\])+)$/.exec(segment) ?? [];
    if (segment === '*' && hasWildcards) {
      steps.push('every');
      text += '[*]';
    } else if (key !== undefined && indexes !== undefined) {
      if (key !== '') steps.push({ key });
      text += `.${key}${indexes}`;
      for (const [, index] of indexes.matchAll(/\[([^[\]]*)\]/g) as Iterable<[string, string]>) {
        steps.push(/^[0-9]+$/.test(index) ? { index: Number(index) } : index === '*' ? 'every' : 'bad');
      }
    } else if (plain(segment)) {
      steps.push({ key: segment });
      text += `.${segment}`;
    } else if (/[[\]]/.test(segment) || (segment === '*' && !hasWildcards)) {
      steps.push('bad');
      text += `.${segment}`;
    } else {
      steps.push({ key: segment });
      text += `[${JSON.stringify(segment)}]`;
    }
  }
  return { text: `${text}}`, tool, steps };
}

function plain(key: string): boolean {
  return key !== '*' && /^[^.[\]{}"]+$/.test(key);
}

const MISSING = Symbol('missing');

/** The rules for a value, over JSON. */
function walk(value: Json | undefined, steps: readonly Step[]): Json | typeof MISSING {
  if (value === undefined) return MISSING;
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (step === 'bad' || typeof value !== 'object' || value === null) return MISSING;
  if (step === 'every') {
    if (!isList(value)) return MISSING;
    const values = value.map((element) => walk(element, rest));
    if (values.length > 0 && values.every((found) => found === MISSING)) return MISSING;
    return values.map((found) => (found === MISSING ? null : found));
  }
  if ('index' in step) return isList(value) ? walk(value[step.index], rest) : MISSING;
  return !isList(value) && Object.hasOwn(value, step.key) ? walk(value[step.key], rest) : MISSING;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether the results of a mapper vector are `{ success, data, error }`; else they are what tools returned. */
function areEnvelopes(results: Readonly<Record<string, Json>>): boolean {
  return Object.values(results).every(
    (result) => result !== null && typeof result === 'object' && !isList(result) && 'data' in result,
  );
}

function meaningOf({ input, expected }: ResolveVector, written: string): Meaning {
  const isMapper = input.function === 'resolve_mapping';
  const isBraced = written.length > 1 && written.startsWith('{') && written.endsWith('}');
  const isLiteral =
    expected.quirks.includes('literal-never-applied-by-executor') || (isMapper && !isBraced) || written.startsWith('{');
  if (isBraced && (isMapper || written.startsWith('{'))) {
    const inside = written.slice(1, -1);
    const isWrapped = isMapper && !areEnvelopes(input.results);
    const meaning = read(inside, { isWrapped, hasWildcards: false });
    if (isWrapped) return meaning;
    const isSound = inside !== '' && inside.split('.').every((key) => key !== '' && !/[{}"]/.test(key));
    const isTool = inside.split('.').length === 1 || /^(data|success|error)(\[|$)/.test(inside.split('.')[1]!);
    const hasPlainTool = plain(inside.split('.')[0]!);
    return { ...meaning, text: written, ...(isSound && isTool && hasPlainTool ? {} : { steps: ['bad'] }) };
  }
  if (isLiteral) return { text: written, literal: written };
  const segments = written.split('.');
  const path = input.results_kind === 'step_result' && segments[1] === 'data' ? segments.toSpliced(1, 1) : segments;
  return read(path.join('.'), { isWrapped: true, hasWildcards: true });
}

function sourceOf({ input }: ResolveVector): ReferenceSource {
  const isEnvelope =
    input.function === 'resolve_mapping' ? areEnvelopes(input.results) : input.results_kind !== 'plain';
  return {
    input: undefined,
    result(toolId) {
      if (!Object.hasOwn(input.results, toolId)) return undefined;
      const result = input.results[toolId];
      return isEnvelope ? (result as unknown as StepData) : { success: true, data: result };
    },
  };
}

function mean(vector: ResolveVector, { literal, tool, steps }: Meaning): Json | typeof MISSING {
  if (literal !== undefined) return literal;
  const result = sourceOf(vector).result(tool!);
  return result === undefined ? MISSING : walk(result as unknown as Json, steps!);
}

/** The rules, first match first: what a vector that is not followed is listed under. */
const RULES: readonly (readonly [string, (vector: ResolveVector, written: string) => boolean])[] = [
  ['R1 braces are the one notation, and literals are set', has('braced-reference-never-applied-by-executor')],
  ['R1 braces are the one notation, and literals are set', has('literal-never-applied-by-executor')],
  [
    'R1 {tool} alone is its data',
    ({ input }, text) => input.function === 'resolve_mapping' && /^\{[^.]*\}$/.test(text),
  ],
  ['R2 negative indexes are refused', has('negative-index')],
  ['R2 a bad reference finds nothing, the others stay', has('bad-reference-raises')],
  ['R3 [n] indexes arrays only', has('index-ignored-on-non-list')],
  ['R3 the key before an index counts', has('key-ignored-when-indexing-a-list')],
  ['R3 an index is decimal digits', has('python-int-syntax')],
  ['R2-R8 [0][1] indexes twice', has('double-index')],
  ['R5 what follows an index must be a key or an index', has('text-after-index-ignored')],
  ['R5 what follows an index must be a key or an index', (_, text) => text.includes(']]')],
  ['R5 every key can be indexed', has('only-word-keys-can-be-indexed')],
  ['R6 own data only: keys win, prototypes and methods are out of reach', has('attribute-shadows-key')],
  ['R6 own data only: keys win, prototypes and methods are out of reach', (_, text) => /\.(items|keys)\[/.test(text)],
  [
    'R8 [*] maps, keeps nulls in place, can be nested and indexed',
    ({ input }, text) => input.function !== 'resolve_mapping' && /\.\*(\.|$)/.test(text),
  ],
  ['R4 * alone is neither a key nor a wildcard: [*] or ["*"]', has('mapper-has-no-wildcard')],
  ['R9 null is a value', has('null-cannot-override')],
  [
    'R9 null is a value',
    (vector, text) => vector.input.function === 'merge_params' && mean(vector, meaningOf(vector, text)) === null,
  ],
  [
    'R5 a list that a tool returned can be indexed',
    ({ input }, text) => input.function !== 'resolve_mapping' && /\[/.test(text),
  ],
  [
    'R3 [n] indexes arrays only',
    ({ input }, text) => input.function === 'resolve_mapping' && /^\{[^.]+\..*\[[0-9]+\]/.test(text),
  ],
  [
    'R10 empty, braced and bracketed keys are quoted',
    ({ input }, text) => input.function === 'resolve_mapping' && /^\{\.|^\{[^.]*\[|\{.*[{}].*\}/.test(text),
  ],
];

function has(quirk: string): (vector: ResolveVector) => boolean {
  return ({ expected }) => expected.quirks.includes(quirk);
}

describe.each(folders)('resolve.json, $name', ({ name, folder, isWhole }) => {
  const vectors = readVectors<ResolveVector>(folder, 'resolve.json');
  const tally = new Tally();
  afterAll(() => tally.print(`resolve.json, ${name}`));

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const { input, expected } = vector;
    const isPath = input.function === 'resolve_path';
    const written = isPath ? { value: input.path } : (input.output_mapping ?? {});
    if (!Object.values(written).every((text) => typeof text === 'string')) {
      expect(issuesOf({ tools: [{ tool_id: 'a', output_mapping: written }] })).toEqual([
        'tools[0].output_mapping.value',
      ]);
      tally.correct(['R2 what is no text is refused when the plan is parsed']);
      return;
    }
    const meanings = Object.entries(written as Record<string, string>).map(
      ([field, text]) => [field, meaningOf(vector, text)] as const,
    );
    const compiled = compileMapping(Object.fromEntries(meanings.map(([field, { text }]) => [field, text])));
    const ours = resolveMapping(compiled, input.parameters ?? {}, sourceOf(vector)).params;

    const wanted = Object.fromEntries([
      ...Object.entries(input.parameters ?? {}),
      ...meanings.flatMap(([field, meaning]) => {
        const value = mean(vector, meaning);
        return value === MISSING ? [] : [[field, value] as const];
      }),
    ]);
    expect(ours).toEqual(wanted);

    // To the original a missing value and null are the same thing.
    const nulls = input.function === 'merge_params' ? [] : Object.keys(written).map((field) => [field, null] as const);
    const answer = Object.fromEntries([...nulls, ...Object.entries(ours)]);
    const recorded = 'value' in expected ? (isPath ? { value: expected.value } : expected.value) : undefined;
    if (isDeepStrictEqual(answer, recorded)) {
      tally.followed += 1;
      return;
    }
    const rule = RULES.find(([, applies]) => Object.values(written).some((text) => applies(vector, text as string)));
    expect(rule, `${JSON.stringify(written)}: ${JSON.stringify(answer)} is not what was recorded`).toBeDefined();
    tally.correct([rule![0]]);
  });

  it('looks at all of them', () => {
    expect(tally.total).toBe(vectors.length);
    if (isWhole) expect(vectors.length).toBeGreaterThanOrEqual(752);
  });
});

function issuesOf(plan: unknown): string[] {
  try {
    parsePlan(plan);
    return [];
  } catch (error) {
    return PlanError.isInstance(error) ? error.issues.map((issue) => issue.path) : ['not a PlanError'];
  }
}

function readVectors<Vector>(folder: URL, file: string): Vector[] {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector[];
}
