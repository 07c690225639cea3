import { PGraph, type DependencyList, type RunOptions } from 'p-graph';
import { beforeAll, describe, expect, it } from 'vitest';
import { attribute, record, useContextManager, type Recording } from '../../helpers/spans.ts';
import { outcomeOf, wrapLines } from './wrap-lines.ts';

beforeAll(useContextManager);

type Run = (options?: RunOptions) => Promise<void>;

const dependencies: DependencyList = [
  ['shorts', 'shoes'],
  ['shorts', 'jacket'],
  ['shirt', 'jacket'],
];

/** What people have: nodes with functions, and the edges between them. */
function nodesOf(log: string[], error?: Error) {
  const node = (id: string) => ({
    run: async () => {
      log.push(id);
      if (error && id === 'shirt') throw error;
    },
    priority: id === 'shirt' ? 1 : 0,
  });
  return { shirt: node('shirt'), shorts: node('shorts'), shoes: node('shoes'), jacket: node('jacket') };
}

function wrapped({ traceTools, traceOrchestration }: Recording, nodes: ReturnType<typeof nodesOf>): Run {
  // wrap
  const graph = new PGraph(traceTools(nodes, { method: 'run' }), dependencies);
  const needs = (id: string) => dependencies.filter(([, to]) => to === id).map(([from]) => from);
  const plan = { name: 'dress', tools: Object.keys(nodes).map((id) => ({ tool_id: id, depends_on: needs(id) })) };
  return (options) => traceOrchestration(plan, () => graph.run(options));
  // end
}

describe('p-graph 2', () => {
  it('is wrapped in four lines', () => {
    expect(wrapLines(import.meta.filename)).toBe(4);
  });

  it('does the same, and the trace has its graph', async () => {
    const recording = record();
    const [expected, actual]: string[][] = [[], []];
    await new PGraph(nodesOf(expected!), dependencies).run({ concurrency: 2 });
    expect(await wrapped(recording, nodesOf(actual!))({ concurrency: 2 })).toBeUndefined();
    expect(actual).toEqual(expected);
    expect(recording.tree('depends_on', 'execution_order')).toMatchInlineSnapshot(`
      "orchestration dress dag [success]
        plan dress
        group 0 parallel [success]
          step shirt [success] depends_on= execution_order=0
          step shorts [success] depends_on= execution_order=1
        group 1 parallel [success]
          step shoes [success] depends_on=shorts execution_order=0
          step jacket [success] depends_on=shorts,shirt execution_order=1"
    `);
    expect(recording.open()).toEqual([]);
  });

  it.each([{ continue: true }, { continue: false }])('fails in the same way: %o', async (options) => {
    const recording = record();
    const error = new Error('torn');
    const [expected, actual]: string[][] = [[], []];
    const withoutTrace = await outcomeOf(() => new PGraph(nodesOf(expected!, error), dependencies).run(options));
    const withTrace = await outcomeOf(() => wrapped(recording, nodesOf(actual!, error))(options));
    expect(actual).toEqual(expected);
    expect(withTrace).toMatchObject({ error: { name: 'Error', taskErrors: [error] } });
    expect((withTrace as { error: Error }).error.message).toBe((withoutTrace as { error: Error }).error.message);
    const run = recording.ofType('run')[0]!;
    const told = ['root_cause', 'blast_radius', 'not_started'].map((key) => attribute(run, key));
    expect(told).toEqual(['shirt', 1, ['jacket']]);
  });

  it('may have one function for all nodes, which is handed their ids', async () => {
    const { traceOrchestration, tree } = record();
    const graph = new PGraph({ a: {}, b: {} }, [['a', 'b']]);
    const log: string[] = [];
    const plan = { name: 'letters', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };
    const work = (id: string): unknown => log.push(id);
    await traceOrchestration(plan, (run) => graph.run({ run: (id) => run.step(id, () => work(id)) }));
    expect(log).toEqual(['a', 'b']);
    expect(tree()).toMatchInlineSnapshot(`
      "orchestration letters serial [success]
        plan letters
        group 0 serial [success]
          step a [success]
        group 1 serial [success]
          step b [success]"
    `);
  });
});
