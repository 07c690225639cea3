import { beforeAll, describe, expect, it } from 'vitest';
import { record, shown, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const overview = {
  name: 'ci-overview',
  tools: [
    { tool_id: 'primary', tool_type: 'ci_lookup', params: { keywords: ['web'] } },
    { tool_id: 'secondary', tool_type: 'ci_lookup', output_mapping: { keywords: '{$input.keywords}' } },
    {
      tool_id: 'aggregate',
      tool_type: 'ci_aggregate',
      depends_on: ['primary', 'secondary'],
      output_mapping: { ci_type_filter: '{primary.data.rows[0].ci_type}' },
    },
  ],
} as const;

const tools = {
  ci_lookup: () => Promise.resolve({ rows: [{ ci_type: 'server' }] }),
  ci_aggregate: (params: object) => params,
};

describe('spans of a run', () => {
  it('nests run, plan, groups and steps', async () => {
    const recording = record();
    const result = await recording.runPlan(overview, { tools, input: { keywords: ['db'] } });
    expect(result.finalOutput).toEqual({ ci_type_filter: 'server' });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration ci-overview dag [success]
        plan ci-overview
        group 0 parallel [success]
          step primary [success]
          step secondary [success]
        group 1 serial [success]
          step aggregate [success]"
    `);
  });

  it('gives every span its attributes', async () => {
    const recording = record();
    await recording.runPlan(overview, { tools, input: { keywords: ['db'] } });
    expect(recording.spans().map((span) => [span.name, shown(span.attributes)])).toMatchInlineSnapshot(`
      [
        [
          "plan ci-overview",
          {
            "execution_plan": "{"strategy":"dag","execution_groups":[{"group_index":0,"parallel_execution":true,"tools":[{"tool_id":"primary","tool_type":"ci_lookup","depends_on":[],"dependency_groups":[],"output_mapping":{}},{"tool_id":"secondary","tool_type":"ci_lookup","depends_on":[],"dependency_groups":[],"output_mapping":{"keywords":"{$input.keywords}"}}]},{"group_index":1,"parallel_execution":false,"tools":[{"tool_id":"aggregate","tool_type":"ci_aggregate","depends_on":["primary","secondary"],"dependency_groups":[0],"output_mapping":{"ci_type_filter":"{primary.data.rows[0].ci_type}"}}]}],"total_groups":2,"total_tools":3,"tool_ids":["primary","secondary","aggregate"]}",
            "plan.name": "ci-overview",
            "span.type": "plan",
          },
        ],
        [
          "step primary",
          {
            "attempt_count": 1,
            "dependency_groups": [],
            "depends_on": [],
            "execution_order": 0,
            "group_index": 0,
            "outcome": "success",
            "output_mapping": "{}",
            "span.type": "step",
            "strategy": "dag",
            "tool_id": "primary",
            "tool_type": "ci_lookup",
          },
        ],
        [
          "step secondary",
          {
            "attempt_count": 1,
            "dependency_groups": [],
            "depends_on": [],
            "execution_order": 1,
            "group_index": 0,
            "mappings": "[{"field":"keywords","ref":"{$input.keywords}","resolved":true,"type":"array","bytes":6}]",
            "outcome": "success",
            "output_mapping": "{"keywords":"{$input.keywords}"}",
            "span.type": "step",
            "strategy": "dag",
            "tool_id": "secondary",
            "tool_type": "ci_lookup",
          },
        ],
        [
          "group 0 parallel",
          {
            "dependency_groups": [],
            "group_index": 0,
            "outcome": "success",
            "parallel_execution": true,
            "span.type": "group",
            "strategy": "dag",
            "tool_ids": [
              "primary",
              "secondary",
            ],
          },
        ],
        [
          "step aggregate",
          {
            "attempt_count": 1,
            "blocked_by": "secondary",
            "dependency_groups": [
              0,
            ],
            "depends_on": [
              "primary",
              "secondary",
            ],
            "execution_order": 0,
            "group_index": 1,
            "mappings": "[{"field":"ci_type_filter","ref":"{primary.data.rows[0].ci_type}","resolved":true,"type":"string","bytes":8}]",
            "outcome": "success",
            "output_mapping": "{"ci_type_filter":"{primary.data.rows[0].ci_type}"}",
            "span.type": "step",
            "strategy": "dag",
            "tool_id": "aggregate",
            "tool_type": "ci_aggregate",
          },
        ],
        [
          "group 1 serial",
          {
            "dependency_groups": [
              0,
            ],
            "group_index": 1,
            "outcome": "success",
            "parallel_execution": false,
            "span.type": "group",
            "strategy": "dag",
            "tool_ids": [
              "aggregate",
            ],
          },
        ],
        [
          "orchestration ci-overview dag",
          {
            "outcome": "success",
            "plan.name": "ci-overview",
            "plan.source": "declared",
            "span.type": "run",
            "strategy": "dag",
            "total_groups": 2,
            "total_tools": 3,
          },
        ],
      ]
    `);
    expect(recording.span('step aggregate').links.map((link) => link.attributes)).toMatchInlineSnapshot(`
      [
        {
          "from": "output",
          "orchestration.link.type": "data",
          "orchestration.tool_id": "primary",
          "to": "input",
        },
        {
          "from": "output",
          "orchestration.link.type": "depends_on",
          "orchestration.tool_id": "secondary",
          "to": "input",
        },
      ]
    `);
  });
});
