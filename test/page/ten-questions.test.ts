import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { traceOfNight } from './billing-runs.ts';
import { Clicks } from './clicks.ts';
import { failedNight, fineNight, incompleteNight, MATCH_ERROR, RATES_ERROR, slowNight, stuckNight } from './nights.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { announced, expectText, expectTexts, factOf, rowOf, sectionOf, verdictOf } from './parts.ts';

// What people ask when an orchestration misbehaves. They come by a link from a terminal, and are to have the answer within two clicks.

const FINE = [fineNight(1, 5200), fineNight(2, 5300), fineNight(3, 5400)].flat();
const TONIGHT = 4;

interface Asking extends OpenPage {
  readonly clicks: Clicks;
}

/** Opens the run of tonight as a link does, with fine nights before it. */
async function openTonight(run: readonly ReceivedSpan[]): Promise<Asking> {
  const opened = await openPage([...FINE, ...run], { path: `/run/${traceOfNight(TONIGHT)}` });
  return { ...opened, clicks: new Clicks() };
}

describe.skipIf(!hasBrowser)('ten questions', () => {
  useBrowser();

  it('opens a run with its verdict', async () => {
    await using asking = await openTonight(failedNight(TONIGHT));
    const { page } = asking;
    await expectText(
      verdictOf(page),
      `Failed after 1.92 s: rates failed after 3 attempts (${RATES_ERROR}); tax, render, send and archive did not run because of it. match failed after it (duplicate key value violates unique constraint "payments_pkey" DETAIL: Key (id)…).`,
    );
    const box = await verdictOf(page).boundingBox();
    expect(box!.y).toBeLessThan(120);
  });

  it('where is it stuck? No click', async () => {
    await using asking = await openTonight(stuckNight(TONIGHT));
    const { page, clicks } = asking;
    await expectText(
      verdictOf(page),
      'No end of the run arrived: 5 of 8 planned steps ended, the last 2.30 s after the start. render could run, and no end of it arrived. 2 more steps waited for it.',
    );
    await expectTexts(sectionOf(page, 'Not done: 3').getByRole('listitem'), [
      'render no span arrived, usually 1.80 s',
      'send not started: needs render',
      'archive not started: needs render',
    ]);
    expect(clicks.count).toBe(0);
  });

  it('how long does that take normally? One click', async () => {
    await using asking = await openTonight(stuckNight(TONIGHT));
    const { page, clicks } = asking;
    await expectText(page.getByRole('listitem').filter({ hasText: 'usually 5.30 s' }), '2.30 s usually 5.30 s');
    await clicks.on(rowOf(page, 'render'));
    await expectText(factOf(page, 'Usually'), '1.80 s');
    expect(clicks.count).toBe(1);
  });

  it('what failed first, and how exactly? No click', async () => {
    await using asking = await openTonight(failedNight(TONIGHT));
    const { page, clicks } = asking;
    const failed = sectionOf(page, 'Failed: 2, the first one on top');
    await expectTexts(failed.getByRole('link'), ['rates', 'match', 'tax', 'render', 'send', 'archive']);
    expect(await failed.locator('pre').allTextContents()).toEqual([RATES_ERROR, MATCH_ERROR]);
    expect(clicks.count).toBe(0);
  });

  it('what is done? One click copies it', async () => {
    await using asking = await openTonight(failedNight(TONIGHT));
    const { page, clicks } = asking;
    await clicks.on(page.getByRole('button', { name: 'Copy what is done' }));
    await announced(page, 'Copied what is done.');
    expect(await clipboardOf(page)).toBe('customers\ninvoices');
    expect(clicks.count).toBe(1);
  });

  it('what is not done? One click copies it, with what stands in the way', async () => {
    await using asking = await openTonight(failedNight(TONIGHT));
    const { page, clicks } = asking;
    await clicks.on(page.getByRole('button', { name: 'Copy what is not done' }));
    await announced(page, 'Copied what is not done.');
    expect(await clipboardOf(page)).toBe(
      `rates: failed: ${RATES_ERROR}
match: failed: ${MATCH_ERROR}
tax: skipped because match and rates failed
render: skipped because tax was skipped
send: skipped because render was skipped
archive: skipped because render was skipped`,
    );
    expect(clicks.count).toBe(1);
  });

  it('is it only this run, or all since a deploy? One click to the list', async () => {
    await using asking = await openTonight([failedNight(TONIGHT), failedNight(5), failedNight(6)].flat());
    const { page, clicks } = asking;
    await clicks.on(page.getByRole('link', { name: 'All runs' }));
    await expectTexts(page.locator('td.outcome'), [...Array(3).fill('failed'), ...Array(3).fill('succeeded')]);
    await expectTexts(page.locator('td.services'), [
      ...Array(3).fill('biller v2.0.0'),
      ...Array(3).fill('biller v1.4.0'),
    ]);
    expect(clicks.count).toBe(1);
  });

  it('are all runs of a version as bad? One choice in the list', async () => {
    await using asking = await openTonight([failedNight(TONIGHT), failedNight(5)].flat());
    const { page, clicks } = asking;
    await asking.go('/');
    await clicks.choose(page.getByLabel('Version'), '2.0.0');
    await expectText(page.getByRole('search').getByRole('status'), '2 of 5 runs');
    await expectTexts(page.locator('td.outcome'), ['failed', 'failed']);
    await expectTexts(page.getByLabel('Outcome').locator('option'), ['any outcome', 'failed (2)']);
    expect(clicks.count).toBe(2);
  });

  it('how does it differ from the last good one? One click', async () => {
    await using asking = await openTonight(failedNight(TONIGHT));
    const { page, clicks } = asking;
    await clicks.on(page.getByRole('link', { name: 'Compare with last success' }));
    await expectText(
      page.getByRole('article').getByRole('heading').first(),
      `Failed, succeeded before: rates failed (${RATES_ERROR}). 3.48 s shorter (-64 %): tax, render and send did not run (3.28 s).`,
    );
    await expectText(
      page
        .getByRole('row', { name: /^rates/ })
        .getByRole('cell')
        .first(),
      'rates failed, succeeded before, 3 attempts instead of 1',
    );
    expect(clicks.count).toBe(1);
  });

  it('what made it slow, and what would help? No click, and how much in one', async () => {
    await using asking = await openTonight(slowNight(TONIGHT));
    const { page, clicks } = asking;
    await expectText(
      verdictOf(page),
      'Succeeded in 24.2 s: render took 20.8 s (86 % of the run). Critical path invoices > match > tax > render > send, 24.2 s.',
    );
    await expectTexts(sectionOf(page, 'Findings').getByRole('listitem'), [
      'render took 20.8 s (86 % of the run) · twice as fast about 10.4 s less',
    ]);
    expect(clicks.count).toBe(0);
    await clicks.on(rowOf(page, 'render'));
    await expectText(factOf(page, 'Took'), '20.8 s usually 1.80 s, 12 times as long as usual');
    await expectText(factOf(page, 'Saving'), 'twice as fast about 10.4 s less');
    expect(clicks.count).toBe(1);
  });

  it('which call inside the step is it? Two clicks', async () => {
    await using asking = await openTonight(slowNight(TONIGHT));
    const { page, clicks } = asking;
    await clicks.on(rowOf(page, 'render'));
    const inside = sectionOf(page, 'Inside: 2 spans').getByRole('listitem');
    await expectTexts(inside, ['SELECT layouts 70 ms', 'SELECT fonts 20.5 s']);
    await clicks.on(inside.getByRole('link', { name: 'SELECT fonts' }));
    await expectText(factOf(page, 'db.query.text'), 'SELECT * FROM fonts ORDER BY random()');
    expect(clicks.count).toBe(2);
  });

  it('is the trace complete? No click', async () => {
    await using asking = await openTonight(slowNight(TONIGHT));
    const { page, clicks } = asking;
    await expectText(page.getByRole('listitem').filter({ hasText: 'planned steps' }), '8 of 8 planned steps seen');
    expect(clicks.count).toBe(0);
  });

  it('what is missing in a trace that is not complete? No click', async () => {
    await using asking = await openTonight(incompleteNight(TONIGHT));
    const { page, clicks } = asking;
    await expectText(
      verdictOf(page),
      'Succeeded in 5.20 s, but no span of archive arrived. render took 1.80 s (35 % of the run).',
    );
    await expectText(page.getByRole('listitem').filter({ hasText: 'planned steps' }), '7 of 8 planned steps seen');
    await expectText(sectionOf(page, 'Not done: 1').getByRole('listitem'), 'archive no span arrived');
    expect(clicks.count).toBe(0);
  });
});

function clipboardOf(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}
