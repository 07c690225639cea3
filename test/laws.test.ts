/** Laws that hold for every plan and every reference, by fast-check. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrchestraceError, PlanError } from '../src/errors.ts';
import { groupTools, inferStrategy } from '../src/groups.ts';
import { compileMapping, parseReference, resolveMapping, resolveReference } from '../src/mapping.ts';
import { createExecutionPlanTrace, type ExecutionPlanTrace } from '../src/plan-trace.ts';
import { type Plan, type PlanInput, parsePlan, PlanSchema } from '../src/plan.ts';

const names = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'length',
    '10',
    '9',
    '',
    ' ',
    'a.b',
    '[0]',
    '*',
    '🚀',
    '\uD800',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);

const ids = fc.uniqueArray(
  names.filter((id) => id !== '$input'),
  { maxLength: 12 },
);

/** Edges as positions: what each tool depends on, repeats included. */
function edgesOf(size: number, isAcyclic: boolean): fc.Arbitrary<number[][]> {
  if (size === 0) return fc.constant([]);
  return fc.tuple(
    ...Array.from({ length: size }, (_, i) => {
      const last = isAcyclic ? i - 1 : size - 1;
      return last < 0 ? fc.constant<number[]>([]) : fc.array(fc.nat(last), { maxLength: 3 });
    }),
  );
}

/** Plans of a sound structure, in a shuffled order of declaration. */
const soundPlans: fc.Arbitrary<PlanInput> = ids.chain((ids) =>
  fc
    .record({
      edges: edgesOf(ids.length, true),
      order: fc.shuffledSubarray(
        ids.map((_, i) => i),
        { minLength: ids.length },
      ),
      strategy: fc.constantFrom(undefined, 'serial' as const, 'dag' as const),
    })
    .map(({ edges, order, strategy }) => ({
      strategy,
      tools: order.map((i) => ({ tool_id: ids[i]!, depends_on: edges[i]!.map((need) => ids[need]!) })),
    })),
);

/** Plans with any edges between tools that are there. */
const anyPlans = ids.chain((ids) =>
  edgesOf(ids.length, false).map((edges) => ({
    tools: ids.map((tool_id, i) => ({ tool_id, depends_on: edges[i]!.map((need) => ids[need]!) })),
  })),
);

type Tools = readonly { readonly tool_id: string; readonly depends_on?: readonly string[] | undefined }[];

/** All that a tool depends on, directly or not, by walking the plan. */
function ancestors(tools: Tools, id: string): Set<string> {
  const found = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const need of tools.find((tool) => tool.tool_id === next)?.depends_on ?? []) {
      if (!found.has(need)) open.push(need);
      found.add(need);
    }
  }
  return found;
}

describe('groups', () => {
  it('partition the plan', () => {
    fc.assert(
      fc.property(soundPlans, (plan) => {
        const groups = groupTools(parsePlan(plan));
        expect(groups.flat().toSorted()).toEqual(plan.tools.map((tool) => tool.tool_id).toSorted());
        expect(groups.every((group) => group.length > 0)).toBe(true);
      }),
    );
  });

  it('hold no tool before its dependencies', () => {
    fc.assert(
      fc.property(soundPlans, (plan) => {
        const groups = groupTools(parsePlan(plan));
        const groupOf = new Map(groups.flatMap((group, i) => group.map((id) => [id, i] as const)));
        for (const { tool_id, depends_on = [] } of plan.tools) {
          for (const need of depends_on) expect(groupOf.get(need)).toBeLessThan(groupOf.get(tool_id)!);
        }
      }),
    );
  });

  it('of a dag come as early as they can, in the order of declaration', () => {
    fc.assert(
      fc.property(soundPlans, (plan) => {
        const groups = groupTools(parsePlan({ ...plan, strategy: 'dag' }));
        const place = new Map(plan.tools.map(({ tool_id }, i) => [tool_id, i]));
        groups.forEach((group, i) => {
          const places = group.map((id) => place.get(id)!);
          expect(places).toEqual(places.toSorted((a, b) => a - b));
          for (const at of i > 0 ? places : []) {
            expect(groups[i - 1]!.some((id) => plan.tools[at]!.depends_on!.includes(id))).toBe(true);
          }
        });
      }),
    );
  });

  it('of a serial plan hold one tool each', () => {
    fc.assert(
      fc.property(soundPlans, (plan) => {
        const groups = groupTools(parsePlan({ ...plan, strategy: 'serial' }));
        expect(groups.every((group) => group.length === 1)).toBe(true);
      }),
    );
  });

  it('are many exactly when the strategy is not parallel', () => {
    fc.assert(
      fc.property(soundPlans, (plan) => {
        const parsed = parsePlan({ tools: plan.tools });
        const strategy = inferStrategy(parsed);
        expect(strategy === 'parallel').toBe(groupTools(parsed).length <= 1);
        if (strategy === 'serial') expect(groupTools(parsed).every((group) => group.length === 1)).toBe(true);
      }),
    );
  });
});

