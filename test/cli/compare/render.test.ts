import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { baselineToJson, comparisonToJson } from '../../../src/cli/compare/comparison-json.ts';
import { renderMarkdown } from '../../../src/cli/compare/render-markdown.ts';
import { renderText } from '../../../src/cli/compare/render-text.ts';
import { widthOf } from '../../../src/cli/terminal-text.ts';
import { baselineOf } from '../../../src/explain/compare/baseline.ts';
import { compareRuns } from '../../../src/explain/compare/compare.ts';
import { compareWithBaseline } from '../../../src/explain/compare/compare-baseline.ts';
import type { Run } from '../../../src/explain/read/run.ts';
import { tellBaseline } from '../../../src/explain/tell/tell-baseline.ts';
import { tellComparison } from '../../../src/explain/tell/tell-comparison.ts';
import { madeRun, type MadeTool } from '../../explain/made-runs.ts';

const TOOLS: Record<string, MadeTool> = {
  fetch: { ms: [0, 2000] },
  rank: { needs: ['fetch'], ms: [2000, 6000] },
  audit: { needs: ['fetch'], ms: [2000, 3000] },
  notify: { needs: ['fetch'], ms: [2000, 2500] },
  write: { needs: ['rank'], ms: [6000, 8000] },
};
const before = madeRun({ ms: 8100, tools: TOOLS });
const after = madeRun({
  ms: 12_300,
  at: 60_000,
  tools: {
    fetch: { ms: [0, 2000] },
    rank: { needs: ['fetch'], ms: [2000, 9900], attempts: 3 },
    audit: { needs: ['fetch'], ms: [2000, 2900], outcome: 'failure', error: '503' },
    write: { needs: ['rank'], ms: [9900, 12_200] },
    publish: { needs: ['write'], ms: [12_200, 12_250] },
  },
});
const many = [0, 100, 200].map((more) => madeRun({ ms: 8100 + more, tools: TOOLS, at: more }));
/** Names that would do something to a terminal, or to a page. */
const EVIL = '\u001b[2J<img src=x>|@me `x` \u202e';
const evil = madeRun({ ms: 10, name: EVIL, strategy: EVIL, tools: { [EVIL]: { ms: [0, 10], type: EVIL } } });

