import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDataFlow } from '../../src/explain/data-flow.ts';
import { PlanFacts, type StepFacts } from '../../src/explain/facts.ts';
import { casesOf, stepFacts } from './simulate.ts';

describe('the data that steps hand to each other', () => {
  it('is told by hand', () => {
    // c depends on b, and b on a. c reads a, which it depends on by b, and d, on which it does not depend; b's output it does not read.
    const flow = flowOf({
      a: { dependsOn: [], reads: [] },
      b: { dependsOn: ['a'], reads: ['a'] },
      d: { dependsOn: [], reads: [] },
      c: { dependsOn: ['b'], reads: ['a', 'd'] },
    });
    expect(flow).toEqual({
      unresolved: [],
      unread: [{ toolId: 'c', dependency: 'b' }],
      implicit: [{ toolId: 'c', dependency: 'd' }],
    });
  });

  it('says nothing of what a tool does not read that reads nothing at all', () => {
    expect(flowOf({ a: { dependsOn: [], reads: [] }, b: { dependsOn: ['a'], reads: [] } }).unread).toEqual([]);
  });

  it('holds the references that found nothing', () => {
    const plan = planOf({ a: { dependsOn: [], reads: [] } });
    const step: StepFacts = {
      ...stepFacts(plan, 'a', 0, 1),
      mappings: [
        { field: 'x', ref: '{$input.x}', resolved: false },
        { field: 'y', ref: '{$input.y}', resolved: true, type: 'string', bytes: 1 },
      ],
    };
    const flow = readDataFlow({ plan, steps: [step] });
    expect(flow.unresolved).toEqual([{ toolId: 'a', field: 'x', ref: '{$input.x}' }]);
  });

  it('does not miss in the first pass of a loop what only the pass before gives', () => {
    const plan = planOf({ think: { dependsOn: [], reads: ['act'] }, act: { dependsOn: ['think'], reads: ['think'] } });
    const passes = [1, 2, 3].map((iteration): StepFacts => {
      const mappings = [{ field: 'seen', ref: '{act.data}', resolved: iteration === 2 }];
      return { ...stepFacts(plan, 'think', 10 * iteration, 10 * iteration + 1), iteration, mappings };
    });
    expect(readDataFlow({ plan, steps: passes.slice(0, 2) })).toEqual({ unresolved: [], unread: [], implicit: [] });
    // That the third found nothing of the second is told.
    expect(readDataFlow({ plan, steps: passes }).unresolved).toEqual([
      { toolId: 'think', field: 'seen', ref: '{act.data}' },
    ]);
  });

  it('is implicit exactly where no chain of dependencies leads to what is read, nor back from it', () => {
    const reads = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(casesOf(fc.constant(1), { minLength: 2, maxLength: 8 }), reads, ({ needs }, reads) => {
        const tools = needs.map((sources, tool) => ({
          dependsOn: sources,
          reads: [...new Set(reads[tool]!.map((source) => source % needs.length))].filter((source) => source !== tool),
        }));
        const leadsTo = (tool: number, source: number): boolean =>
          tools[tool]!.dependsOn.some((needed) => needed === source || leadsTo(needed, source));
        const expected = tools.flatMap(({ reads }, tool) =>
          reads
            .filter((source) => !leadsTo(tool, source) && !leadsTo(source, tool))
            .map((source) => ({ toolId: `t${tool}`, dependency: `t${source}` })),
        );
        const named = tools.map(({ dependsOn, reads }, tool) => [
          `t${tool}`,
          { dependsOn: dependsOn.map((needed) => `t${needed}`), reads: reads.map((source) => `t${source}`) },
        ]);
        const { implicit } = flowOf(Object.fromEntries(named));
        expect(implicit).toHaveLength(expected.length);
        expect(implicit).toEqual(expect.arrayContaining(expected));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['all read the first', () => 't0'],
    ['each reads the one two before', (tool: number) => `t${Math.max(0, tool - 2)}`],
    ['all read the last', () => 't99999'],
  ])('takes a chain of 100,000 tools of which %s', (_, sourceOf) => {
    const tools = Array.from({ length: 100_000 }, (_, tool) => [
      `t${tool}`,
      tool === 0 ? { dependsOn: [], reads: [] } : { dependsOn: [`t${tool - 1}`], reads: [sourceOf(tool)] },
    ]);
    expect(flowOf(Object.fromEntries(tools)).implicit).toEqual([]);
  });
});

type Tools = Readonly<Record<string, { readonly dependsOn: readonly string[]; readonly reads: readonly string[] }>>;

function planOf(tools: Tools): PlanFacts {
  const declared = Object.entries(tools).map(([toolId, { dependsOn, reads }]) => ({
    toolId,
    toolType: undefined,
    dependsOn,
    outputMapping: Object.fromEntries(reads.map((source, at) => [`field${at}`, `{${source}.data}`])),
  }));
  return new PlanFacts({ strategy: 'dag', groups: [declared], error: undefined });
}

function flowOf(tools: Tools): ReturnType<typeof readDataFlow> {
  return readDataFlow({ plan: planOf(tools), steps: [] });
}
