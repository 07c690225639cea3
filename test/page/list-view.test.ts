import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { encodeTracesJson } from '../../src/inspector/encode-json.ts';
import { made } from '../explain/made-spans.ts';
import { traceOfNight } from './billing-runs.ts';
import { failedNight, fineNight, slowNight, stuckNight } from './nights.ts';
import { hasBrowser, openPage, useBrowser } from './open-page.ts';
import { announced, expectText, expectTexts, queryOf, rowsOfRuns } from './parts.ts';

const ALL = [fineNight(1), fineNight(2, 5400), failedNight(3), stuckNight(4), slowNight(5)].flat();

describe.skipIf(!hasBrowser)('the list of runs', () => {
  useBrowser();

  it('shows runs from new to old: how each ended, how long it took against what is usual, of what service', async () => {
    await using opened = await openPage(ALL);
    const { page } = opened;
    await expectTexts(page.locator('td.outcome'), ['succeeded', 'unfinished', 'failed', 'succeeded', 'succeeded']);
    await expectTexts(page.locator('td.took'), [
      '24.2 s usually 5.30 s, 4.6 times as long as usual',
      '2.30 s usually 5.30 s',
      '1.92 s usually 5.30 s',
      '5.40 s usually 5.20 s',
      '5.20 s',
    ]);
    await expectText(page.getByRole('rowheader').nth(1), 'billing no end of it arrived');
    await expectTexts(page.locator('td.services'), [
      'biller v1.4.0',
      'biller v1.4.0',
      'biller v2.0.0',
      'biller v1.4.0',
      'biller v1.4.0',
    ]);
  });

  it.each([
    ['failed', 'Failed after 1.92 s: rates failed (503).', 'rates failed (503).'],
    ['was cancelled', 'Cancelled after 1 min 2 s (503) while rates ran.', '(503) while rates ran.'],
  ])('says why a run %s, and finds it by that', async (_, verdict, why) => {
    const failed = failedNight(3).map((span) => ({
      ...span,
      attributes: new Map(span.attributes).set('orchestration.verdict', verdict),
    }));
    await using opened = await openPage([...fineNight(1), ...failed], { path: '/?search=failed+503' });
    const { page } = opened;
    await expectRuns(page, [3]);
    await expectText(page.getByRole('rowheader'), `billing ${why}`);
  });

  it('filters by what is chosen and what is typed, all of it in the address', async () => {
    await using opened = await openPage(ALL);
    const { page } = opened;
    await page.getByLabel('Service').selectOption('biller');
    await page.getByLabel('Version').selectOption('1.4.0');
    await page.getByLabel('Filter runs by text').fill('succ');
    await expectRuns(page, [5, 2, 1]);
    expect(queryOf(page)).toEqual({ service: 'biller', version: '1.4.0', search: 'succ' });
    await page.reload();
    await expectRuns(page, [5, 2, 1]);
    expect(await page.getByLabel('Version').inputValue()).toBe('1.4.0');
    await page.goBack();
    await expectRuns(page, [5, 4, 3, 2, 1]);
  });

  it('filters by plan, outcome and strategy too', async () => {
    await using opened = await openPage(ALL, { path: '/?plan=billing&outcome=failure&strategy=dag' });
    const { page } = opened;
    await expectRuns(page, [3]);
    await expectTexts(page.getByLabel('Outcome').locator('option'), [
      'any outcome',
      'succeeded (3)',
      'failed (1)',
      'unfinished (1)',
    ]);
  });

  it('says when no run passes the filters, and clears them', async () => {
    await using opened = await openPage(ALL, { path: '/?search=nowhere' });
    const { page } = opened;
    await expectText(page.locator('.nothing'), 'None of 5 runs passes these filters. Clear filters');
    expect(await page.getByRole('combobox').count()).toBe(5);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await expectRuns(page, [5, 4, 3, 2, 1]);
    expect(queryOf(page)).toEqual({});
  });

  it('opens a run, and comes back to the filters and the row it left', async () => {
    await using opened = await openPage(ALL, { path: '/?outcome=success' });
    const { page } = opened;
    await page.locator('td.took').nth(1).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/run/${traceOfNight(2)}`);
    await page.getByRole('link', { name: 'All runs' }).click();
    await expectRuns(page, [5, 2, 1]);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toContain(traceOfNight(2));
  });

  it('says how to send traces where there is none, with its own address', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await page.getByRole('button', { name: 'Copy these lines' }).first().click();
    await announced(page, 'Copied these lines.');
    const line = await page.evaluate(() => navigator.clipboard.readText());
    expect(line).toContain(`ORCHESTRACE_INSPECTOR_URL=${inspector.url} npx orchestrace demo`);
  });

  it('shows a run that arrives while the list is shown', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await fetch(`${inspector.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(encodeTracesJson(fineNight(1))),
    });
    await expectRuns(page, [1]);
  });

  it('folds traces that hold no run, and shows the spans of one', async () => {
    const root = made('r', { name: 'GET /orders', traceId: 'c'.repeat(32), kind: 'server', ms: [0, 40] });
    const child = made('c', { name: 'SELECT orders', parent: 'r', traceId: 'c'.repeat(32), ms: [5, 30] });
    await using opened = await openPage([...fineNight(1), root, child], { faults: /404/ });
    const { page } = opened;
    await page.getByText('1 trace without a run').click();
    await page.getByRole('link', { name: 'c'.repeat(32) }).click();
    await page.getByRole('heading', { name: 'A trace without a run' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await expectTexts(page.getByRole('main').getByRole('listitem'), ['GET /orders 40 ms', 'SELECT orders 25 ms']);
    await page.goBack();
    await expectRuns(page, [1]);
  });

  it('opens a trace file that is chosen', async () => {
    await using opened = await openPage(fineNight(1));
    const { page } = opened;
    await choose(page, [fileOf('failed.json', failedNight(3))]);
    await page.getByRole('heading', { name: 'billing', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/run/${traceOfNight(3)}`);
    await announced(page, 'failed.json: 23 spans and 1 run.');
  });

  it('stays in the list where a file holds several runs, and says what it could not read', async () => {
    await using opened = await openPage([], { faults: /400/ });
    const { page } = opened;
    await choose(page, [fileOf('two.json', [...fineNight(1), ...fineNight(2)])]);
    await expectRuns(page, [2, 1]);
    await choose(page, [{ name: 'notes.json', mimeType: 'application/json', buffer: Buffer.from('dear diary') }]);
    await announced(page, /^notes\.json: .*expected OTLP JSON/i);
  });

  it('removes a trace once it is asked twice', async () => {
    await using opened = await openPage(ALL, { path: `/run/${traceOfNight(3)}` });
    const { page } = opened;
    await page.getByRole('button', { name: 'Remove this trace…' }).click();
    await page.getByRole('button', { name: 'Remove it for good' }).click();
    await expectRuns(page, [5, 4, 2, 1]);
    await announced(page, 'Removed the trace.');
  });
});

/** Waits until the list shows the runs of these nights. */
async function expectRuns(page: Page, nights: readonly number[]): Promise<void> {
  const hrefs = (): Promise<(string | null)[]> =>
    rowsOfRuns(page).evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  await expect
    .poll(async () => (await hrefs()).map((href) => /\/run\/(\w+)/.exec(href ?? '')?.[1]))
    .toEqual(nights.map(traceOfNight));
}

/** Chooses files as a reader does: by the button, then in the window of the system. */
async function choose(page: Page, files: readonly TraceFile[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open file…' }).click();
  await (await chooser).setFiles([...files]);
}

interface TraceFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

function fileOf(name: string, spans: readonly ReceivedSpan[]): TraceFile {
  return { name, mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(encodeTracesJson(spans))) };
}
