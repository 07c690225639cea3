import { beforeAll, describe, expect, it } from 'vitest';
import type { ToolContext } from '../../src/index.ts';
import { measure, readWorkflows, type Workflow } from '../bench/workflows.ts';
import { attribute, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const tool = (tool_id: string, ...depends_on: string[]): Workflow['tools'][number] => ({
  tool_id,
  depends_on,
  output_mapping: Object.fromEntries(
    depends_on.flatMap((id, index) =>
      [0, 1].map((file) => [`input_${index}_${file}`, `{["${id}"].data.files[${file}]}`]),
    ),
  ),
  params: { runtime_s: 1, files: [`${tool_id}.out`, `${tool_id}.log`] },
});
/** Where the real ones are absent: ids with dots, a fork, a join and a leap. */
const made: Workflow = {
  name: 'made',
  strategy: 'dag',
  tools: [
    tool('S.read'),
    tool('S.a', 'S.read'),
    tool('S.b', 'S.read'),
    tool('S.join', 'S.a', 'S.b', 'S.read'),
    tool('alone'),
  ],
};
const workflows = [['made', made] as const, ...(readWorkflows() ?? [])];

describe.each(workflows)('the workflow %s', (_name, workflow) => {
  it.each(['ready', 'group'] as const)('runs, and data flows along every mapping (%s)', async (scheduling) => {
    const recording = record();
    const given = new Map<string, Record<string, unknown>>();
    const execute = async (params: Record<string, unknown>, { toolId }: ToolContext): Promise<object> => {
      given.set(toolId, params);
      if (given.size % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      return { files: params['files'] };
    };
    const tools = Object.fromEntries(workflow.tools.map(({ tool_id }) => [tool_id, execute]));
    const { success } = await recording.runPlan(workflow, { tools, scheduling });
    expect([success, given.size]).toEqual([true, workflow.tools.length]);

    const files = new Map(workflow.tools.map(({ tool_id, params }) => [tool_id, params.files]));
    let flowed = 0;
    for (const { tool_id, output_mapping } of workflow.tools) {
      for (const [field, text] of Object.entries(output_mapping)) {
        const [, quoted, bare, index] = /^\{(?:\["(.+)"\]|([^.]+))\.data\.files\[(\d+)\]\}$/.exec(text)!;
        const source = quoted ?? bare!;
        expect([tool_id, field, given.get(tool_id)![field]]).toEqual([
          tool_id,
          field,
          files.get(source)![Number(index)],
        ]);
        flowed++;
      }
    }
    const recorded = recording.ofType('step').flatMap((step) => {
      const text = attribute(step, 'mappings') as string | undefined;
      return text === undefined || text.length > 8000 ? [] : (JSON.parse(text) as { resolved?: boolean }[]);
    });
    expect(flowed).toBeGreaterThan(0);
    expect(recorded.filter(({ resolved }) => resolved === false)).toEqual([]);
    expect(recording.open()).toEqual([]);
  });

  it('can be measured', async () => {
    const { criticalPathMs, makespanMs } = await measure(workflow, 5, 'ready');
    expect(criticalPathMs).toBeGreaterThan(0);
    expect(makespanMs).toBeGreaterThan(0);
  });
});