describe('the execution plan trace', () => {
  it('survives serialising', () => {
    fc.assert(
      fc.property(soundPlans, fc.dictionary(names, fc.string()), (plan, output_mapping) => {
        const traced = createExecutionPlanTrace({
          ...plan,
          tools: plan.tools.map((tool) => ({ ...tool, output_mapping })),
        });
        expect(traced.error).toBeUndefined();
        expect(JSON.parse(JSON.stringify(traced))).toStrictEqual(traced);
      }),
    );
  });

  it('is complete, and the same of the parsed plan', () => {
    fc.assert(
      fc.property(soundPlans, (plan) => {
        const traced = createExecutionPlanTrace(parsePlan(plan));
        expect(createExecutionPlanTrace(plan)).toStrictEqual(traced);
        expect(traced.tool_ids).toEqual(plan.tools.map((tool) => tool.tool_id));
        expect(traced.total_tools).toBe(plan.tools.length);
        expect(traced.total_groups).toBe(traced.execution_groups.length);
        const groups = traced.execution_groups.map((group) => group.tools.map((tool) => tool.tool_id));
        expect(groups).toEqual(groupTools(parsePlan(plan)));
        for (const { tools, parallel_execution, group_index } of traced.execution_groups) {
          const needed = new Set(tools.flatMap((tool) => tool.depends_on));
          const dependency_groups = groups.flatMap((group, i) => (group.some((id) => needed.has(id)) ? [i] : []));
          expect(tools.map((tool) => tool.dependency_groups)).toEqual(tools.map(() => dependency_groups));
          expect(parallel_execution).toBe(tools.length > 1);
          expect(groups[group_index]).toEqual(tools.map((tool) => tool.tool_id));
        }
      }),
    );
  });
});

