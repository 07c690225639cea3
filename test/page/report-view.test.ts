import { describe, expect, it } from 'vitest';
import { traceOfNight } from './billing-runs.ts';
import { failedNight, slowNight } from './nights.ts';
import { hasBrowser, openPage, useBrowser } from './open-page.ts';
import { announced, detailsOf, expectText, expectTexts, queryOf } from './parts.ts';

describe.skipIf(!hasBrowser)('the report', () => {
  useBrowser();

  it('says what took time and what would help, and leads to the steps', async () => {
    await using opened = await openPage(slowNight(1), { path: `/run/${traceOfNight(1)}?view=report` });
    const { page } = opened;
    const report = page.getByRole('article');
    await expectTexts(report.getByRole('heading', { level: 2 }), [
      'Critical path',
      'What took time',
      'Parallelism',
      'Bottlenecks',
    ]);
    const bottleneck = report.locator('section').filter({ has: page.getByRole('heading', { name: 'Bottlenecks' }) });
    await expectText(bottleneck.getByRole('listitem').first(), 'render took 20.8 s saves 10.4 s of 24.2 s');
    await bottleneck.getByRole('link', { name: 'render' }).click();
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Step render');
    expect(queryOf(page)).toEqual({ view: 'report', selected: 'step:render' });
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