describe('two runs as text', () => {
  it('are a summary, a table of what changed, and what else did', () => {
    expect(textOfRuns(before, after, 100)).toMatchInlineSnapshot(`
      "4.20 s longer (+52 %): rank took 3.90 s longer, 3 attempts instead of 1. audit failed, succeeded
      before.

      before  nightly [dag] succeeded, 2026-11-23 00:00:00 UTC, trace 0af7651916cd43dd8448eb211c80319c
      after   nightly [dag] succeeded, 2026-11-23 00:01:00 UTC, trace 0af7651916cd43dd8448eb211c80319c

                     before     after           change
      the run        8.10 s    12.3 s  +4.20 s (+52 %)
      critical path  8.00 s    12.3 s  +4.25 s (+53 %)
      audit          1.00 s  900 ms ✗  -100 ms (-10 %)  failed, succeeded before
      rank           4.00 s    7.90 s  +3.90 s (+98 %)  3 attempts instead of 1
      notify         500 ms                             gone from the plan
      write          2.00 s    2.30 s  +300 ms (+15 %)
      publish                   50 ms                   new in the plan
      1 step changed by less than 123 ms, or not at all

      where the change is
        - +3.90 s: rank took 3.90 s longer, 3 attempts instead of 1
        - +300 ms: write took 300 ms longer

      the plan
        - publish is new
        - notify is gone

      critical path
        - before: fetch > rank > write
        - after: fetch > rank > write > publish"
    `);
  });

  it('fit a narrow terminal', () => {
    expect(textOfRuns(before, after, 60)).toMatchInlineSnapshot(`
      "4.20 s longer (+52 %): rank took 3.90 s longer, 3 attempts
      instead of 1. audit failed, succeeded before.

      before  nightly [dag] succeeded, 2026-11-23 00:00:00 UTC,
              trace 0af7651916cd43dd8448eb211c80319c
      after   nightly [dag] succeeded, 2026-11-23 00:01:00 UTC,
              trace 0af7651916cd43dd8448eb211c80319c

                     before     after           change
      the run        8.10 s    12.3 s  +4.20 s (+52 %)
      critical path  8.00 s    12.3 s  +4.25 s (+53 %)
      audit          1.00 s  900 ms ✗  -100 ms (-10 %)
          failed, succeeded before
      rank           4.00 s    7.90 s  +3.90 s (+98 %)
          3 attempts instead of 1
      notify         500 ms
          gone from the plan
      write          2.00 s    2.30 s  +300 ms (+15 %)
      publish                   50 ms
          new in the plan
      1 step changed by less than 123 ms, or not at all

      where the change is
        - +3.90 s: rank took 3.90 s longer, 3 attempts instead of
          1
        - +300 ms: write took 300 ms longer

      the plan
        - publish is new
        - notify is gone

      critical path
        - before: fetch > rank > write
        - after: fetch > rank > write > publish"
    `);
  });

  it('that are the same say so and little else', () => {
    expect(textOfRuns(before, before, 100)).toMatchInlineSnapshot(`
      "Nothing changed: 8.10 s, 5 steps.

      before  nightly [dag] succeeded, 2026-11-23 00:00:00 UTC, trace 0af7651916cd43dd8448eb211c80319c
      after   nightly [dag] succeeded, 2026-11-23 00:00:00 UTC, trace 0af7651916cd43dd8448eb211c80319c

                     before   after
      the run        8.10 s  8.10 s
      critical path  8.00 s  8.00 s
      5 steps changed by less than 81 ms, or not at all

      critical path
        - fetch > rank > write, as before"
    `);
  });

  it('say what cannot be compared', () => {
    const open = madeRun({ ms: undefined, tools: { fetch: { ms: [0, 9000] }, rank: { needs: ['fetch'] } } });
    expect(textOfRuns(before, open, 100)).toMatchInlineSnapshot(`
      "No end of the run after arrived: durations and critical paths are not compared. Of the steps, fetch
      changed most: 7.00 s longer.

      before  nightly [dag] succeeded, 2026-11-23 00:00:00 UTC, trace 0af7651916cd43dd8448eb211c80319c
      after   nightly [dag] has not ended, 2026-11-23 00:00:00 UTC, trace 0af7651916cd43dd8448eb211c80319c

              before   after            change
      fetch   2.00 s  9.00 s  +7.00 s (+350 %)
      rank    4.00 s                            no span arrived
      write   2.00 s                            gone from the plan
      audit   1.00 s                            gone from the plan
      notify  500 ms                            gone from the plan

      the plan
        - audit is gone
        - notify is gone
        - write is gone

      not compared
        - no end of the run after arrived: durations and critical paths are not compared"
    `);
  });

  it('have the biggest change first, and count what is not shown', () => {
    const wide = (slower: number): Run =>
      madeRun({
        ms: 1000,
        tools: Object.fromEntries(
          Array.from({ length: 30 }, (_, index) => [`t${index}`, { ms: [0, 100 + slower * index] } as const]),
        ),
      });
    const lines = textOfRuns(wide(0), wide(20), 100).split('\n');
    const rows = lines.filter((line) => /^t\d/.test(line)).map((line) => line.split(/ +/)[0]);
    expect(rows).toEqual(Array.from({ length: 20 }, (_, index) => `t${29 - index}`));
    expect(lines).toContain('9 more steps changed less; 1 step changed by less than 10 ms, or not at all');
  });

  it('tell tools that only moved together', () => {
    const chain = (first: Record<string, MadeTool>, root: string[]): Run =>
      madeRun({
        ms: 10,
        tools: { ...first, a: { needs: root }, b: { needs: ['a'] }, c: { needs: ['b'] }, d: { needs: ['c'] } },
      });
    const { sections } = tellComparison(compareRuns(chain({}, []), chain({ z: {} }, ['z'])));
    expect(sections.find(({ title }) => title === 'the plan')?.lines).toEqual([
      'z is new',
      'a depends on z instead of nothing',
      '4 tools are in other groups',
    ]);
  });
});

