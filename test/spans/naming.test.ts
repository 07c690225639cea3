import { beforeAll, describe, expect, it } from 'vitest';
import type { SpanNameInput, TraceOptions } from '../../src/index.ts';
import { record, useContextManager, type Recording } from '../helpers/spans.ts';

beforeAll(useContextManager);

const plan = { name: 'p', tools: [{ tool_id: 'a' }] };
const run = (options: TraceOptions): Recording => {
  const recording = record(options);
  recording.traceOrchestration(plan, (run) => run.step('a', (step) => step.attempt(() => 1)));
  return recording;
};
const foreign = (recording: Recording): [string, object][] =>
  recording.spans().map(({ name, attributes }) => {
    const entries = Object.entries(attributes).filter(([key]) => !key.startsWith('orchestration.'));
    return [name, Object.fromEntries(entries)];
  });

describe('vocabularies beside ours', () => {
  it('are off by default', () => {
    for (const [, attributes] of foreign(run({}))) expect(attributes).toEqual({});
  });

  it('of gen_ai', () => {
    expect(foreign(run({ conventions: ['gen_ai'] }))).toMatchInlineSnapshot(`
      [
        [
          "plan p",
          {},
        ],
        [
          "attempt 1",
          {},
        ],
        [
          "step a",
          {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "a",
            "gen_ai.tool.type": "function",
          },
        ],
        [
          "group 0 serial",
          {},
        ],
        [
          "orchestration p parallel",
          {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.workflow.name": "p",
          },
        ],
      ]
    `);
  });

  it('of OpenInference', () => {
    expect(foreign(run({ conventions: ['openinference'] }))).toMatchInlineSnapshot(`
      [
        [
          "plan p",
          {},
        ],
        [
          "attempt 1",
          {},
        ],
        [
          "step a",
          {
            "openinference.span.kind": "TOOL",
          },
        ],
        [
          "group 0 serial",
          {
            "openinference.span.kind": "CHAIN",
          },
        ],
        [
          "orchestration p parallel",
          {
            "openinference.span.kind": "CHAIN",
          },
        ],
      ]
    `);
  });

  it('can stand together', () => {
    const both = foreign(run({ conventions: ['gen_ai', 'openinference'] }));
    expect(Object.keys(Object.fromEntries(both)['step a'] ?? {})).toEqual([
      'gen_ai.operation.name',
      'gen_ai.tool.name',
      'gen_ai.tool.type',
      'openinference.span.kind',
    ]);
  });
});

describe('spanName', () => {
  it('renames, told what the span is', () => {
    const told: SpanNameInput[] = [];
    const recording = run({ spanName: (span) => (told.push(span), `${span.type}!`) });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "run! [success]
        plan!
        group! [success]
          step! [success]
            attempt! [success]"
    `);
    expect(told).toMatchInlineSnapshot(`
      [
        {
          "name": "orchestration p parallel",
          "type": "run",
        },
        {
          "name": "plan p",
          "type": "plan",
        },
        {
          "name": "group 0 serial",
          "type": "group",
        },
        {
          "name": "step a",
          "toolId": "a",
          "type": "step",
        },
        {
          "name": "attempt 1",
          "toolId": "a",
          "type": "attempt",
        },
      ]
    `);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('own');
      },
    ],
    ['gives no text', (() => 42) as unknown as () => string],
    ['gives nothing', (() => undefined) as unknown as () => string],
  ] as [string, () => string][])('that %s leaves the names', (_name, spanName) => {
    expect(run({ spanName }).tree()).toBe(run({}).tree());
  });

  it('that names a group without a plan is not overruled when a second step joins', async () => {
    const recording = record({ spanName: ({ type }) => type });
    await recording.traceOrchestration(undefined, (run) =>
      Promise.all([run.step('a', async () => {}), run.step('b', async () => {})]),
    );
    expect(recording.tree()).toMatchInlineSnapshot(`
      "run [success]
        group [success]
          step [success]
          step [success]"
    `);
  });

  it('may be asynchronous only by mistake', () => {
    const spanName = (() => Promise.resolve('late')) as unknown as () => string;
    expect(run({ spanName }).tree()).toBe(run({}).tree());
  });
});

describe('attributes of the host', () => {
  it('stand on the run span, below ours', () => {
    const recording = run({ attributes: { 'deployment.id': 'd1', 'orchestration.span.type': 'mine', list: [1, 2] } });
    const [root] = recording.ofType('run');
    expect(root?.attributes).toMatchObject({ 'deployment.id': 'd1', 'orchestration.span.type': 'run', list: [1, 2] });
    expect(recording.span('step a').attributes['deployment.id']).toBeUndefined();
  });
});
