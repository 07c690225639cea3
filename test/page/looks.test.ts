import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { DARK, LIGHT } from '../../src/inspector/scene/palette.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { traceOfNight } from './billing-runs.ts';
import { layoutFaultsOf } from './layout-faults.ts';
import { LONG_NAMES, longRun } from './long-run.ts';
import { settle } from './look.ts';
import { failedNight, fineNight } from './nights.ts';
import { hasBrowser, openPage, useBrowser } from './open-page.ts';
import { expectText, rowOf, rowsOfRuns } from './parts.ts';

const WIDTHS = [1920, 1280, 700, 360];
const NIGHTS = [...fineNight(1), ...failedNight(2)];
const LONG = LONG_NAMES.flatMap((name, at) => longRun(name, traceOfNight(at)));

describe.skipIf(!hasBrowser)('the page', () => {
  useBrowser();

  it.each([
    { names: 'usual names', scheme: 'light', spans: NIGHTS, paths: pathsOf(traceOfNight(2)) },
    { names: 'usual names', scheme: 'dark', spans: NIGHTS, paths: pathsOf(traceOfNight(2)).slice(0, 2) },
    ...LONG_NAMES.map((name, at) => ({
      names: `names such as ${name.slice(0, 14)}`,
      scheme: 'light' as const,
      spans: LONG,
      // The list has all of the runs, and all of them have the same steps.
      paths: at === 0 ? pathsOf(traceOfNight(at)) : [`/run/${traceOfNight(at)}`],
    })),
  ] as const)('fits into windows of any width: $names, $scheme', async ({ scheme, spans, paths }) => {
    await using opened = await openPage(spans, { scheme, faults: /404/ });
    const { page } = opened;
    for (const path of paths) {
      await opened.go(path);
      await page.locator('.run-link, .verdict').first().waitFor();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        await settle(page);
        expect({ path, width, faults: await layoutFaultsOf(page) }).toEqual({ path, width, faults: [] });
      }
    }
  });

  it('is light or dark as the system, until the reader chooses', async () => {
    await using opened = await openPage(NIGHTS, { scheme: 'dark' });
    const { page } = opened;
    await expect.poll(() => colorsOf(page)).toEqual([DARK.background, DARK.text]);
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(() => colorsOf(page)).toEqual([LIGHT.background, LIGHT.text]);
    await page.keyboard.press('t');
    await page.keyboard.press('t');
    await expect.poll(() => colorsOf(page)).toEqual([DARK.background, DARK.text]);
    await page.reload();
    await expect.poll(() => colorsOf(page)).toEqual([DARK.background, DARK.text]);
  });

  it('shows a run without steps, in each view', async () => {
    const traceId = traceOfNight(9);
    await using opened = await openPage(madeRunSpans({ ms: 20, tools: {}, traceId }), { path: `/run/${traceId}` });
    const { page } = opened;
    await expectText(page.locator('.timeline-empty'), 'No steps in this run.');
    await page.keyboard.press('2');
    await expectText(page.locator('.graph-notice'), 'No steps in this run.');
    await page.keyboard.press('3');
    await page.getByRole('article').waitFor();
    expect(await layoutFaultsOf(page)).toEqual([]);
  });

  it('shows a run of one step', async () => {
    const traceId = traceOfNight(9);
    const spans = madeRunSpans({ ms: 20, tools: { only: { ms: [0, 20] } }, traceId });
    await using opened = await openPage(spans, { path: `/run/${traceId}` });
    const { page } = opened;
    await rowOf(page, 'only').waitFor();
    await page.keyboard.press('2');
    await expectText(page.locator('.graph-list').getByRole('listitem'), 'only, succeeded, 20 ms, critical');
  });

  it('shows a thousand runs, the first of them at once and the others as they are scrolled to', async () => {
    const spans = Array.from({ length: 1000 }, (_, night) => fineNight(night)).flat();
    await using opened = await openPage(spans);
    const { page } = opened;
    const rows = rowsOfRuns(page);
    await expect.poll(() => rows.count()).toBe(50);
    await expectText(page.locator('.more'), 'Show more: 950 runs are left');
    await page.locator('.more').scrollIntoViewIfNeeded();
    await expect.poll(() => rows.count()).toBeGreaterThan(99);
    await page.getByLabel('Filter runs by text').fill(traceOfNight(7));
    await expect.poll(() => rows.count()).toBe(1);
  });
});

/** The list, and each view of a run. */
function pathsOf(traceId: string): readonly string[] {
  return ['/', ...['timeline', 'graph', 'report', 'compare'].map((view) => `/run/${traceId}?view=${view}`)];
}

/** Background and text, as `#rrggbb`. */
async function colorsOf(page: Page): Promise<string[]> {
  const colors = await page.evaluate(() => {
    const { backgroundColor } = getComputedStyle(document.documentElement);
    return [backgroundColor, getComputedStyle(document.body).color];
  });
  return colors.map(
    (color) => `#${(color.match(/\d+/g) ?? []).map((part) => Number(part).toString(16).padStart(2, '0')).join('')}`,
  );
}