describe('a run against many as text', () => {
  it('is a table of medians and ranges', () => {
    const comparison = compareWithBaseline(baselineOf(many), after);
    expect(renderText(tellBaseline(comparison, 20), { width: 100, color: false })).toMatchInlineSnapshot(`
      "4.10 s longer than the median of 3 runs (+50 %), and longer than any of them. audit failed, as in
      none of 3 runs before.

      before  3 runs of nightly that succeeded (20 were asked for)
      after   nightly [dag] succeeded, 2026-11-23 00:01:00 UTC, trace 0af7651916cd43dd8448eb211c80319c

                     median             range     after           change
      the run        8.20 s  8.10 s to 8.30 s    12.3 s  +4.10 s (+50 %)
      critical path  8.00 s                      12.3 s  +4.25 s (+53 %)
      audit          1.00 s                    900 ms ✗  -100 ms (-10 %)  failed, before in 0 of 3 runs
      rank           4.00 s                      7.90 s  +3.90 s (+98 %)  3 attempts
      notify         500 ms                                               ran in 3 of 3 runs
      write          2.00 s                      2.30 s  +300 ms (+15 %)
      publish                                     50 ms                   ran in none of the runs before
      1 step within what was usual, or less than 82 ms from it

      the plan
        - publish is new
        - notify is gone"
    `);
  });
});

describe('Markdown', () => {
  it('has the summary first, then the rules that fail, and a table', () => {
    const failed = ['duration>+20%: the run took 12.3 s, 4.20 s (52 %) more than the run before'];
    expect(renderMarkdown(tellComparison(compareRuns(before, after)), failed)).toMatchInlineSnapshot(`
      "**4.20 s longer (+52 %): rank took 3.90 s longer, 3 attempts instead of 1. audit failed, succeeded before.**

      - ❌ duration\\>+20%: the run took 12.3 s, 4.20 s (52 %) more than the run before

      before: nightly \\[dag\\] succeeded, 2026-11-23 00:00:00 UTC, trace 0af7651916cd43dd8448eb211c80319c  
      after: nightly \\[dag\\] succeeded, 2026-11-23 00:01:00 UTC, trace 0af7651916cd43dd8448eb211c80319c

      | step | before | after | change | note |
      | --- | ---: | ---: | ---: | --- |
      | **the run** | **8.10 s** | **12.3 s** | **+4.20 s (+52 %)** |  |
      | **critical path** | **8.00 s** | **12.3 s** | **+4.25 s (+53 %)** |  |
      | \`audit\` | 1.00 s | 900 ms ✗ | -100 ms (-10 %) | failed, succeeded before |
      | \`rank\` | 4.00 s | 7.90 s | +3.90 s (+98 %) | 3 attempts instead of 1 |
      | \`notify\` | 500 ms |  |  | gone from the plan |
      | \`write\` | 2.00 s | 2.30 s | +300 ms (+15 %) |  |
      | \`publish\` |  | 50 ms |  | new in the plan |

      1 step changed by less than 123 ms, or not at all.

      **where the change is**

      - +3.90 s: rank took 3.90 s longer, 3 attempts instead of 1
      - +300 ms: write took 300 ms longer

      **the plan**

      - publish is new
      - notify is gone

      **critical path**

      - before: fetch \\> rank \\> write
      - after: fetch \\> rank \\> write \\> publish"
    `);
  });
});

