import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../../src/cli/report/render-markdown.ts';
import { reconstruct } from '../../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import { ours, overviewSpans } from '../../explain/made-spans.ts';
import { hostileSpans, planOf, slowSpans, step } from './made-runs.ts';

it('reads well in a pull request', () => {
  expect(withoutJoiners(markdown(overviewSpans()))).toMatchInlineSnapshot(`
    "**Failed after 100 ms: audit failed after 2 attempts (audit answered 503); publish did not run because of it. aggregate got nothing for limit: {secondary.data.limit} found nothing.**

    \`ci-overview\` · dag · 100 ms · 5 of 5 planned steps seen · trace \`0af7651916cd43dd8448eb211c80319c\`  
    Critical path: secondary \\> audit, 97 ms of 100 ms

    | step | took | waited | slack | outcome |
    | --- | ---: | ---: | ---: | --- |
    | **\`audit\`** | 68 ms |  | critical | ✗ failed |
    | **\`secondary\`** | 29 ms |  | critical | ✓ succeeded |
    | \`primary\` | 19 ms |  | 77 ms | ✓ succeeded |
    | \`aggregate\` | 1.0 ms |  | 67 ms | ✓ succeeded |

    - audit needed 2 attempts (audit answered 502), the last began 40 ms after the first
    - audit took 68 ms (68 % of the run)

    <details><summary>Details</summary>

    **planned and actual**

    - 1 skipped: publish

    **parallelism**

    - 1.2 steps at once on average while any ran, at most 2
    - group 0: at most 2 of 2 at once, 1.6 on average
    - group 1: at most 1 of 2 at once, 1.0 on average

    **what if**

    - with secondary twice as fast: about 15 ms less

    **done and not done**

    - done (3): primary, secondary, aggregate
    - not done (2): audit, publish

    </details>

    <details><summary>Timeline</summary>

    \`\`\`text
    ci-overview [dag] failed after 100 ms
    trace 0af7651916cd43dd8448eb211c80319c
    5 of 5 planned steps seen: 3 succeeded, 1 failed, 1 skipped

                         0 ms                              50 ms                        100 ms
    group 0 parallel      ├──────────────────┤                                                     29 ms
      ✓ primary          ·▒▒▒▒▒▒▒▒▒▒▒▒▒                                                            19 ms
      ✓ secondary        ·████████████████████                                                     29 ms
    group 1 parallel                          ├─────────────────────────────────────────────┤      68 ms
      ✓ aggregate                             ▒                                                   1.0 ms
      ✗ audit                                 ███████████████████████████████████████████████      68 ms
                         failed: audit answered 503
        ✗ attempt 1 of 2                      ──────────────                                       20 ms
                         failed: audit answered 502
          GET /audit                          ─────────────                                        18 ms
            handle                             ───────────                                         16 ms
        ✗ attempt 2 of 2                                                 ────────────────────      28 ms
    group 2 serial                                                                           │      0 ms
      - publish          skipped: dependency failed: audit
    █ critical path  ▒ other steps  · waited
    \`\`\`

    </details>

    <details><summary>Chart</summary>

    \`\`\`mermaid
    gantt
      dateFormat x
      axisFormat %S.%L s
      primary :1, 20
      secondary :crit, 1, 30
      aggregate :30, 31
      audit :crit, 30, 98
    \`\`\`

    </details>"
  `);
});

it('lists findings, and folds the rest', () => {
  const text = markdown(slowSpans());
  expect(text.slice(0, text.indexOf('<details>'))).toMatchInlineSnapshot(`
    "**Succeeded in 180 ms: fast had all it needs, but waited 90 ms for slow and the rest of the groups before it; without that about 60 ms less. Critical path slow \\> report, 120 ms.**

    \`daily\` · dag · 180 ms · 4 of 4 planned steps seen · trace \`0af7651916cd43dd8448eb211c80319c\`  
    Critical path: slow \\> report, 120 ms of 180 ms

    | step | took | waited | slack | outcome |
    | --- | ---: | ---: | ---: | --- |
    | **\`slow\`** | 100 ms |  | critical | ✓ succeeded |
    | \`fast\` | 60 ms | 90 ms (group) | 30 ms | ✓ succeeded |
    | **\`report\`** | 20 ms |  | critical | ✓ succeeded |
    | \`load\` | 10 ms |  | 30 ms | ✓ succeeded |

    - fast had all it needs, but waited 90 ms for slow and the rest of the groups before it; without that about 60 ms less
    - slow took 100 ms (56 % of the run); twice as fast about 50 ms less

    "
  `);
});

