/* oxlint-disable no-underscore-dangle -- names as they are found in the wild */
import { beforeAll, describe, expect, it } from 'vitest';
import { attribute, record, useContextManager, type Recording } from '../../helpers/spans.ts';
import { outcomeOf, wrapLines } from './wrap-lines.ts';

beforeAll(useContextManager);

interface ChainStep {
  readonly step_id: string;
  readonly tool: string;
  readonly depends_on: readonly string[];
}

interface Chain {
  readonly id: string;
  readonly steps: readonly ChainStep[];
}

interface StepOutcome {
  readonly success: boolean;
  readonly data?: unknown;
  readonly error?: string;
}

type Tools = Record<string, (params: Record<string, unknown>) => Promise<unknown>>;

/** What people have: an executor whose steps never throw but say `success: false`, and whose step method is private. */
class ChainExecutor {
  readonly #tools: Tools;
  readonly #results = new Map<string, StepOutcome>();

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  async executeChain(chain: Chain) {
    const done = new Set<string>();
    while (done.size < chain.steps.length) {
      const ready = chain.steps.filter(({ step_id, depends_on }) => {
        return !done.has(step_id) && depends_on.every((id) => done.has(id));
      });
      await Promise.all(ready.map((step) => this._executeStep(step, { chain: chain.id })));
      for (const { step_id } of ready) done.add(step_id);
      if (ready.some(({ step_id }) => !this.#results.get(step_id)?.success)) break;
    }
    return { success: [...this.#results.values()].every(({ success }) => success), results: this.#results };
  }

  private async _executeStep(step: ChainStep, params: Record<string, unknown>): Promise<StepOutcome> {
    const result = await this._callTool(step, params);
    this.#results.set(step.step_id, result);
    return result;
  }

  private async _callTool(step: ChainStep, params: Record<string, unknown>): Promise<StepOutcome> {
    try {
      return { success: true, data: await this.#tools[step.tool]!(params) };
    } catch (error) {
      return { success: false, error: (error as Error).message };
    }
  }
}

const chain: Chain = {
  id: 'ci-overview',
  steps: [
    { step_id: 'primary', tool: 'lookup', depends_on: [] },
    { step_id: 'secondary', tool: 'lookup', depends_on: [] },
    { step_id: 'aggregate', tool: 'sum', depends_on: ['primary', 'secondary'] },
    { step_id: 'report', tool: 'write', depends_on: ['aggregate'] },
  ],
};

const toolsOf = (error?: Error): Tools => ({
  lookup: async (params) => ({ rows: [params] }),
  sum: async () => {
    if (error) throw error;
    return 2;
  },
  write: async () => 'written',
});

function wrapped({ instrumentExecutor }: Recording, executor: ChainExecutor): ChainExecutor {
  // wrap
  const toTool = (step: ChainStep) => ({ ...step, tool_id: step.step_id, tool_type: step.tool });
  const plan = ({ id, steps }: Chain) => ({ name: id, tools: steps.map(toTool) });
  const tool = (step: ChainStep) => step.step_id;
  return instrumentExecutor(executor, { run: 'executeChain', step: '_executeStep', plan, tool });
  // end
}

describe('a chain executor with a private step method', () => {
  it('is wrapped in four lines', () => {
    expect(wrapLines(import.meta.filename)).toBe(4);
  });

  it('gives the same, and the trace has its groups', async () => {
    const recording = record();
    const expected = await new ChainExecutor(toolsOf()).executeChain(chain);
    expect(await wrapped(recording, new ChainExecutor(toolsOf())).executeChain(chain)).toEqual(expected);
    expect(recording.tree('tool_type', 'blocked_by')).toMatchInlineSnapshot(`
      "orchestration ci-overview dag [success]
        plan ci-overview
        group 0 parallel [success]
          step primary [success] tool_type=lookup
          step secondary [success] tool_type=lookup
        group 1 serial [success]
          step aggregate [success] tool_type=sum blocked_by=secondary
        group 2 serial [success]
          step report [success] tool_type=write blocked_by=aggregate"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('reports failure in the same way, and the trace says what did not start', async () => {
    const recording = record();
    const tools = toolsOf(new Error('no rows'));
    const expected = await outcomeOf(() => new ChainExecutor(tools).executeChain(chain));
    expect(await outcomeOf(() => wrapped(recording, new ChainExecutor(tools)).executeChain(chain))).toEqual(expected);
    expect(recording.tree('root_cause', 'blast_radius', 'not_started')).toMatchInlineSnapshot(`
      "orchestration ci-overview dag [failure] root_cause=aggregate blast_radius=1 not_started=report
        plan ci-overview
        group 0 parallel [success]
          step primary [success]
          step secondary [success]
        group 1 serial [failure]
          step aggregate [failure]"
    `);
    const step = recording.span('step aggregate');
    expect([step.status, attribute(step, 'outcome')]).toEqual([{ code: 2, message: 'no rows' }, 'failure']);
  });
});