describe('parsePlan', () => {
  it('gives a plan that it takes again', () => {
    fc.assert(
      fc.property(soundPlans, (plan) => {
        const parsed = parsePlan(plan);
        expect(parsePlan(parsed)).toStrictEqual(parsed);
        expect(parsePlan(JSON.parse(JSON.stringify(parsed)))).toStrictEqual(parsed);
      }),
    );
  });

  it('refuses exactly the plans with a cycle, and names one that is there', () => {
    fc.assert(
      fc.property(anyPlans, (plan) => {
        const isCyclic = plan.tools.some(({ tool_id }) => ancestors(plan.tools, tool_id).has(tool_id));
        const error = errorOf(plan);
        expect(error !== undefined).toBe(isCyclic);
        error?.cycle?.forEach((id, i, cycle) => {
          const next = cycle[(i + 1) % cycle.length];
          expect(plan.tools.find(({ tool_id }) => tool_id === next)?.depends_on).toContain(id);
        });
      }),
    );
  });

  it('takes every plan whose edges that go back are named in loops', () => {
    fc.assert(
      fc.property(anyPlans, ({ tools }) => {
        const place = new Map(tools.map(({ tool_id }, i) => [tool_id, i]));
        const loops = tools.flatMap(({ tool_id, depends_on }, i) =>
          depends_on.filter((id) => place.get(id)! >= i).map((from) => ({ from, to: tool_id })),
        );
        const plan = parsePlan({ tools, loops });
        plan.tools.forEach(({ depends_on }, i) => {
          expect(depends_on).toEqual(tools[i]!.depends_on.filter((id) => place.get(id)! < i));
        });
      }),
    );
  });

  it('lets a tool read exactly what it depends on, directly or not', () => {
    fc.assert(
      fc.property(soundPlans, fc.nat(), fc.nat(), (plan, a, b) => {
        fc.pre(plan.tools.length > 0);
        const at = a % plan.tools.length;
        const source = plan.tools[b % plan.tools.length]!.tool_id;
        fc.pre(source.length < 40);
        const output_mapping = { x: `{[${JSON.stringify(source)}].data}` };
        const tools = plan.tools.map((tool, i) => (i === at ? { ...tool, output_mapping } : tool));
        const isThere = ancestors(plan.tools, plan.tools[at]!.tool_id).has(source);
        expect(errorOf({ ...plan, tools })?.issues.map(({ kind, path }) => [kind, path]) ?? []).toEqual(
          isThere ? [] : [['mapping', `tools[${at}].output_mapping.x`]],
        );
      }),
    );
  });

  it('ends quickly with a plan or a PlanError, whatever it is given', () => {
    fc.assert(
      fc.property(hostile(), (make) => {
        const input = make();
        const start = performance.now();
        const error = errorOf(input);
        const traced = (createExecutionPlanTrace as (plan: unknown) => ExecutionPlanTrace)(input);
        expect(performance.now() - start).toBeLessThan(1000);
        expect(JSON.parse(JSON.stringify(traced))).toEqual(traced);
        if (error) {
          expect(error.issues.length).toBeGreaterThan(0);
          expect(
            error.issues.every(({ message, kind }) => message !== '' && /^(shape|structure|mapping)$/.test(kind)),
          ).toBe(true);
        } else expect(traced.error).toBeUndefined();
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('takes what PlanSchema takes', () => {
    fc.assert(
      fc.property(fc.oneof(soundPlans, anyPlans, brokenPlans()), (plan) => {
        expect(PlanSchema.safeParse(plan).success).toBe(errorOf(plan) === undefined);
      }),
    );
  });
});

describe('a reference', () => {
  const steps = fc.array(fc.oneof(names, fc.nat(), fc.constant(-1)), { maxLength: 5 });
  const write = (head: string, rest: readonly (string | number)[]): string => {
    const written = rest.map((step) => (step === -1 ? '[*]' : `[${JSON.stringify(step)}]`));
    return `{[${JSON.stringify(head)}]["data"]${written.join('')}}`;
  };

  it('reads back as it was written', () => {
    fc.assert(
      fc.property(names, steps, (head, rest) => {
        const text = write(head, rest);
        fc.pre(text.length <= 256);
        expect(parseReference(text)).toEqual({ text, toolId: head, steps: ['data', ...rest] });
      }),
    );
  });

  it('is a reference, a literal, or refused: nothing else', () => {
    const texts = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('{', '}', '[', ']', '"', '.', '*', '\\', 'a', 'data', '0', '-1', '$input', ' '))
        .map((parts) => `{${parts.join('')}}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const isBraced = text.length > 1 && text.startsWith('{') && text.endsWith('}');
        try {
          expect(parseReference(text) !== undefined).toBe(isBraced);
        } catch (error) {
          expect(OrchestraceError.isInstance(error) && error.code === 'REFERENCE_INVALID').toBe(true);
        }
        expect(compileMapping({ x: text })).toHaveLength(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('never reads a prototype and never runs a getter', () => {
    let runs = 0;
    const getter = { configurable: true, enumerable: true, get: () => (runs += 1) };
    /** JSON with every object standing on a prototype that has all names, and a getter beside each key. */
    const arm = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(arm);
      if (typeof value !== 'object' || value === null) return value;
      const traps = Object.defineProperties({}, { inherited: getter, toString: getter, x: getter, a: getter });
      const armed: object = Object.defineProperty(Object.create(traps), 'trap', getter);
      for (const [key, inner] of Object.entries(value)) {
        Object.defineProperty(armed, key, { value: arm(inner), enumerable: true, configurable: true, writable: true });
      }
      return armed;
    };
    const keys = fc.constantFrom('a', 'b', 'x', 'trap', 'inherited', 'toString', 'constructor', '__proto__', 'length');
    const paths = fc.array(fc.oneof(keys, fc.nat(2), fc.constant(-1)), { maxLength: 4 });
    const values = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, 0, 'text', true),
        fc.dictionary(
          keys.filter((key) => key !== 'trap'),
          tie('value'),
          { maxKeys: 3, noNullPrototype: true },
        ),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(values, paths, (data, path) => {
        const reference = parseReference(write('a', path))!;
        const armed = arm(data);
        const found = resolveReference(reference, { input: undefined, result: () => ({ success: true, data: armed }) });
        const wanted = walk(data, path);
        expect(found.found).toBe(wanted !== MISSING);
        if (found.found) expect(JSON.stringify(strip(found.value))).toBe(JSON.stringify(wanted));
        const { params } = resolveMapping(
          compileMapping({ ['__proto__']: reference.text, y: reference.text }),
          {},
          {
            input: undefined,
            result: () => ({ success: true, data: armed }),
          },
        );
        expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
        expect(runs).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });
});

const MISSING = Symbol('missing');

function walk(value: unknown, [step, ...rest]: readonly (string | number)[]): unknown {
  if (step === undefined) return value;
  if (step === -1) {
    if (!Array.isArray(value)) return MISSING;
    const found = value.map((element) => walk(element, rest));
    const isNothing = found.length > 0 && found.every((element) => element === MISSING);
    return isNothing ? MISSING : found.map((element) => (element === MISSING ? null : element));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== (typeof step === 'number'))
    return MISSING;
  return Object.hasOwn(value, step) ? walk((value as Record<string | number, unknown>)[step], rest) : MISSING;
}

/** Armed data as JSON again: own data properties only. */
function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== 'object' || value === null) return value;
  const data = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(([, property]) => 'value' in property);
  return Object.fromEntries(data.map(([key, { value }]) => [key, strip(value)]));
}

/** Plans with something wrong in them, or not. */
function brokenPlans(): fc.Arbitrary<unknown> {
  const value = fc.oneof(
    fc.constantFrom(undefined, null, 0, -1, 1.5, '', 'a', 'dag', '{a.data}', '{a..b}', '{$input.x}'),
    fc.anything(),
  );
  const few = fc.constantFrom('a', 'b', 'c', 'A', 'ghost', '__proto__', '$input');
  const tool = fc.record(
    {
      tool_id: fc.oneof({ weight: 6, arbitrary: few }, value),
      depends_on: fc.oneof({ weight: 6, arbitrary: fc.array(few, { maxLength: 3 }) }, value),
      dependsOn: value,
      output_mapping: fc.oneof(fc.dictionary(names, value), value),
      params: value,
      timeout_ms: value,
      retry: fc.oneof(fc.record({ max_attempts: value, backoff_ms: value }, { requiredKeys: [] }), value),
      condition: fc.oneof(fc.record({ ref: value, op: value, value }, { requiredKeys: [] }), value),
      join: value,
    },
    { requiredKeys: ['tool_id'] },
  );
  const loops = fc.array(fc.oneof(fc.record({ from: few, to: few }), value), { maxLength: 3 });
  return fc.record(
    {
      name: value,
      strategy: value,
      tools: fc.array(fc.oneof({ weight: 6, arbitrary: tool }, value), { maxLength: 5 }),
      loops: fc.oneof(loops, value),
    },
    { requiredKeys: ['tools'] },
  );
}

/** Makes what a caller without types could pass; a function, because fast-check itself would touch a proxy. */
function hostile(): fc.Arbitrary<() => unknown> {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  const traps = fc.constantFrom('get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor');
  const plans = fc.oneof(brokenPlans(), soundPlans);
  return fc.oneof(
    anything.map((value) => () => value),
    brokenPlans().map((plan) => () => plan),
    fc.tuple(plans, traps).map(
      ([plan, trap]) =>
        () =>
          throwing(plan, trap),
    ),
    fc.tuple(soundPlans, traps).map(([plan, trap]) => () => ({
      tools: plan.tools.map((tool) => throwing(tool, trap)),
    })),
  );
}

/** A proxy that throws when it is asked in one way. */
function throwing(value: unknown, trap: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const fail = (): never => {
    throw new Error(trap);
  };
  return new Proxy(value, { [trap]: fail });
}

function errorOf(plan: unknown): PlanError | undefined {
  try {
    parsePlan(plan) satisfies Plan;
    return undefined;
  } catch (error) {
    if (PlanError.isInstance(error)) return error;
    throw error;
  }
}
