import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderTimeline } from '../../src/cli/render-timeline.ts';
import { widthOf } from '../../src/cli/terminal-text.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { made, ours, overviewSpans } from '../explain/made-spans.ts';

const CHINESE = '查詢 資料庫';

describe('a run as text', () => {
  it('shows strategy, groups, bars, outcomes and data flow', () => {
    expect(draw(overviewSpans())).toMatchInlineSnapshot(`
      "ci-overview [dag] failed after 100 ms
      trace 0af7651916cd43dd8448eb211c80319c
      5 of 5 planned steps seen: 3 succeeded, 1 failed, 1 skipped
      failed: audit

                           0 ms                    50 ms              100 ms
      group 0 parallel     ├─────────────┤                                       29 ms
        ✓ primary          ██████████                                            19 ms
        ✓ secondary        ███████████████                                       29 ms
      group 1 parallel                    ├───────────────────────────────┤      68 ms
        ✓ aggregate                       ▏                                     1.0 ms
        ✗ audit                           █████████████████████████████████      68 ms
                           failed: audit answered 503
          ✗ attempt 1 of 2                ──────────                             20 ms
                           failed: audit answered 502
            GET /audit                    ─────────                              18 ms
              handle                       ────────                              16 ms
          ✗ attempt 2 of 2                                   ──────────────      28 ms
      group 2 serial                                                       │      0 ms
        - publish          skipped: dependency failed: audit

      data flow
        aggregate.ci_type_filter <- primary.data.rows[0].ci_type  (string, 6 bytes)
        aggregate.limit <- secondary.data.limit  (found nothing)"
    `);
  });

  it('fits a narrow terminal', () => {
    expect(draw(overviewSpans(), 40)).toMatchInlineSnapshot(`
      "ci-overview [dag] failed after 100 ms
      trace 0af7651916cd43dd8448eb211c80319c
      5 of 5 planned steps seen: 3 succeeded,
      1 failed, 1 skipped
      failed: audit

                       0 ms   100 ms
      group 0 parallel ├──┤              29 ms
        ✓ primary      ███               19 ms
        ✓ secondary    ████              29 ms
      group 1 parallel     ├───────┤     68 ms
        ✓ aggregate        ▏            1.0 ms
        ✗ audit            █████████     68 ms
                       failed: audit answered
                       503
          ✗ attempt 1…     ───           20 ms
                       failed: audit answered
                       502
            GET /audit     ──            18 ms
              handle       ──            16 ms
          ✗ attempt 2…          ────     28 ms
      group 2 serial               │      0 ms
        - publish      skipped: dependency
                       failed: audit

      data flow
        aggregate.ci_type_filter <-
        primary.data.rows[0].ci_type
        (string, 6 bytes)
        aggregate.limit <-
        secondary.data.limit  (found nothing)"
    `);
  });

  it('shows what a killed run meant to do, and claims no more than it knows', () => {
    const arrived = overviewSpans().filter(({ name }) => ['plan', 'step primary', 'step secondary'].includes(name));
    expect(draw(arrived)).toMatchInlineSnapshot(`
      "ci-overview [dag] has not ended, as far as spans arrived
      trace 0af7651916cd43dd8448eb211c80319c
      2 of 5 planned steps seen: 2 succeeded, 2 no span, 1 not started

                       0 ms                      15 ms                 30 ms
      group 0 parallel   ├─────────────────────────────────────────────────┤     29 ms
        ✓ primary        █████████████████████████████████                       19 ms
        ✓ secondary      ███████████████████████████████████████████████████     29 ms
      group 1 parallel
        · aggregate    no span: not started or not ended
        · audit        no span: not started or not ended
      group 2 serial
        · publish      not started: needs audit

      data flow
        aggregate.ci_type_filter <- primary.data.rows[0].ci_type  (not read)"
    `);
  });

  it('has no row for the only attempt of a step, unless it tells something else', () => {
    const attempt = (outcome: string, message?: string) =>
      ours('attempt', 'a1', {
        parent: 'step',
        ms: [2, 18],
        attributes: { attempt: 1, max_attempts: 3, outcome },
        status: message === undefined ? { code: 'unset' } : { code: 'error', message },
      });
    const others = [
      ours('run', 'run', { ms: [0, 20], attributes: { outcome: 'success' } }),
      ours('step', 'step', { parent: 'run', ms: [1, 19], attributes: { tool_id: 'fetch', outcome: 'success' } }),
      made('get', { parent: 'a1', name: 'GET', ms: [3, 17] }),
    ];
    const drawSteps = (one: ReceivedSpan): string =>
      draw([...others, one], 60)
        .split('\n')
        .slice(4)
        .join('\n');
    expect(drawSteps(attempt('success'))).toMatchInlineSnapshot(`
      "✓ fetch   ██████████████████████████████████████       18 ms
        GET         ──────────────────────────────           14 ms"
    `);
    expect(drawSteps(attempt('failure', 'busy'))).toMatchInlineSnapshot(`
      "✓ fetch              ███████████████████████████       18 ms
        ✗ attempt 1 of 3    ─────────────────────────        16 ms
                         failed: busy
          GET                 ─────────────────────          14 ms"
    `);
  });

  it('shows what is below a step whose own span did not arrive', () => {
    const spans = overviewSpans().filter(({ name }) => name !== 'step audit');
    const links = [
      {
        traceId: spans[0]!.traceId,
        spanId: overviewSpans().find(({ name }) => name === 'step audit')!.spanId,
        attributes: new Map([
          ['orchestration.tool_id', 'audit'],
          ['orchestration.link.type', 'depends_on'],
        ]),
      },
    ];
    const publish = spans.findIndex(({ name }) => name === 'step publish');
    spans[publish] = { ...spans[publish]!, links };
    const drawing = draw(spans);
    expect(drawing.slice(drawing.indexOf('  · audit'), drawing.indexOf('group 2'))).toMatchInlineSnapshot(`
      "  · audit            no span: it did not arrive
          ✗ attempt 1 of 2                ──────────                             20 ms
                           failed: audit answered 502
            GET /audit                    ─────────                              18 ms
              handle                       ────────                              16 ms
          ✗ attempt 2 of 2                                   ──────────────      28 ms
                           failed: audit answered 503
      "
    `);
  });

  it('shows bars that are too short to measure, spans without times and spans that end before they start', () => {
    const spans = [
      ours('run', 'run', { ms: [0, 1000], attributes: { 'plan.name': 'p', outcome: 'success' } }),
      step('zero', { ms: [500, 500] }),
      step('short', { ms: [500, 500.02] }),
      step('last', { ms: [1000, 1000] }),
      step('backwards', { ms: [600, 400] }),
      step('late', { ms: [990, 1500] }),
      step('timeless', { startNs: 0n, endNs: 0n }),
      made('GET', {
        parent: 'zero',
        ms: [500, 500],
        attributes: { 'url.path': '/audit', 'http.response.status_code': 503 },
      }),
    ];
    expect(draw(spans)).toMatchInlineSnapshot(`
      "p succeeded after 1.00 s
      trace 0af7651916cd43dd8448eb211c80319c
      note: backwards ends 200 ms before it starts
      note: late ends 500 ms after the span that it is in
      note: 1 span came without a start or an end

                       0 ms                      750 ms               1.50 s
      ✓ timeless
      ✓ zero                             ▏                                        0 ms
        GET /audit 503                   ·                                        0 ms
      ✓ short                            ▏                                     <0.1 ms
      ✓ backwards                           ▏                                     0 ms
      ✓ late                                              ██████████████████    510 ms
      ✓ last                                              ▏                       0 ms"
    `);
  });

  it('nests runs and unplanned steps, and counts spans that are too many', () => {
    const spans = [
      ours('run', 'run', {
        ms: [0, 100],
        attributes: { 'plan.name': 'outer', strategy: 'serial', outcome: 'success' },
      }),
      step('call', { ms: [0, 100] }),
      ours('run', 'in', {
        parent: 'call',
        ms: [10, 90],
        attributes: { 'plan.name': 'inner', outcome: 'cancellation' },
      }),
      step('deep', { parent: 'in', ms: [20, 80], attributes: { 'orchestration.outcome': 'cancellation' } }),
      ours('step', 'extra', {
        parent: 'call',
        ms: [91, 99],
        attributes: { tool_id: 'extra', planned: false, iteration: 2 },
      }),
      ...Array.from({ length: 8 }, (_, index) =>
        made(`query ${index}`, { parent: 'deep', ms: [30 + index, 40 + index] }),
      ),
    ];
    expect(draw(spans)).toMatchInlineSnapshot(`
      "outer [serial] succeeded after 100 ms
      trace 0af7651916cd43dd8448eb211c80319c

                               0 ms                  50 ms            100 ms
      ✓ call                   █████████████████████████████████████████████    100 ms
        ? extra #2 (unplanned)                                          ████    8.0 ms
        ⊘ run inner                 ────────────────────────────────────         80 ms
          ⊘ deep                        ███████████████████████████              60 ms
                               cancelled
            query 0                          ────                                10 ms
            query 1                          ────                                10 ms
            query 2                          ─────                               10 ms
            query 3                           ────                               10 ms
            query 4                           ─────                              10 ms
                               and 3 more spans"
    `);
  });

  it('measures names in columns', () => {
    const spans = [
      ours('run', 'run', { ms: [0, 10], attributes: { 'plan.name': CHINESE, outcome: 'success' } }),
      step(CHINESE, { ms: [0, 5] }),
      step('👩‍👩‍👧 e\u0301', { ms: [5, 10] }),
    ];
    expect(draw(spans, 50)).toMatchInlineSnapshot(`
      "查詢 資料庫 succeeded after 10 ms
      trace 0af7651916cd43dd8448eb211c80319c

                    0 ms                 10 ms
      ✓ 查詢 資料庫 █████████████                 5.0 ms
      ✓ 👩‍👩‍👧 é                     █████████████    5.0 ms"
    `);
  });
});

