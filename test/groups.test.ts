import { describe, expect, it } from 'vitest';
import { PlanError } from '../src/errors.ts';
import { groupTools, inferStrategy } from '../src/groups.ts';
import { type Plan, type PlanInput, type PlanTool, parsePlan, type Strategy } from '../src/plan.ts';

/** A plan written as lines: `a`, or `b: a c` for what it depends on. */
function plan(lines: readonly string[], more: Omit<PlanInput, 'tools'> = {}): PlanInput {
  const tools = lines.map((line) => {
    const [tool_id = '', ids = ''] = line.split(': ');
    return { tool_id, depends_on: ids.split(' ').filter((id) => id !== '') };
  });
  return { ...more, tools };
}

describe('inferStrategy', () => {
  it.each<readonly [Strategy, string, readonly string[]]>([
    ['parallel', 'an empty plan', []],
    ['parallel', 'one tool', ['a']],
    ['parallel', 'tools without dependencies', ['a', 'b']],
    ['serial', 'a chain', ['a', 'b: a', 'c: b']],
    ['serial', 'a chain that is declared backwards', ['c: b', 'b: a', 'a']],
    ['serial', 'a chain with a dependency that is named twice', ['a', 'b: a a']],
    ['dag', 'a fan-out', ['a', 'b: a', 'c: a']],
    ['dag', 'a fan-in', ['a', 'b', 'c: a b']],
    ['dag', 'a diamond', ['a', 'b: a', 'c: a', 'd: b c']],
    ['dag', 'two chains', ['a', 'b: a', 'x', 'y: x']],
    ['dag', 'a chain and a tool beside it', ['a', 'b: a', 'x']],
    ['dag', 'a chain with a shortcut', ['a', 'b: a', 'c: a b']],
  ])('is %s for %s', (strategy, _, lines) => {
    expect(inferStrategy(parsePlan(plan(lines)))).toBe(strategy);
  });

  it('does not count edges that go back', () => {
    const loops = [{ from: 'act', to: 'think' }];
    expect(inferStrategy(parsePlan(plan(['think: act', 'act: think'], { loops })))).toBe('serial');
    expect(inferStrategy(parsePlan(plan(['a: a'], { loops: [{ from: 'a', to: 'a' }] })))).toBe('parallel');
  });

  it('does not look at the strategy that is given', () => {
    expect(inferStrategy(parsePlan(plan(['a', 'b'], { strategy: 'serial' })))).toBe('parallel');
  });
});

describe('groupTools', () => {
  const diamond = ['d: b c', 'c: a', 'b: a', 'a'];

  it('gives a dag a group per level, in the order of declaration', () => {
    expect(groupTools(parsePlan(plan(diamond)))).toEqual([['a'], ['c', 'b'], ['d']]);
    expect(groupTools(parsePlan(plan(['z: c a', 'a', 'b', 'c'])))).toEqual([['a', 'b', 'c'], ['z']]);
  });

  it('gives a serial plan a group per tool, in topological order', () => {
    expect(groupTools(parsePlan(plan(diamond, { strategy: 'serial' })))).toEqual([['a'], ['c'], ['b'], ['d']]);
    const breadthFirst = plan(['a', 'b: a', 'c: b', 'x', 'y: x'], { strategy: 'serial' });
    expect(groupTools(parsePlan(breadthFirst))).toEqual([['a'], ['x'], ['b'], ['y'], ['c']]);
  });

  it('gives a parallel plan one group', () => {
    expect(groupTools(parsePlan(plan(['b', 'a'])))).toEqual([['b', 'a']]);
  });

  it.each<Strategy | undefined>([undefined, 'parallel', 'serial', 'dag'])(
    'gives an empty plan no groups: %s',
    (strategy) => {
      expect(groupTools(parsePlan({ strategy, tools: [] }))).toEqual([]);
    },
  );

  it('takes a plan that was written by hand', () => {
    const byHand = { tools: parsePlan(plan(diamond)).tools } satisfies Plan;
    expect(groupTools(byHand)).toEqual([['a'], ['c', 'b'], ['d']]);
  });

  it('refuses a cycle with the ids on it', () => {
    const broken = plan(['x', 'a: b', 'b: a']) as Plan;
    expect(() => groupTools(broken)).toThrow(PlanError);
    expect(() => groupTools(broken)).toThrow(expect.objectContaining({ code: 'PLAN_CYCLE', cycle: ['a', 'b'] }));
    expect(() => inferStrategy(broken)).toThrow(expect.objectContaining({ code: 'PLAN_CYCLE' }));
  });

  it('refuses a plan that was changed after it was parsed', () => {
    const parsed = parsePlan(plan(['a', 'b: a']));
    (parsed.tools[1]!.depends_on as string[])[0] = 'nobody';
    expect(() => groupTools(parsed)).toThrow('tools[1].depends_on[0]: there is no tool "nobody"');
    (parsed.tools[0]!.depends_on as string[])[0] = 'b';
    (parsed.tools[1]!.depends_on as string[])[0] = 'a';
    expect(() => groupTools(parsed)).toThrow(PlanError);
    const doubled = parsePlan(plan(['a', 'b']));
    (doubled.tools as PlanTool[]).push(doubled.tools[0]!);
    expect(() => groupTools(doubled)).toThrow('tools[2].tool_id: duplicate of "a" in tools[0]; give each its own');
  });

  it('divides 100,000 tools, in a chain or side by side', () => {
    const ids = Array.from({ length: 100_000 }, (_, i) => `t${i}`);
    const chain = parsePlan(plan(ids.map((id, i) => (i === 0 ? id : `${id}: t${i - 1}`)).toReversed()));
    expect(groupTools(chain)).toEqual(ids.map((id) => [id]));
    expect(groupTools(parsePlan(plan(ids)))).toEqual([ids]);
  });
});
