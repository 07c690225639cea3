import { beforeAll, describe, expect, it } from 'vitest';
import { createOrchestrace, type PlanInput } from '../../src/index.ts';
import { record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const SIZE = 100_000;
const chain: PlanInput = {
  strategy: 'serial',
  tools: Array.from({ length: SIZE }, (_, index) => ({
    tool_id: `${index}`,
    tool_type: 'next',
    ...(index > 0 && { depends_on: [`${index - 1}`], output_mapping: { n: `{["${index - 1}"].data}` } }),
    params: { n: 0 },
  })),
};
const wide: PlanInput = {
  tools: Array.from({ length: SIZE }, (_, index) => ({ tool_id: `${index}`, tool_type: 'one' })),
};
const next = ({ n }: Record<string, unknown>): number => (n as number) + 1;

describe('100,000 tools', { timeout: 120_000 }, () => {
  it('in a chain of functions that return at once do not pile up the stack', async () => {
    const { runPlan } = createOrchestrace();
    expect((await runPlan(chain, { tools: { next } })).finalOutput).toBe(SIZE);
    expect((await runPlan({ ...chain, strategy: 'dag' }, { tools: { next } })).finalOutput).toBe(SIZE);
  });

  it('in one group neither, also when all of them are skipped or fail', async () => {
    const { runPlan } = createOrchestrace();
    const one = (): number => 1;
    expect(((await runPlan(wide, { tools: { one } })).finalOutput as number[]).length).toBe(SIZE);
    const fails = (): never => {
      throw undefined;
    };
    expect((await runPlan(wide, { tools: { one: fails } })).failedSteps.length).toBe(SIZE);
    expect((await runPlan(wide, { tools: { one }, signal: AbortSignal.abort() })).skippedSteps.length).toBe(SIZE);
  });

  it('of which 20,000 are recorded are all recorded', async () => {
    const recording = record();
    const recorded = chain.tools.slice(0, 20_000);
    const result = await recording.runPlan({ ...chain, tools: recorded }, { tools: { next } });
    expect(result.finalOutput).toBe(20_000);
    expect([recording.ofType('step').length, recording.ofType('group').length]).toEqual([20_000, 20_000]);
    expect(recording.open()).toEqual([]);
  });

  it('whose first fails are skipped one by one', async () => {
    const { runPlan } = createOrchestrace();
    const fails = (): never => {
      throw new Error('first');
    };
    const { skippedSteps } = await runPlan({ ...chain, strategy: 'dag' }, { tools: { next: fails } });
    expect(skippedSteps.length).toBe(SIZE - 1);
  });
});
