/* oxlint-disable no-underscore-dangle, typescript/no-unnecessary-type-parameters, promise/valid-params -- it is about types */
/** Checked by `tsc`, never run: what the callbacks of `instrumentExecutor` are handed, and what is refused. */
import { instrumentExecutor } from '../../src/index.ts';

interface Dag {
  readonly name: string;
  readonly nodes: readonly string[];
}

class Executor {
  readonly title: string = 'no method';
  async runDag(dag: Dag, _limit = 1): Promise<{ ok: boolean; results: string[] }> {
    return { ok: true, results: dag.nodes.map((id) => this.runNode({ id })) };
  }
  runNode(node: { id: string }): string {
    return this._hidden(node.id);
  }
  async load(id: number): Promise<{ rows: number[] }> {
    return { rows: [id] };
  }
  generic<T>(items: readonly T[]): T[] {
    return [...items];
  }
  declare optional?: (text: string) => number;
  private _hidden(id: string): string {
    return id;
  }
}

const executor = new Executor();
const none = (): undefined => undefined;

/** What a callback is handed, told by what it would be refused as. */
type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_T extends true>(): void => {};

const instrumented = instrumentExecutor(executor, {
  run: 'runDag',
  step: 'load',
  plan: (dag, limit) => {
    is<Is<typeof dag, Dag>>();
    is<Is<typeof limit, number | undefined>>();
    return { name: dag.name, tools: dag.nodes.map((tool_id) => ({ tool_id })) };
  },
  tool: (id) => {
    is<Is<typeof id, number>>();
    return { toolId: String(id), toolType: 'loader', attempt: 1, iteration: 1 };
  },
  outcome: (result, id) => {
    is<Is<typeof result, { rows: number[] }>>(); // awaited
    is<Is<typeof id, number>>();
    return result.rows.length > 0 ? 'success' : 'failure';
  },
  runId: (dag) => dag.name,
  attributes: (dag, limit) => ({ name: dag.name, limit }),
  recordInputs: true,
});
is<Is<typeof instrumented, Executor & Disposable>>();

// A sync method, and attributes that are the same for every run.
instrumentExecutor(executor, {
  run: 'runDag',
  step: 'runNode',
  plan: none,
  tool: (node) => node.id,
  outcome: (result) => {
    is<Is<typeof result, string>>();
    return undefined;
  },
  attributes: { team: 'reports' },
});

// A method that TypeScript calls private, and one that is not there at all: anything goes.
instrumentExecutor(executor, { run: 'runDag', step: '_hidden', plan: none, tool: (id) => id, outcome: (r) => r.x });
instrumentExecutor(executor, { run: '_runLater', step: '_hidden', plan: (a) => a.plan, tool: (id, n) => id[n] });

// A generic method, one that is optional, a record of functions, and an executor of which nothing is known.
instrumentExecutor(executor, { run: 'runDag', step: 'generic', plan: none, tool: (items) => String(items.length) });
instrumentExecutor(executor, { run: 'runDag', step: 'optional', plan: none, tool: (text) => text.trim() });
const record: Record<string, (id: string) => void> = {};
instrumentExecutor(record, { run: 'all', step: 'one', plan: none, tool: (id) => id.trim() });
declare const unknownExecutor: any; // oxlint-disable-line typescript/no-explicit-any -- as plain JavaScript has them
instrumentExecutor(unknownExecutor, { run: 'all', step: 'one', plan: none, tool: () => 'id' });

// @ts-expect-error -- public, but no method
instrumentExecutor(executor, { run: 'title', step: 'runNode', plan: none, tool: (node) => node.id });
// @ts-expect-error -- there is no such property on what a node is
instrumentExecutor(executor, { run: 'runDag', step: 'runNode', plan: none, tool: (node) => node.name });
// @ts-expect-error -- a number is no tool id
instrumentExecutor(executor, { run: 'runDag', step: 'load', plan: none, tool: (id) => id });
// @ts-expect-error -- what a plan is made of
instrumentExecutor(executor, { run: 'runDag', step: 'runNode', plan: (dag) => dag.nodes, tool: (node) => node.id });
// @ts-expect-error -- a plan is there at once
instrumentExecutor(executor, { run: 'runDag', step: 'load', plan: async () => undefined, tool: String });
// @ts-expect-error -- no outcome of that name
instrumentExecutor(executor, { run: 'runDag', step: 'load', plan: none, tool: String, outcome: () => 'ok' });
// @ts-expect-error -- the result is awaited, so it has no `then`
instrumentExecutor(executor, { run: 'runDag', step: 'load', plan: none, tool: String, outcome: (r) => r.then() });
// @ts-expect-error -- which tool a call runs is not to be guessed
instrumentExecutor(executor, { run: 'runDag', step: 'runNode', plan: none });
// @ts-expect-error -- no such option
instrumentExecutor(executor, { run: 'runDag', step: 'load', plan: none, tool: String, retries: 3 });
// @ts-expect-error -- a text has no methods of one's own to run
instrumentExecutor('executor', { run: 'a', step: 'b', plan: none, tool: none });
