import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderReport } from '../../../src/cli/report/render-report.ts';
import { widthOf } from '../../../src/cli/terminal-text.ts';
import { reconstruct } from '../../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import { madeRunSpans } from '../../explain/made-runs.ts';
import { ours, overviewSpans } from '../../explain/made-spans.ts';
import { hostileSpans, planOf, slowSpans, step } from './made-runs.ts';

describe('a report as text', () => {
  it('says first what failed, then draws the run, then what else is worth knowing', () => {
    expect(report(overviewSpans(), 100)).toMatchInlineSnapshot(`
      "Failed after 100 ms: audit failed after 2 attempts (audit answered 503); publish did not run
      because of it. aggregate got nothing for limit: {secondary.data.limit} found nothing.

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

      what took time
        - audit needed 2 attempts (audit answered 502), the last began 40 ms after the first
        - audit took 68 ms (68 % of the run)

      critical path
        secondary > audit, 97 ms of 100 ms
        step         took     slack
        audit       68 ms  critical
        secondary   29 ms  critical
        primary     19 ms     77 ms
        aggregate  1.0 ms     67 ms

      planned and actual
        - 1 skipped: publish

      parallelism
        - 1.2 steps at once on average while any ran, at most 2
        - group 0: at most 2 of 2 at once, 1.6 on average
        - group 1: at most 1 of 2 at once, 1.0 on average

      what if
        - with secondary twice as fast: about 15 ms less

      done and not done
        - done (3): primary, secondary, aggregate
        - not done (2): audit, publish"
    `);
  });

  it('fits a narrow terminal', () => {
    expect(report(overviewSpans(), 60)).toMatchInlineSnapshot(`
      "Failed after 100 ms: audit failed after 2 attempts (audit
      answered 503); publish did not run because of it. aggregate
      got nothing for limit: {secondary.data.limit} found nothing.

      ci-overview [dag] failed after 100 ms
      trace 0af7651916cd43dd8448eb211c80319c
      5 of 5 planned steps seen: 3 succeeded, 1 failed, 1 skipped

                           0 ms                   100 ms
      group 0 parallel     ├───────┤                         29 ms
        ✓ primary          ▒▒▒▒▒▒                            19 ms
        ✓ secondary        █████████                         29 ms
      group 1 parallel              ├─────────────────┤      68 ms
        ✓ aggregate                 ▏                       1.0 ms
        ✗ audit                     ███████████████████      68 ms
                           failed: audit answered 503
          ✗ attempt 1 of 2          ──────                   20 ms
                           failed: audit answered 502
            GET /audit              ─────                    18 ms
              handle                ─────                    16 ms
          ✗ attempt 2 of 2                     ────────      28 ms
      group 2 serial                                   │      0 ms
        - publish          skipped: dependency failed: audit
      █ critical path  ▒ other steps  · waited

      what took time
        - audit needed 2 attempts (audit answered 502), the last
          began 40 ms after the first
        - audit took 68 ms (68 % of the run)

      critical path
        secondary > audit, 97 ms of 100 ms
        step         took     slack
        audit       68 ms  critical
        secondary   29 ms  critical
        primary     19 ms     77 ms
        aggregate  1.0 ms     67 ms

      planned and actual
        - 1 skipped: publish

      parallelism
        - 1.2 steps at once on average while any ran, at most 2
        - group 0: at most 2 of 2 at once, 1.6 on average
        - group 1: at most 1 of 2 at once, 1.0 on average

      what if
        - with secondary twice as fast: about 15 ms less

      done and not done
        - done (3): primary, secondary, aggregate
        - not done (2): audit, publish"
    `);
  });

  it('shows what steps waited for, what it cost, and what would help', () => {
    expect(report(slowSpans(), 100)).toMatchInlineSnapshot(`
      "Succeeded in 180 ms: fast had all it needs, but waited 90 ms for slow and the rest of the groups
      before it; without that about 60 ms less. Critical path slow > report, 120 ms.

      daily [dag] succeeded after 180 ms
      trace 0af7651916cd43dd8448eb211c80319c
      4 of 4 planned steps seen: 4 succeeded

                       0 ms                                90 ms                          180 ms
      group 0 parallel ├───────────────────────────────────────┤                                    100 ms
        ✓ load         ▒▒▒▒                                                                          10 ms
        ✓ slow         █████████████████████████████████████████                                    100 ms
      group 1 serial                                            ├──────────────────────┤             60 ms
        ✓ fast             ·····································▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒             60 ms
      group 2 serial                                                                    ├──────┤     20 ms
        ✓ report                                                                        ████████     20 ms
      █ critical path  ▒ other steps  · waited

      what took time
        - fast had all it needs, but waited 90 ms for slow and the rest of the groups before it; without
          that about 60 ms less
        - slow took 100 ms (56 % of the run); twice as fast about 50 ms less

      critical path
        slow > report, 120 ms of 180 ms
        step      took         waited     slack
        slow    100 ms                 critical
        fast     60 ms  90 ms (group)     30 ms
        report   20 ms                 critical
        load     10 ms                    30 ms

      parallelism
        - group 0: at most 2 of 2 at once, 1.1 on average
        - steps waited 90 ms in total for groups that they do not need, which cost the run 60 ms

      what if
        - with each step started as soon as what it needs has ended: 120 ms
        - with fast twice as fast: about 30 ms less
        - with report twice as fast: about 10 ms less"
    `);
  });

  it('is short for a small run that went well', () => {
    const spans = [
      ours('run', 'run', { ms: [0, 20], attributes: { 'plan.name': 'small', strategy: 'dag', outcome: 'success' } }),
      ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: planOf([{ tool_id: 'only' }]) } }),
      step('only', { ms: [0, 20], attributes: { 'orchestration.group_index': 0 } }),
    ];
    expect(report(spans, 60)).toMatchInlineSnapshot(`
      "Succeeded in 20 ms: only took 20 ms (100 % of the run).

      small [dag] succeeded after 20 ms
      trace 0af7651916cd43dd8448eb211c80319c
      1 of 1 planned steps seen: 1 succeeded

                     0 ms                          20 ms
      group 0 serial ├─────────────────────────────────┤     20 ms
        ✓ only       ███████████████████████████████████     20 ms

      what took time
        - only took 20 ms (100 % of the run); twice as fast about
          10 ms less"
    `);
  });

  it('of a run that was killed says what ran last', () => {
    const arrived = overviewSpans().filter(({ name }) => ['plan', 'step primary', 'step secondary'].includes(name));
    expect(report(arrived, 60)).toMatchInlineSnapshot(`
      "No end of the run arrived: 2 of 5 planned steps ended, the
      last 30 ms after the start. aggregate and audit could run,
      and no end of them arrived. 1 more step waited for them.

      ci-overview [dag] has not ended, as far as spans arrived
      trace 0af7651916cd43dd8448eb211c80319c
      2 of 5 planned steps seen: 2 succeeded, 2 no span, 1 not
      started

                       0 ms                        30 ms
      group 0 parallel  ├──────────────────────────────┤     29 ms
        ✓ primary      ·█████████████████████                19 ms
        ✓ secondary    ·████████████████████████████████     29 ms
      group 1 parallel
        · aggregate    no span: not started or not ended
        · audit        no span: not started or not ended
      group 2 serial
        · publish      not started: needs audit
      · waited

      planned and actual
        - 3 without a span so far: aggregate, audit, publish

      parallelism
        - group 0: at most 2 of 2 at once, 1.6 on average

      done and not done
        - done (2): primary, secondary
        - not done (3): aggregate, audit, publish"
    `);
  });

  it('gives a run inside a step its verdict in a line', () => {
    const spans = [
      ours('run', 'run', { ms: [0, 100], attributes: { 'plan.name': 'outer', outcome: 'success' } }),
      step('call', { ms: [0, 100] }),
      ours('run', 'in', { parent: 'call', ms: [10, 90], attributes: { 'plan.name': 'inner', outcome: 'failure' } }),
      step('deep', {
        parent: 'in',
        ms: [20, 80],
        attributes: { 'orchestration.outcome': 'failure' },
        status: { code: 'error', message: 'no disk' },
      }),
    ];
    expect(report(spans, 80)).toContain(
      ['runs inside', '  - inner: Failed after 80 ms: deep failed (no disk).'].join('\n'),
    );
  });

  it('counts steps that are too many', () => {
    const ids = Array.from({ length: 60 }, (_, index) => `t${index}`);
    const spans = [
      ours('run', 'run', {
        ms: [0, 6000],
        attributes: { 'plan.name': 'many', strategy: 'serial', outcome: 'success' },
      }),
      ours('plan', 'plan', {
        parent: 'run',
        attributes: {
          execution_plan: planOf(
            ...ids.map((tool_id, index) => [{ tool_id, depends_on: index === 0 ? [] : [`t${index - 1}`] }]),
          ),
        },
      }),
      ...ids.map((id, index) => step(id, { ms: [index * 100, index * 100 + 40 + index] })),
    ];
    const text = report(spans, 80);
    expect(text).toContain('  t0 > t1 > t2 > t3 > t4 > … > t55 > t56 > t57 > t58 > t59 (60 steps)');
    expect(text).toContain('\n  and 40 more, none longer\n');
  });

  it('shows the steps of a large run that matter, and counts the others', () => {
    const ids = Array.from({ length: 2_000 }, (_, index) => `t${index}`);
    const spans = [
      ours('run', 'run', { ms: [0, 900], attributes: { 'plan.name': 'large', strategy: 'dag', outcome: 'failure' } }),
      ours('plan', 'plan', {
        parent: 'run',
        attributes: { execution_plan: planOf(ids.map((tool_id) => ({ tool_id }))) },
      }),
      ...ids.map((id, index) =>
        step(id, {
          ms: [0, index === 777 ? 900 : 100],
          attributes: {
            'orchestration.group_index': 0,
            'orchestration.outcome': index === 5 ? 'failure' : 'success',
          },
        }),
      ),
    ];
    const text = report(spans, 80);
    expect(text).toMatch(/\n {2}✗ t5 .*\n.*failed\n/);
    expect(text).toMatch(/\n {2}✓ t777 /);
    expect(text).toContain('\nand 1940 more steps\n');
    expect(text.split('\n').length).toBeLessThan(120);
  });

  it('says the same with colour', () => {
    const [run] = reconstruct(overviewSpans());
    const colored = renderReport(run!, { width: 100, color: true });
    expect(colored).toContain('\x1b[1mFailed after');
    const plain = stripVTControlCharacters(colored).replaceAll(/ +$/gm, '');
    expect(plain).toBe(report(overviewSpans(), 100));
  });
});

it('names the steps of which no span arrived', () => {
  const tools = {
    fetch: { ms: [0, 5] as const },
    rank: { needs: ['fetch'] },
    write: { needs: ['rank'], ms: [9, 12] as const },
  };
  expect(report(madeRunSpans({ ms: 12, tools }), 100)).toContain('\n  - no span of rank arrived\n');
  const nameless = { ...tools, '': { needs: ['fetch'] } };
  expect(report(madeRunSpans({ ms: 12, tools: nameless }), 100)).toContain('no span of rank, (no name) arrived\n');
});

describe('names that mean harm', () => {
  it('cannot act on the terminal', () => {
    const text = report(hostileSpans('\x1b[2J\x1b]52;c;aGk=\x07\r\n\u202egnp\u2066\x9b31m\u{e0041}'), 100);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\u{e0041}]/u);
  });

  it('never make a line wider than the terminal', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(name, fc.integer({ min: 40, max: 140 }), (evil, width) => {
        for (const line of report(hostileSpans(evil), width).split('\n'))
          expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 100 },
    );
  });
});

function report(spans: readonly ReceivedSpan[], width: number): string {
  const [run] = reconstruct(spans);
  return renderReport(run!, { width, color: false }).replaceAll(/ +$/gm, '');
}
