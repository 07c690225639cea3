import { describe, expect, it } from 'vitest';
import { traceOfNight } from './billing-runs.ts';
import { failedNight, MATCH_ERROR, RATES_ERROR, slowNight } from './nights.ts';
import { hasBrowser, openPage, useBrowser } from './open-page.ts';
import { announced, detailsOf, expectText, expectTexts, queryOf } from './parts.ts';

describe.skipIf(!hasBrowser)('the report', () => {
  useBrowser();

  it('says what took time and what would help, and leads to the steps', async () => {
    await using opened = await openPage(slowNight(1), { path: `/run/${traceOfNight(1)}?view=report` });
    const { page } = opened;
    const report = page.getByRole('article');
    await expectTexts(report.getByRole('heading', { level: 2 }), ['Critical path', 'What took time', 'Parallelism']);
    const times = report.locator('section').filter({ has: page.getByRole('heading', { name: 'What took time' }) });
    await expectTexts(times.getByRole('listitem'), [
      'render took 20.8 s (86 % of the run) twice as fast about 10.4 s less',
    ]);
    await times.getByRole('link', { name: 'render' }).click();
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Step render');
    expect(queryOf(page)).toEqual({ view: 'report', selected: 'step:render' });
  });

  it('opens with what failed: the root cause, the exact errors, and what did not run', async () => {
    await using opened = await openPage(failedNight(1), { path: `/run/${traceOfNight(1)}?view=report` });
    const { page } = opened;
    const first = page.getByRole('article').locator('section').first();
    await expectText(first.getByRole('heading', { level: 2 }), 'What failed');
    await expectTexts(first.locator('.error-text pre'), [RATES_ERROR, MATCH_ERROR.replace('\n', ' ')]);
    await expectTexts(first.locator('.is-names').getByRole('listitem'), ['tax', 'render', 'send', 'archive']);
    // What failed would not be better for having failed sooner.
    const times = page.getByRole('listitem').filter({ hasText: 'match took' });
    await expectText(times.first(), 'match took 1.00 s (52 % of the run)');
  });

  it('names what is done and what is not', async () => {
    await using opened = await openPage(failedNight(1), { path: `/run/${traceOfNight(1)}?view=report` });
    const { page } = opened;
    const done = page
      .getByRole('article')
      .locator('section')
      .filter({ has: page.getByRole('heading', { name: 'Done and not done' }) });
    await expectTexts(done.getByRole('heading', { level: 3 }).locator('.count'), ['6', '2']);
  });

  it('can be copied as Markdown', async () => {
    await using opened = await openPage(failedNight(1), { path: `/run/${traceOfNight(1)}?view=report` });
    const { page } = opened;
    await page.getByRole('button', { name: 'Copy as Markdown' }).click();
    await announced(page, /^Copied the report/);
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toMatch(/^\*\*Failed after 1\.92 s: rates failed after 3 attempts/);
    expect(text).toContain('- done (2): customers, invoices\n');
  });
});
