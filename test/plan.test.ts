import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PlanError } from '../src/errors.ts';
import { parsePlan, type PlanInput, PlanSchema } from '../src/plan.ts';

/** The faults of a plan, a line each. */
function faultsOf(plan: unknown): string[] {
  const error = errorOf(plan);
  return error.issues.map(({ kind, path, message }) => `${kind} ${path}: ${message}`);
}

function errorOf(plan: unknown): PlanError {
  try {
    parsePlan(plan);
  } catch (error) {
    if (PlanError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('the plan was not refused');
}

/** Tools by id, each with what it depends on: `a`, or `b: a c`. */
function tools(...lines: readonly string[]): { tool_id: string; depends_on: string[] }[] {
  return lines.map((line) => {
    const [tool_id = '', ids = ''] = line.split(': ');
    return { tool_id, depends_on: ids.split(' ').filter((id) => id !== '') };
  });
}

const overview = {
  name: 'ci-overview',
  strategy: 'dag',
  tools: [
    { tool_id: 'primary', tool_type: 'ci_lookup', params: { keywords: ['web'] } },
    { tool_id: 'secondary', tool_type: 'ci_lookup', output_mapping: { keywords: '{$input.keywords}' } },
    {
      tool_id: 'aggregate',
      tool_type: 'ci_aggregate',
      depends_on: ['primary', 'secondary'],
      output_mapping: { ci_type_filter: '{primary.data.rows[0].ci_type}' },
      params: { group_by: ['status'] },
      timeout_ms: 5000,
      retry: { max_attempts: 3, backoff_ms: 200 },
      condition: { ref: '{primary.data.rows[0]}', op: 'exists' },
      join: 'any',
    },
  ],
} as const satisfies PlanInput;

describe('a plan that is right', () => {
  it('keeps all that it says', () => {
    const [primary, secondary, aggregate] = overview.tools;
    expect(parsePlan(overview)).toStrictEqual({
      ...overview,
      tools: [
        { ...primary, depends_on: [], output_mapping: {} },
        { ...secondary, depends_on: [], params: {} },
        aggregate,
      ],
    });
  });

  it('needs nothing but the ids of its tools', () => {
    expect(parsePlan({ tools: [{ tool_id: 'a' }] })).toStrictEqual({
      tools: [{ tool_id: 'a', tool_type: 'unknown', depends_on: [], output_mapping: {}, params: {} }],
    });
  });

  it('may be empty', () => {
    expect(parsePlan({ tools: [] })).toStrictEqual({ tools: [] });
  });

  it('takes undefined for what is not given', () => {
    const plan = parsePlan({ name: undefined, strategy: undefined, tools: [{ tool_id: 'a', timeout_ms: undefined }] });
    expect(plan).not.toHaveProperty('name');
    expect(plan.tools[0]).not.toHaveProperty('timeout_ms');
  });

  it('is copied, so that its author may go on with it', () => {
    const ids = ['a'];
    const input = { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ids, output_mapping: { x: 'y' } }] };
    const plan = parsePlan(Object.freeze(input));
    ids.push('nobody');
    expect(plan.tools[1]?.depends_on).toEqual(['a']);
    expect(plan.tools[1]?.output_mapping).not.toBe(input.tools[1]?.output_mapping);
    expect(input.tools[0]).toStrictEqual({ tool_id: 'a' });
  });

  it('leaves out keys that a plan does not know, and leaves them in the input', () => {
    const input = { id: 7, tools: [{ tool_id: 'a', description: 'x', retry: { max_attempts: 1, why: 'x' } }] };
    expect(parsePlan(input)).toStrictEqual({
      tools: [
        {
          tool_id: 'a',
          tool_type: 'unknown',
          depends_on: [],
          output_mapping: {},
          params: {},
          retry: { max_attempts: 1 },
        },
      ],
    });
    expect(input.tools[0]?.description).toBe('x');
  });

  it.each(['', ' ', '__proto__', 'constructor', '10', '../x', '<b>', '\u001B[31m', '\u0000', '\uD800', '🚀', 'x.y'])(
    'may name a tool %j',
    (id) => {
      const plan = parsePlan({
        tools: [
          { tool_id: id },
          { tool_id: 'after', depends_on: [id], output_mapping: { x: `{[${JSON.stringify(id)}].data}` } },
        ],
      });
      expect(plan.tools.map((tool) => tool.tool_id)).toEqual([id, 'after']);
      expect(plan.tools[1]?.depends_on).toEqual([id]);
    },
  );

  it('keeps a key named __proto__ as a key', () => {
    const text = '{"tools":[{"tool_id":"a","output_mapping":{"__proto__":"x"},"params":{"__proto__":{"polluted":1}}}]}';
    const [tool] = parsePlan(JSON.parse(text)).tools;
    expect(Object.entries(tool!.output_mapping)).toEqual([['__proto__', 'x']]);
    expect(Object.entries(tool!.params)).toEqual([['__proto__', { polluted: 1 }]]);
    expect(Object.getPrototypeOf(tool!.params)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('edges that go back', () => {
  const loop = { tools: tools('think: act', 'act: think'), loops: [{ from: 'act', to: 'think' }] };

  it('are no dependencies when they are named in loops', () => {
    const plan = parsePlan(loop);
    expect(plan.tools.map((tool) => tool.depends_on)).toEqual([[], ['think']]);
    expect(plan.loops).toEqual([{ from: 'act', to: 'think' }]);
    expect(loop.tools[0]?.depends_on).toEqual(['act']);
  });

  it('let a tool read what the pass before left', () => {
    const [think, act] = loop.tools;
    const reading = { ...think, output_mapping: { seen: '{act.data}', own: '{think.data}' } };
    expect(() => parsePlan({ ...loop, tools: [reading, act] })).not.toThrow();
    expect(faultsOf({ tools: [{ ...reading, depends_on: [] }, act] })).toHaveLength(2);
  });

  it('are refused when they name no tool', () => {
    expect(faultsOf({ ...loop, loops: [...loop.loops, { from: 'Act', to: 'nobody' }] })).toEqual([
      'structure loops[1].from: there is no tool "Act"; did you mean "act"?',
      'structure loops[1].to: there is no tool "nobody"; name a tool of this plan',
    ]);
  });

  it('do not shift the paths of other faults', () => {
    const plan = { tools: tools('think: act nobody', 'act: think'), loops: loop.loops };
    expect(errorOf(plan).issues.map(({ path }) => path)).toEqual(['tools[0].depends_on[1]']);
  });
});

describe('a plan that is wrong', () => {
  it('is refused with every fault at once, in its order', () => {
    const faults = faultsOf({
      Name: 'x',
      strategy: 'DAG',
      tools: [
        { tool_id: 'a', depends_on: ['b', 'ghost'] },
        { tool_id: 'b', depends_on: ['a'] },
        { tool_id: 'c', dependsOn: ['a'], output_mapping: { q: '{nobody.data}', r: '{a.data}', s: '{a..b}', t: 5 } },
        { tool_id: 'a', timeout_ms: 0, retry: { max_attempts: 1.5, maxAttempts: 3 } },
        { tool_id: 'd', depends_on: ['d'], condition: { ref: 'a', op: '==' }, join: 'ANY' },
      ],
      loops: [{ from: 'a', to: 'zz' }],
    });
    expect(faults).toMatchInlineSnapshot(`
      [
        "structure strategy: expected one of "parallel", "serial", "dag", got "DAG"; did you mean "dag"?",
        "shape Name: unknown key; did you mean name?",
        "structure tools[0].depends_on[1]: there is no tool "ghost"; add it to tools, or take it out",
        "structure tools[0].depends_on[0]: cycle: "a" > "b" > "a"; take one of these dependencies out, or, if it is meant, name the edge in loops: { "from": "b", "to": "a" }",
        "shape tools[2].output_mapping.t: expected a reference in braces or a text, got 5; other values belong in params",
        "shape tools[2].dependsOn: unknown key; did you mean depends_on?",
        "mapping tools[2].output_mapping.q: there is no tool "nobody"; name a tool of this plan, or $input for the input of the run",
        "mapping tools[2].output_mapping.s: reference {a..b}: at position 3, expected a key; an empty one is written [""]",
        "mapping tools[2].output_mapping.r: the result of "a" may not be there yet, because this tool does not depend on it; add it to depends_on",
        "shape tools[3].timeout_ms: expected more than 0 ms, got 0",
        "shape tools[3].retry.max_attempts: expected a whole number, got 1.5",
        "shape tools[3].retry.maxAttempts: unknown key; did you mean max_attempts?",
        "structure tools[3].tool_id: duplicate of "a" in tools[0]; give each its own",
        "shape tools[4].join: expected one of "all", "any", got "ANY"; did you mean "any"?",
        "shape tools[4].condition.value: expected what "==" compares with, got nothing",
        "structure tools[4].depends_on[0]: "d" depends on itself; take it out, or, if it is meant, name the edge in loops",
        "mapping tools[4].condition.ref: expected a reference in braces, got "a"",
        "structure loops[0].to: there is no tool "zz"; name a tool of this plan",
      ]
    `);
  });

  it('is refused although other parts have the wrong shape', () => {
    expect(
      faultsOf({ tools: [null, { tool_id: 'a', depends_on: 'b' }, { tool_id: 'b', depends_on: ['b', 7] }] }),
    ).toEqual([
      'shape tools[0]: expected a tool such as { "tool_id": "primary" }, got null',
      'shape tools[1].depends_on: expected an array of tool ids, got "b"',
      'shape tools[2].depends_on[1]: expected a string, got 7',
      'structure tools[2].depends_on[0]: "b" depends on itself; take it out, or, if it is meant, name the edge in loops',
    ]);
  });

  it('does not call an id unknown that may be the one that is missing', () => {
    expect(faultsOf({ tools: [{}, { tool_id: 'b', depends_on: ['a'], output_mapping: { x: '{a.data}' } }] })).toEqual([
      'shape tools[0].tool_id: expected a string that names the tool, got nothing',
    ]);
  });

  it.each([
    ['JSON text', '{"tools":[]}', '; parse JSON text first'],
    ['nothing', undefined, 'got nothing'],
    ['null', null, 'got null'],
    ['an array', [], 'got an array'],
    ['a number', 7, 'got 7'],
    ['a function', parsePlan, 'got a function'],
    ['no tools', {}, 'expected an array of tools, got nothing'],
  ])('is refused: %s', (_, plan, message) => {
    expect(errorOf(plan).message).toContain(message);
  });

  it.each(['dependsOn', 'depends-on', 'DEPENDS_ON', 'dependson'])('says what was meant by %s', (key) => {
    expect(faultsOf({ tools: [{ tool_id: 'a', [key]: [] }] })).toEqual([
      `shape tools[0]${key === 'depends-on' ? '["depends-on"]' : `.${key}`}: unknown key; did you mean depends_on?`,
    ]);
  });

  it.each([
    [{ timeout_ms: -1 }, 'timeout_ms: expected more than 0 ms, got -1'],
    [{ timeout_ms: Number.NaN }, 'timeout_ms: expected a number of milliseconds, got NaN'],
    [{ timeout_ms: 2 ** 31 }, 'timeout_ms: expected at most 2147483647 ms, got 2147483648'],
    [{ retry: { max_attempts: 0 } }, 'retry.max_attempts: expected at least 1, got 0'],
    [{ retry: { max_attempts: 2, backoff_ms: -5 } }, 'retry.backoff_ms: expected at least 0 ms, got -5'],
    [{ params: [] }, 'params: expected an object of default parameters, got an array'],
    [{ params: new Map() }, 'params: expected an object of default parameters, got an object'],
    [
      { output_mapping: { 'a b': 5 } },
      'output_mapping["a b"]: expected a reference in braces or a text, got 5; other values',
    ],
    [{ condition: { ref: '{$input.x}', op: '=' } }, 'condition.op: expected one of "exists", "not_exists", "==",'],
    [{ condition: { ref: '{$input.x}', op: '<' } }, 'condition.value: expected what "<" compares with, got nothing'],
    [{ condition: { ref: 'x', op: 'exists' } }, 'condition.ref: expected a reference in braces, got "x"'],
  ])('is refused: %j', (more, message) => {
    expect(faultsOf({ tools: [{ tool_id: 'a', ...more }] }).join('\n')).toContain(`tools[0].${message}`);
  });
});

describe('cycles', () => {
  it('are named in run order from the tool that is declared first, with the edge for loops', () => {
    const error = errorOf({ tools: tools('root', 'a: c root', 'b: a', 'c: b', 'tail: c') });
    expect(error.code).toBe('PLAN_CYCLE');
    expect(error.cycle).toEqual(['a', 'b', 'c']);
    expect(error.message).toBe(
      'invalid plan: tools[1].depends_on[0]: cycle: "a" > "b" > "c" > "a"; take one of these dependencies out, or, ' +
        'if it is meant, name the edge in loops: { "from": "c", "to": "a" }',
    );
    const loops = [{ from: 'c', to: 'a' }];
    expect(() => parsePlan({ tools: tools('root', 'a: c root', 'b: a', 'c: b', 'tail: c'), loops })).not.toThrow();
  });

  it('are named knot by knot, also where one leads to another', () => {
    const paths = errorOf({ tools: tools('a: x b', 'b: a', 'x: y', 'y: x', 'z: z') }).issues.map(({ path }) => path);
    expect(paths).toEqual(['tools[0].depends_on[1]', 'tools[2].depends_on[0]', 'tools[4].depends_on[0]']);
  });

  it('are named once a knot, however many run through it', () => {
    const ids = ['a', 'b', 'c'];
    const error = errorOf({
      tools: ids.map((tool_id) => ({ tool_id, depends_on: ids.filter((id) => id !== tool_id) })),
    });
    expect(error.issues).toHaveLength(1);
  });

  it('of 100,000 tools are named by their ends', () => {
    const size = 100_000;
    const round = Array.from({ length: size }, (_, i) => `t${i}: t${(i + size - 1) % size}`);
    const error = errorOf({ tools: tools(...round) });
    expect(error.cycle).toHaveLength(size);
    expect(error.message).toContain('"t7" > (99990 more) > "t99998" > "t99999" > "t0"');
    expect(error.message.length).toBeLessThan(500);
  });

  it('of eleven tools are named in full', () => {
    const round = Array.from({ length: 11 }, (_, i) => `t${i}: t${(i + 10) % 11}`);
    expect(errorOf({ tools: tools(...round) }).message).toContain(
      '"t0" > "t1" > "t2" > "t3" > "t4" > "t5" > "t6" > "t7" > (1 more) > "t9"',
    );
  });
});

describe('a parallel plan with dependencies', () => {
  it('is refused with the strategy that it needs', () => {
    expect(faultsOf({ strategy: 'parallel', tools: tools('a', 'b: a', 'c: b') })).toEqual([
      'structure strategy: a parallel plan has no dependencies, but tools[1] has; use "dag"',
    ]);
  });

  it('is accepted when the only ones are edges that go back', () => {
    const plan = { strategy: 'parallel', tools: tools('a: a'), loops: [{ from: 'a', to: 'a' }] };
    expect(parsePlan(plan).tools[0]?.depends_on).toEqual([]);
  });
});

describe('references of a plan', () => {
  const reading = (id: string, source: string, ...depends_on: string[]): object => {
    return { tool_id: id, depends_on, output_mapping: { x: `{${source}.data}` } };
  };

  it('may name direct and indirect dependencies', () => {
    expect(() => parsePlan({ tools: [...tools('a', 'b: a', 'c: b'), reading('d', 'a', 'c')] })).not.toThrow();
  });

  it('must not name a tool whose result may not be there yet', () => {
    const fault =
      'mapping tools[2].output_mapping.x: the result of "b" may not be there yet, because this tool does not depend on it; ';
    expect(faultsOf({ tools: [...tools('a', 'b'), reading('c', 'b', 'a')] })).toEqual([`${fault}add it to depends_on`]);
    expect(faultsOf({ strategy: 'parallel', tools: [...tools('a', 'b'), reading('c', 'b')] })).toEqual([
      `${fault}use "dag", and add it to depends_on`,
    ]);
  });

  it('must not name the tool itself, or one that comes after it', () => {
    expect(faultsOf({ tools: [reading('a', 'a'), reading('b', 'c'), ...tools('c: b')] })).toEqual([
      'mapping tools[0].output_mapping.x: "a" reads its own result, which is not there yet; take it out, or name the edge back to it in loops',
      'mapping tools[1].output_mapping.x: the result of "c" may not be there yet, because this tool does not depend on it; add it to depends_on',
    ]);
  });

  it('must not name what is not there', () => {
    expect(faultsOf({ tools: [...tools('ci_lookup'), reading('a', 'ciLookup'), reading('b', 'nobody')] })).toEqual([
      'mapping tools[1].output_mapping.x: there is no tool "ciLookup"; did you mean "ci_lookup"?',
      'mapping tools[2].output_mapping.x: there is no tool "nobody"; name a tool of this plan, or $input for the input of the run',
    ]);
  });

  it('are not held against a tool whose dependencies are misspelt', () => {
    expect(faultsOf({ tools: [...tools('ci_lookup'), reading('a', 'ci_lookup', 'ciLookup')] })).toEqual([
      'structure tools[1].depends_on[0]: there is no tool "ciLookup"; did you mean "ci_lookup"?',
    ]);
  });

  it('stand in conditions too', () => {
    const condition = { ref: '{b.data}', op: 'exists' };
    expect(errorOf({ tools: [...tools('b'), { tool_id: 'a', condition }] }).issues[0]?.path).toBe(
      'tools[1].condition.ref',
    );
  });

  it('leave $input to the input of the run', () => {
    expect(faultsOf({ tools: tools('$input') })[0]).toContain('mapping tools[0].tool_id: $input stands for the input');
  });

  it('are checked far away in a long chain, in no more than linear time', () => {
    const size = 20_000;
    const chain = Array.from({ length: size }, (_, i) =>
      reading(`t${i}`, i === 0 ? '$input' : 't0', ...(i === 0 ? [] : [`t${i - 1}`])),
    );
    expect(() => parsePlan({ tools: chain })).not.toThrow();
    const backwards = chain.map((tool, i) =>
      i === 5 ? { ...tool, output_mapping: { x: `{t${size - 1}.data}` } } : tool,
    );
    expect(errorOf({ tools: backwards }).issues.map(({ path }) => path)).toEqual(['tools[5].output_mapping.x']);
  });
});

describe('hostile input', () => {
  it.each<readonly [string, () => unknown]>([
    [
      'a getter that throws',
      () => ({
        get tools() {
          throw new Error('no');
        },
      }),
    ],
    [
      'a getter in a tool that throws null',
      () => ({
        tools: [
          {
            get tool_id() {
              throw null;
            },
          },
        ],
      }),
    ],
    ['a revoked proxy', () => revoked()],
    ['a revoked proxy for a tool', () => ({ tools: [revoked()] })],
    ['a sparse array of four billion', () => ({ tools: new Array(4_000_000_000) })],
    ['a sparse list of dependencies', () => ({ tools: [{ tool_id: 'a', depends_on: new Array(4_000_000_000) }] })],
    ['100,000 braces', () => ({ tools: [{ tool_id: 'a', output_mapping: { x: '{'.repeat(1e5) + '}'.repeat(1e5) } }] })],
    ['ids of a megabyte', () => ({ tools: tools(`${'a'.repeat(1e6)}: ${'b'.repeat(1e6)}`) })],
    ['100,000 levels', () => nested(100_000)],
  ])('ends quickly with a PlanError: %s', (_, make) => {
    const plan = make();
    const start = performance.now();
    const error = errorOf(plan);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(error.message.length).toBeLessThan(1000);
  });

  it('may be deep where a plan is free', () => {
    expect(() => parsePlan({ tools: [{ tool_id: 'a', params: nested(100_000) }] })).not.toThrow();
  });

  it('may be a chain of 100,000 tools, in either order', () => {
    const chain = Array.from({ length: 100_000 }, (_, i) => (i === 0 ? 't0' : `t${i}: t${i - 1}`));
    expect(parsePlan({ tools: tools(...chain) }).tools).toHaveLength(100_000);
    expect(parsePlan({ tools: tools(...chain.toReversed()) }).tools).toHaveLength(100_000);
  });
});

describe('PlanSchema', () => {
  it('can be a part of another schema', () => {
    const Request = z.object({ plan: PlanSchema });
    expect(Request.parse({ plan: { tools: [{ tool_id: 'a' }] } }).plan.tools[0]?.tool_type).toBe('unknown');
    const { error } = Request.safeParse({ plan: { tools: tools('a: b') } });
    expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [['plan', 'tools', 0, 'depends_on', 0], 'there is no tool "b"; add it to tools, or take it out'],
    ]);
  });

  it('has a JSON schema, to give to a model', () => {
    const json = z.toJSONSchema(PlanSchema, { io: 'input' });
    expect(json).toMatchObject({ type: 'object', required: ['tools'], properties: { tools: { type: 'array' } } });
    expect(JSON.stringify(json)).toContain(
      '"output_mapping":{"type":"object","additionalProperties":{"type":"string"}}',
    );
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function nested(depth: number): Record<string, unknown> {
  let value: Record<string, unknown> = {};
  for (let i = 0; i < depth; i += 1) value = { tools: value };
  return value;
}
