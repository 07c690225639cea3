import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { traceOfNight } from './billing-runs.ts';
import { settle } from './look.ts';
import { failedNight, fineNight, RATES_ERROR } from './nights.ts';
import { hasBrowser, openPage, useBrowser } from './open-page.ts';
import { detailsOf, expectText, queryOf, rowOf, rowsOfRuns } from './parts.ts';
import { findDeadKeys, type Place, readKeys } from './press-keys.ts';

const NIGHTS = [fineNight(1), fineNight(2), failedNight(3), fineNight(4)].flat();
/** From `!` to `~`. */
const PRINTABLE = Array.from({ length: 94 }, (_, at) => String.fromCodePoint(33 + at));
const FAILED = `/run/${traceOfNight(3)}`;

interface Areas {
  readonly areas: readonly string[];
  /** What is there once the keys are. */
  readonly ready: string;
  readonly places: readonly Place[];
}

/** Every part of the page that has keys, and where there is something for them to do: in the middle of everything. */
const AREAS: readonly Areas[] = [
  { areas: ['Everywhere', 'List of runs'], ready: '.run-link', places: [{ path: '/' }] },
  {
    areas: ['Everywhere', 'Run', 'Search', 'Timeline'],
    ready: '.timeline-row',
    places: [
      { path: `${FAILED}?selected=step:rates&zoom=100-1500&collapsed=[4]` },
      // With the details closed.
      { path: `${FAILED}?selected=step:rates`, after: ['i'] },
      { path: `${FAILED}?view=report` },
    ],
  },
  {
    areas: ['Graph'],
    ready: '.graph-list button',
    places: [
      { path: `${FAILED}?view=graph&selected=step:invoices&place=300,100,0.9` },
      { path: `${FAILED}?view=graph&selected=step:render` },
      { path: `${FAILED}?view=graph&selected=step:render`, after: ['i'] },
    ],
  },
  { areas: ['Compare'], ready: '.compare .row', places: [{ path: `${FAILED}?view=compare&selected=step:rates` }] },
];

describe.skipIf(!hasBrowser)('keys', () => {
  useBrowser();

  it('lead from the list to an error and back', async () => {
    await using opened = await openPage(NIGHTS);
    const { page } = opened;
    await rowsOfRuns(page).first().waitFor();
    await press(page, 'j', 'j', 'Enter');
    await rowOf(page, 'rates').waitFor();
    await press(page, 'n');
    await expectHead(page, 'Step rates');
    await expectText(detailsOf(page).locator('.error-text pre'), RATES_ERROR);
    await press(page, 'n');
    await expectHead(page, 'Step match');
    await press(page, 'Escape', 'u');
    await rowsOfRuns(page).first().waitFor();
    await expect.poll(() => focusOf(page)).toContain(FAILED);
  });

  it('search a run, go through what is found, and leave the field', async () => {
    await using opened = await openPage(NIGHTS, { path: FAILED });
    const { page } = opened;
    await rowOf(page, 'rates').waitFor();
    await press(page, '/');
    await page.keyboard.type('payments');
    await expectText(page.getByRole('search').getByRole('status'), '1 of 8 steps, 3 spans');
    await press(page, 'Enter');
    await expectHead(page, 'Step match');
    await press(page, 'Enter');
    await expectHead(page, 'Span SELECT payments');
    await press(page, 'Shift+Enter');
    await expectHead(page, 'Step match');
    await press(page, 'Escape');
    await expect.poll(() => queryOf(page)['search']).toBeUndefined();
    expect(await focusOf(page)).toContain('id="view"');
  });

  it('close what is on top first, with Escape', async () => {
    await using opened = await openPage(NIGHTS, { path: `${FAILED}?selected=step:rates` });
    const { page } = opened;
    await expectHead(page, 'Step rates');
    await settle(page);
    await press(page, 'e');
    await page.getByRole('menu').waitFor();
    await press(page, 'Escape', '?');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(1);
    expect(await page.getByRole('menu').count()).toBe(0);
    await press(page, 'Escape', '/', 'x');
    await expect.poll(() => queryOf(page)).toEqual({ selected: 'step:rates', search: 'x' });
    expect(await page.getByRole('dialog').count()).toBe(0);
    await press(page, 'Escape');
    await expect.poll(() => queryOf(page)).toEqual({ selected: 'step:rates' });
    await press(page, 'Escape');
    await expectHead(page, 'Run billing');
    await press(page, 'Escape');
    await detailsOf(page).waitFor({ state: 'detached' });
  });

  it('move the time of the timeline with shift', async () => {
    await using opened = await openPage(NIGHTS, { path: `${FAILED}?zoom=500-1000` });
    const { page } = opened;
    await settle(page);
    await press(page, 'Shift+ArrowRight');
    await expect.poll(() => startOfZoom(page)).toBeGreaterThan(550);
    await press(page, 'Shift+ArrowLeft', 'Shift+ArrowLeft');
    await expect.poll(() => startOfZoom(page)).toBeLessThan(450);
  });

  it.each(AREAS)('all do what the list of keys says: $areas', async ({ areas, ready, places }) => {
    await using opened = await openPage(NIGHTS, { path: places.at(0)!.path });
    await opened.page.locator(ready).first().waitFor();
    const keys = (await readKeys(opened.page)).filter(({ area }) => areas.includes(area));
    expect(new Set(keys.map(({ area }) => area))).toEqual(new Set(areas));
    expect(await findDeadKeys(opened, keys, places)).toEqual([]);
  });

  it('that are not listed do nothing', async () => {
    await using opened = await openPage(NIGHTS, { path: FAILED });
    const { page } = opened;
    await rowOf(page, 'rates').waitFor();
    const listed = new Set((await readKeys(page)).map(({ key }) => key));
    const others = PRINTABLE.filter((key) => !listed.has(key));
    const before = await settle(page);
    await press(page, ...others);
    expect(await settle(page)).toBe(before);
  });
});

async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

async function expectHead(page: Page, text: string): Promise<void> {
  await expectText(detailsOf(page).getByRole('heading', { level: 2 }), text);
}

/** In milliseconds. */
function startOfZoom(page: Page): number {
  return Number(queryOf(page)['zoom']?.split('-')[0]);
}

/** The element that has the focus, as text. */
function focusOf(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement!.outerHTML);
}
