import { beforeAll, describe, expect, it } from 'vitest';
import { attribute, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

describe('a tool that comes again in a run', () => {
  it('counts as failed only if it failed the last time, when it is planned', () => {
    const recording = record();
    recording.traceOrchestration({ tools: [{ tool_id: 'a' }, { tool_id: 'b' }] }, (run) => {
      expect(() => run.step('a', fail)).toThrow('no');
      expect(() => run.step('b', fail)).toThrow('no');
      run.step('a', () => 'yes');
      run.skip('b', 'not again');
    });
    const run = recording.ofType('run')[0]!;
    expect(attribute(run, 'failed')).toBeUndefined();
    expect(attribute(run, 'root_cause')).toBeUndefined();
    expect(attribute(run, 'skipped')).toEqual(['b']);
  });

  it('counts as failed if it ever failed, when it is not', () => {
    const recording = record();
    recording.traceOrchestration(undefined, (run) => {
      expect(() => run.step('fetch', fail)).toThrow('no');
      expect(() => run.step('fetch', fail)).toThrow('no');
      run.step('fetch', () => 'yes');
    });
    expect(attribute(recording.ofType('run')[0]!, 'failed')).toEqual(['fetch']);
  });
});

describe('a further pass', () => {
  it('of a tool that needs no other says nothing of what it waited for', () => {
    const recording = record();
    recording.traceOrchestration({ tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] }, (run) => {
      for (const id of ['a', 'b', 'a', 'b']) run.step(id, () => id);
    });
    const waits = (name: string): boolean[] =>
      recording
        .spans()
        .filter((span) => span.name === name)
        .map((span) => 'orchestration.wait_ms' in span.attributes);
    expect([waits('step a'), waits('step b')]).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  it('in which a tool of a plan is skipped is the skip of that pass', async () => {
    const recording = record();
    let pass = 0;
    await recording.runPlan(
      {
        tools: [
          { tool_id: 'a' },
          { tool_id: 'b', depends_on: ['a'], condition: { ref: '{a.data}', op: '==', value: 1 } },
          { tool_id: 'c', depends_on: ['a', 'b'], join: 'any' },
        ],
        loops: [{ from: 'c', to: 'a' }],
      },
      { shouldRun: ({ tool_id }) => tool_id !== 'a' || pass < 2, tools: { a: () => ++pass, b: () => 1, c: () => 1 } },
    );
    const steps = recording.spans().filter(({ name }) => name === 'step b');
    expect(steps.map((span) => [attribute(span, 'outcome'), attribute(span, 'iteration')])).toEqual([
      ['success', undefined], // the first
      ['skip', 2],
    ]);
  });
});

function fail(): never {
  throw new Error('no');
}