describe('names that mean harm', () => {
  const evil = '\x1b[2J\x1b]52;c;aGk=\x07\r\n\u202egnp\u2066\x9b31m\u{e0041}';

  it('cannot act on the terminal', () => {
    const spans = [
      ours('run', 'run', {
        ms: [0, 10],
        attributes: { 'plan.name': evil, strategy: evil, outcome: 'failure' },
        status: { code: 'error', message: evil },
      }),
      step(evil, {
        ms: [0, 5],
        attributes: {
          'orchestration.outcome': 'failure',
          'orchestration.mappings': JSON.stringify([{ field: evil, ref: evil, resolved: true, type: evil }]),
        },
        status: { code: 'error', message: evil },
      }),
      step('skipped', { attributes: { 'orchestration.outcome': 'skip', 'orchestration.skip_reason': evil } }),
      made(evil, { parent: 'run', attributes: { 'url.path': evil } }),
    ];
    const text = draw(spans, 120);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\u{e0041}]/u);
    expect(text).toContain(String.raw`\x1b[2J\x1b]52;c;aGk=\x07\x0d\n\u202egnp\u2066\x9b31m\u{e0041}`);
  });

  it('never make a line wider than the terminal', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(name, name, fc.integer({ min: 40, max: 200 }), (one, other, width) => {
        const spans = [
          ours('run', 'run', { ms: [0, 10], attributes: { 'plan.name': one, strategy: other, outcome: 'success' } }),
          step('a', { attributes: { 'orchestration.tool_id': one }, status: { code: 'error', message: other } }),
          step('b', {
            attributes: {
              'orchestration.tool_id': other,
              'orchestration.outcome': 'skip',
              'orchestration.skip_reason': one,
            },
          }),
        ];
        for (const line of draw(spans, width).split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 200 },
    );
  });
});

it('says the same with colour', () => {
  const [run] = reconstruct(overviewSpans());
  const colored = renderTimeline(run!, { width: 80, color: true });
  expect(colored).toContain('\x1b[31m');
  expect(stripVTControlCharacters(colored)).toBe(draw(overviewSpans()));
});

it('draws a chain of spans and of runs of any depth', () => {
  const spans = [ours('run', 'run', {}), step('s', {})];
  for (let index = 0; index < 20_000; index++) {
    spans.push(made(`d${index}`, { parent: index === 0 ? 's' : `d${index - 1}` }));
  }
  expect(draw(spans)).toContain('and more below');
});

function draw(spans: readonly ReceivedSpan[], width = 80): string {
  const [run] = reconstruct(spans);
  return renderTimeline(run!, { width, color: false })
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function step(id: string, { attributes, ...rest }: Parameters<typeof made>[1] & object): ReceivedSpan {
  return made(id, {
    parent: 'run',
    ...rest,
    attributes: {
      'orchestration.span.type': 'step',
      'orchestration.tool_id': id,
      'orchestration.outcome': 'success',
      ...attributes,
    },
  });
}