it('tells of each step its own outcome, though it shares tool and pass with another', () => {
  const failed = { 'orchestration.tool_id': 'load', 'orchestration.outcome': 'failure' };
  const text = markdown([
    ours('run', 'run', { ms: [0, 100], attributes: { 'plan.name': 'twice', outcome: 'failure' } }),
    step('s1', { ms: [0, 60], attributes: failed }),
    step('s2', { ms: [0, 40], attributes: { 'orchestration.tool_id': 'load' } }),
  ]);
  expect(text.match(/^\| .*`load`.*$/gm)?.map((row) => row.split(' | ').at(-1))).toEqual([
    '✗ failed |',
    '✓ succeeded |',
  ]);
});

it('counts steps that are too many, and draws no chart of them', () => {
  const ids = Array.from({ length: 40 }, (_, index) => `t${index}`);
  const text = markdown([
    ours('run', 'run', { ms: [0, 4000], attributes: { 'plan.name': 'many', outcome: 'success' } }),
    ours('plan', 'plan', {
      parent: 'run',
      attributes: { execution_plan: planOf(...ids.map((tool_id) => [{ tool_id }])) },
    }),
    ...ids.map((id, index) => step(id, { ms: [index * 100, index * 100 + 90] })),
  ]);
  expect(text).toContain('\n10 more steps, none longer\n');
  expect(text).not.toContain('mermaid');
});

describe('names that mean harm', () => {
  const evil =
    '@octocat #1 GH-1 [a](https://evil.test) www.evil.test <img src=x> `code` ``` | *b* \\| | ![i](x) $x$ ~~s~~\n# h';

  it('are neither markup, HTML, mentions nor links', () => {
    const text = markdown(hostileSpans(evil));
    const prose = withoutCode(text);
    expect(prose).not.toMatch(/@octocat|#1\b|GH-1|:\/\/|www\.evil|^# h/m);
    expect(prose).not.toMatch(
      /(?<!\\)[<[|`*](?!\/?details|\/?summary)(?<!\n\|)(?<! \|)(?<!\*\*)(?<!\*)(?=img|a\]|i\])/,
    );
    expect(prose.match(/(?<!\\)<[^>]*>/g)?.every((tag) => /^<\/?(details|summary)>$/.test(tag))).toBe(true);
  });

  it('leave the table a table', () => {
    const rows = markdown(hostileSpans(evil))
      .split('\n')
      .filter((line) => line.startsWith('|'));
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
    expect(rows).toHaveLength(4);
  });

  it('do not end the block of the timeline', () => {
    const text = markdown(hostileSpans('```\n````'));
    const [, fence] = /^(`+)text$/m.exec(text)!;
    expect(text.split('\n').filter((line) => line === fence)).toHaveLength(1);
    expect(text.trimEnd().endsWith('</details>')).toBe(true);
  });

  it('are nothing in a chart but letters', () => {
    const [, chart] = /```mermaid\n(.*?)\n```/s.exec(markdown(hostileSpans('a:b;c#d "e" %%{init}%% <b>')))!;
    expect(withoutJoiners(chart!)).toMatchInlineSnapshot(`
      "gantt
        dateFormat x
        axisFormat %S.%L s
        a b c d e init b :0, 40
        a b c d e init b 2 :50, 90"
    `);
  });

  it.each(['title', 'Section x', 'call', 'weekend friday', 'axisFormat', '2026-01-02'])(
    'are no words of the grammar of a chart: %s',
    (name) => {
      const [, bar] = /^ {2}(.*) :0, 40$/m.exec(markdown(hostileSpans(name)))!;
      expect(bar).toBe(`\u2060${name}`);
    },
  );
});

/** Without the invisible signs before names in a chart. */
function withoutJoiners(text: string): string {
  return text.replaceAll('\u2060', '');
}

/** Without spans and blocks of code, where nothing is read as Markdown. */
function withoutCode(text: string): string {
  return text.replaceAll(/^(`{3,})\w+\n.*?\n\1$/gms, '').replaceAll(/(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
}

function markdown(spans: readonly ReceivedSpan[]): string {
  const [run] = reconstruct(spans);
  return renderMarkdown(run!);
}
