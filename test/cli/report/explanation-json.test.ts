import { expect, it } from 'vitest';
import { explanationToJson } from '../../../src/cli/report/explanation-json.ts';
import { explainRun } from '../../../src/explain/explain-run.ts';
import { reconstruct } from '../../../src/explain/read/reconstruct.ts';
import { overviewSpans } from '../../explain/made-spans.ts';

it('has all that is explained, in snake_case', () => {
  const [run] = reconstruct(overviewSpans());
  const text = JSON.stringify(explanationToJson(explainRun(run!)), undefined, 1);
  expect(text).not.toMatch(/"\w*[A-Z]\w*":/);
  // One of each list is enough to see its fields.
  const firstOnly = (_: string, value: unknown): unknown => (Array.isArray(value) ? value.slice(0, 1) : value);
  expect(JSON.parse(text, firstOnly)).toMatchInlineSnapshot(`
    {
      "affected": [
        "publish",
      ],
      "barrier": {
        "cost_ms": 0,
        "waited_ms": 0,
      },
      "bottlenecks": [
        {
          "duration_ms": 68,
          "iteration": 1,
          "saves_ms": 34,
          "tool_id": "audit",
        },
      ],
      "completeness": {
        "planned": 5,
        "seen": 5,
      },
      "critical_path": {
        "ms": 97,
        "steps": [
          {
            "iteration": 1,
            "tool_id": "secondary",
          },
        ],
      },
      "data_flow": {
        "implicit": [],
        "unread": [
          {
            "dependency": "secondary",
            "tool_id": "aggregate",
          },
        ],
        "unresolved": [
          {
            "field": "limit",
            "ref": "{secondary.data.limit}",
            "tool_id": "aggregate",
          },
        ],
      },
      "differences": [
        {
          "group_index": 2,
          "kind": "skipped",
          "text": "publish was skipped: dependency failed: audit",
          "tool_id": "publish",
        },
      ],
      "done": [
        "primary",
      ],
      "duration_ms": 100,
      "findings": [
        {
          "kind": "unresolved_mapping",
          "saves_ms": 0,
          "text": "aggregate got nothing for limit: {secondary.data.limit} found nothing",
          "tool_ids": [
            "aggregate",
          ],
        },
      ],
      "groups": [
        {
          "achieved": 1.6428571428571428,
          "busy_ms": 29,
          "declared": 2,
          "group_index": 0,
          "peak": 2,
          "work_ms": 48,
        },
      ],
      "not_done": [
        {
          "reason": "failure: audit answered 503",
          "tool_id": "audit",
        },
      ],
      "parallelism": {
        "achieved": 1.1894736842105262,
        "busy_ms": 97,
        "idle_ms": 3,
        "peak": 2,
        "work_ms": 117,
      },
      "root_cause": "audit",
      "steps": [
        {
          "duration_ms": 19,
          "is_critical": false,
          "iteration": 1,
          "outcome": "success",
          "saves_ms": 0,
          "slack_ms": 77,
          "span_id": "007072696d617279",
          "start_ms": 1,
          "tool_id": "primary",
          "wait_ms": 1,
        },
      ],
      "verdict": "Failed after 100 ms: audit failed after 2 attempts (audit answered 503); publish did not run because of it. aggregate got nothing for limit: {secondary.data.limit} found nothing.",
      "what_if": {
        "ready_ms": 97,
        "widths": [
          {
            "ms": 117,
            "width": 1,
          },
        ],
        "without_retries": [
          {
            "iteration": 1,
            "saves_ms": 40,
            "tool_id": "audit",
          },
        ],
      },
    }
  `);
});