describe('names of others', () => {
  const views = [
    tellComparison(compareRuns(before, evil)),
    tellComparison(compareRuns(evil, before)),
    tellComparison(compareRuns(evil, evil)),
    tellBaseline(compareWithBaseline(baselineOf([evil]), before), 1),
    tellBaseline(compareWithBaseline(baselineOf([before]), evil), 1),
  ];

  it.each([40, 60, 100])('do nothing to a terminal of %i columns, nor leave it', (width) => {
    for (const view of views) {
      const lines = renderText(view, { width, color: false }).split('\n');
      expect(lines.filter((line) => /[\p{Cc}\u202e]/u.test(line))).toEqual([]);
      expect(lines.filter((line) => widthOf(line) > width)).toEqual([]);
    }
  });

  it('are text in Markdown: no HTML, no mention, no cell of their own', () => {
    for (const view of views) {
      const text = renderMarkdown(view, [EVIL]);
      expect(text.replaceAll(/(`+).*?[^`]\1(?!`)/g, '')).not.toMatch(/(?<!\\)<|@me/);
      const table = text.split('\n').filter((line) => line.startsWith('| '));
      const cells = table.map((line) => line.split(/(?<!\\)\|/).length);
      expect(new Set(cells).size).toBeLessThanOrEqual(1);
    }
  });
});

describe('JSON', () => {
  it('of two runs has everything, in snake_case and milliseconds', () => {
    const json = comparisonToJson(compareRuns(before, after), ['a rule']);
    expect(Object.keys(json)).toMatchInlineSnapshot(`
      [
        "summary",
        "against",
        "before",
        "after",
        "duration_ms",
        "critical_path_ms",
        "critical_path",
        "wait_ms",
        "shares",
        "steps",
        "only_before",
        "only_after",
        "plan_changes",
        "not_compared",
        "failed_rules",
      ]
    `);
    expect(json).toMatchObject({
      against: 'run',
      before: { plan_name: 'nightly', outcome: 'success', duration_ms: 8100, planned_steps: 5, seen_steps: 5 },
      duration_ms: { before: 8100, after: 12_300, change: 4200 },
      critical_path: { before: [{ tool_id: 'fetch', iteration: 1 }, { tool_id: 'rank' }, { tool_id: 'write' }] },
      only_after: [{ tool_id: 'publish', iteration: 1, outcome: 'success', duration_ms: 50, reason: 'not_planned' }],
      failed_rules: ['a rule'],
    });
    expect((json['steps'] as object[])[1]).toEqual({
      tool_id: 'rank',
      iteration: 1,
      outcome: { before: 'success', after: 'success' },
      attempts: { before: 1, after: 3, change: 2, ratio: 3 },
      start_ms: { before: 2000, after: 2000, change: 0, ratio: 1 },
      duration_ms: { before: 4000, after: 7900, change: 3900, ratio: 1.975 },
      wait_ms: { before: 0, after: 0, change: 0, ratio: undefined },
    });
    expect((json['shares'] as object[])[1]).toMatchObject({
      kind: 'step',
      total_ms: { change: 3900 },
      gap_ms: { change: 0 },
    });
    expect(keysOf(json).filter((key) => /[A-Z]/.test(key))).toEqual([]);
  });

  it('of a run against many has medians and ranges', () => {
    const json = baselineToJson(compareWithBaseline(baselineOf(many), after), []);
    expect(Object.keys(json)).toMatchInlineSnapshot(`
      [
        "summary",
        "against",
        "baseline",
        "after",
        "duration_ms",
        "critical_path_ms",
        "wait_ms",
        "steps",
        "only_before",
        "only_after",
        "plan_changes",
        "not_compared",
        "failed_rules",
      ]
    `);
    expect(json).toMatchObject({
      against: 'baseline',
      baseline: { runs: 3, succeeded: 3, unended: 0 },
      duration_ms: { after: 12_300, median: 8200, min: 8100, max: 8300, change: 4100, ratio: 1.5, place: 'above' },
      only_before: [{ tool_id: 'notify', skipped: false, baseline: { ran: 3, failed: 0, skipped: 0 } }],
    });
    expect(keysOf(json).filter((key) => /[A-Z]/.test(key))).toEqual([]);
  });

  it('has its fields in the README', () => {
    const readme = readFileSync('README.md', 'utf8').split('### A comparison')[1]!;
    const open = madeRun({ ms: 10, tools: {}, error: 'e', outcome: 'failure' });
    const jsons = [
      comparisonToJson(compareRuns(before, after), []),
      comparisonToJson(compareRuns(open, before), []),
      baselineToJson(compareWithBaseline(baselineOf(many), after), []),
    ];
    for (const key of new Set(jsons.flatMap(keysOf)))
      expect(readme).toMatch(new RegExp(`[\`{ ]${key}(\\[\\])?[\`, }]`));
  });
});

function textOfRuns(one: Run, two: Run, width: number): string {
  return renderText(tellComparison(compareRuns(one, two)), { width, color: false });
}

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(inner)]);
}
