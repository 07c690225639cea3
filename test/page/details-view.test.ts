import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { madeRunSpans } from '../explain/made-runs.ts';
import { ours } from '../explain/made-spans.ts';
import { traceOfNight } from './billing-runs.ts';
import { failedNight, fineNight, MATCH_ERROR, RATES_ERROR } from './nights.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { announced, detailsOf, expectText, expectTexts, factOf, queryOf, rowOf, sectionOf } from './parts.ts';

describe.skipIf(!hasBrowser)('the details', () => {
  useBrowser();

  it('tell all of the run where nothing is selected', async () => {
    await using opened = await openDetails('');
    const { page } = opened;
    await expectText(factOf(page, 'Usual'), '5.20 s, the median of 1 successful run');
    await expectText(factOf(page, 'Planned'), '8 of 8 steps seen');
    await expectText(factOf(page, 'orchestration.plan.name'), 'billing');
    await expectTexts(sectionOf(page, 'Critical path: 1.90 s').getByRole('listitem'), [
      'invoices 900 ms',
      'match 1.00 s',
    ]);
    await page.getByRole('button', { name: 'Copy the critical path' }).click();
    await announced(page, 'Copied the critical path.');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('invoices > match');
  });

  it('tell of a step what it needs, reads, waited for, tried and did', async () => {
    await using opened = await openDetails('step:rates');
    const { page } = opened;
    await expectText(detailsOf(page).locator('.error-text pre'), RATES_ERROR);
    await expectText(factOf(page, 'Took'), '850 ms usually 310 ms, 2.7 times as long as usual');
    await expectText(factOf(page, 'Slack'), '1.05 s longer would not have made the critical path longer');
    await expectText(factOf(page, 'Group'), 'group 0, parallel');
    await expectTexts(sectionOf(page, '3 attempts').getByRole('link'), ['attempt 1', 'attempt 2', 'attempt 3']);
    await expectTexts(sectionOf(page, 'Needed by 1').getByRole('link'), ['tax', 'data']);
    await expectText(factOf(page, 'orchestration.tool_type'), 'http');
    await expectText(factOf(page, 'service.version'), '2.0.0');
  });

  it('list the first of thousands of attempts, and count the others; the timeline draws what can be told apart', async () => {
    const spans = madeRunSpans({ ms: 5000, tools: { again: { ms: [0, 5000], attempts: 5000 } } });
    const attempts = Array.from({ length: 5000 }, (_, at) => {
      const attributes = { attempt: at + 1, outcome: 'failure' };
      return ours('attempt', `a${at}`, { parent: 'again.0', ms: [at, at + 0.5], attributes });
    });
    const path = `/run/${spans[0]?.traceId}?selected=step:again`;
    await using opened = await openPage([...spans, ...attempts], { path });
    const { page } = opened;
    await sectionOf(page, '5000 attempts').getByText('and 4,800 more').waitFor();
    expect(await sectionOf(page, '5000 attempts').getByRole('link').count()).toBe(200);
    const segments = rowOf(page, 'again').locator('.segment.is-work');
    expect(await segments.count()).toBeGreaterThan(100);
    expect(await segments.count()).toBeLessThan(1000);
  });

  it('lead to the pass of a loop that is meant: the last one where it is not done', async () => {
    const spans = madeRunSpans({
      ms: 440,
      outcome: 'failure',
      tools: {
        draft: { ms: [0, 100], passes: [[200, 300]] },
        review: { needs: ['draft'], ms: [100, 200], passes: [[320, 440]], outcome: 'failure', error: 'no reviewer' },
      },
    });
    await using opened = await openPage(spans, { path: `/run/${spans[0]?.traceId}?view=report` });
    const { page } = opened;
    const notDone = page
      .getByRole('article')
      .getByRole('heading', { name: /^not done/ })
      .locator('+ ul');
    await expectTexts(notDone.getByRole('listitem'), ['review#2 failed: no reviewer']);
    await sectionOf(page, 'Not done: 1').getByRole('link', { name: 'review#2' }).click();
    await expectText(factOf(page, 'Waited longest for'), 'draft#2 (100 ms)');
  });

  it('tell of an attempt why it failed, and lead to what it called', async () => {
    await using opened = await openDetails('step:rates');
    const { page } = opened;
    await sectionOf(page, '3 attempts').getByRole('link', { name: 'attempt 2' }).click();
    await expectHead(page, 'Attempt 2 of rates');
    await expectText(factOf(page, 'Started'), '300 ms after the start');
    await sectionOf(page, 'Inside: 1 span').getByRole('link').click();
    await expectText(factOf(page, 'http.response.status_code'), '503');
    expect(queryOf(page)['selected']).toMatch(/^span:/);
  });

  it('tell of a group what is in it, and how much of it ran at once', async () => {
    await using opened = await openDetails('group:0');
    const { page } = opened;
    await expectHead(page, 'Group 0');
    await expectText(factOf(page, 'At once'), 'at most 3 of 3, 2.4 on average');
    await expectTexts(sectionOf(page, '3 steps').getByRole('listitem'), [
      'customers 420 ms',
      'invoices 900 ms',
      'rates 850 ms',
    ]);
    await sectionOf(page, '3 steps').getByRole('link', { name: 'invoices' }).click();
    await expectHead(page, 'Step invoices');
  });

  it('tell of an edge what is read of whom', async () => {
    await using opened = await openDetails('step:match');
    const { page } = opened;
    await sectionOf(page, 'Needs 2').getByRole('link', { name: 'data, critical' }).click();
    await expectHead(page, 'Data invoices → match');
    await expectText(factOf(page, 'Declared'), 'in depends_on');
    await expectTexts(sectionOf(page, 'Reads').getByRole('row'), [
      'Field From Value',
      'open {invoices.data.rows} unknown',
    ]);
  });

  it('tell of a span of others its attributes, status and place', async () => {
    await using opened = await openDetails('step:match');
    const { page } = opened;
    await sectionOf(page, 'Inside: 2 spans').getByRole('link', { name: 'INSERT payments' }).click();
    await expectHead(page, 'Span INSERT payments');
    await expectText(factOf(page, 'Kind'), 'client');
    await expectText(factOf(page, 'Parent'), 'step match');
    await expectText(factOf(page, 'db.query.text'), 'INSERT INTO payments VALUES ($1, $2)');
    expect(await detailsOf(page).locator('.error-text pre').textContent()).toBe(MATCH_ERROR);
    await page.getByRole('button', { name: 'Copy the error' }).click();
    await announced(page, 'Copied the error.');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(MATCH_ERROR);
  });

  it('say what an address names and the run does not have', async () => {
    await using opened = await openDetails('step:nobody');
    await expectHead(opened.page, 'Nothing step:nobody');
  });

  it('stand in the address: a reload shows the same, back shows what was before', async () => {
    await using opened = await openDetails('');
    const { page } = opened;
    await rowOf(page, 'rates').click();
    await expectHead(page, 'Step rates');
    await detailsOf(page).getByRole('link', { name: 'tax' }).click();
    await expectHead(page, 'Step tax');
    await page.reload();
    await expectHead(page, 'Step tax');
    await page.goBack();
    await expectHead(page, 'Step rates');
    await page.goBack();
    await expectHead(page, 'Run billing');
  });

  it('close, and come back with what is selected', async () => {
    await using opened = await openDetails('');
    const { page } = opened;
    await page.getByRole('button', { name: 'Close the details' }).click();
    await detailsOf(page).waitFor({ state: 'detached' });
    await page.reload();
    await rowOf(page, 'match').waitFor();
    expect(await detailsOf(page).count()).toBe(0);
    await rowOf(page, 'match').click();
    await expectHead(page, 'Step match');
  });

  it('are as large as they are dragged', async () => {
    await using opened = await openDetails('');
    const { page } = opened;
    const line = page.getByRole('separator', { name: 'Size of the details' });
    const { x, y } = (await line.boundingBox())!;
    await page.mouse.move(x + 2, y + 100);
    await page.mouse.down();
    await page.mouse.move(x - 200, y + 100);
    await page.mouse.up();
    const width = async (): Promise<number> => Math.round((await detailsOf(page).boundingBox())!.width);
    const wide = await width();
    expect(wide).toBeGreaterThan(560);
    await page.reload();
    await expect.poll(width).toBe(wide);
  });
});

/** Opens the run of a night in which something failed, after one that was fine. */
function openDetails(selected: string): Promise<OpenPage> {
  const path = `/run/${traceOfNight(2)}?${new URLSearchParams({ selected }).toString()}`;
  return openPage([...fineNight(1), ...failedNight(2)], { path });
}

async function expectHead(page: Page, text: string): Promise<void> {
  await expectText(detailsOf(page).getByRole('heading', { level: 2 }), text);
}
