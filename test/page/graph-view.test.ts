import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { LIGHT } from '../../src/inspector/scene/palette.ts';
import { spansOfRun } from '../bench/explain.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { traceOfNight } from './billing-runs.ts';
import { settle } from './look.ts';
import { failedNight } from './nights.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { detailsOf, expectText, expectTexts, queryOf } from './parts.ts';

describe.skipIf(!hasBrowser)('the graph', () => {
  useBrowser();

  it('tells its steps in words, each a button that selects it', async () => {
    await using opened = await openGraph();
    const { page } = opened;
    await expectTexts(itemsOf(page), [
      'customers, succeeded, 420 ms, slack 480 ms',
      'invoices, succeeded, 900 ms, critical',
      'rates, failed, 850 ms, slack 1.05 s',
      'match, failed, 1.00 s, needs customers and invoices, critical',
      'tax, skipped, needs match and rates',
      'render, skipped, needs tax',
      'send, skipped, needs render',
      'archive, skipped, needs render',
    ]);
    await itemsOf(page).nth(3).focus();
    await page.keyboard.press('Enter');
    await expectHead(page, 'Step match');
    expect(await itemsOf(page).nth(3).getAttribute('aria-current')).toBe('true');
  });

  it('is drawn in the colours of what happened', async () => {
    await using opened = await openGraph();
    const { page } = opened;
    await waitForGraph(page);
    await expect
      .poll(() => colorsOf(page))
      .toEqual(expect.arrayContaining([LIGHT.success, LIGHT.failure, LIGHT.skip, LIGHT.critical]));
  });

  it('selects the step that is clicked, and nothing beside it', async () => {
    await using opened = await openGraph('selected=step:match');
    const { page } = opened;
    const middle = await bringToMiddle(page);
    await page.keyboard.press('Escape');
    await expectHead(page, 'Run billing');
    await page.mouse.click(middle.x, middle.y);
    await expectHead(page, 'Step match');
    await page.goBack();
    await expectHead(page, 'Run billing');
    await page.goForward();
    await page.mouse.click(middle.x, middle.y - 120);
    await expectHead(page, 'Run billing');
  });

  it('tells what an edge hands over when it is pointed at, and selects it by a click', async () => {
    await using opened = await openGraph('selected=step:match');
    const { page } = opened;
    const { x, y } = await bringToMiddle(page);
    const title = page.locator('.popover .title');
    // To the left, until the edge begins.
    for (let left = 0; left < 300 && !/→/.test((await title.allInnerTexts()).join('')); left += 10)
      await page.mouse.move(x - left, y);
    await expectText(page.locator('.popover'), 'invoices → match reads its output open ← rows');
    await page.mouse.down();
    await page.mouse.up();
    await expectHead(page, 'Data invoices → match');
    expect(queryOf(page)['selected']).toBe('edge:invoices>match');
  });

  it('does not select what is dragged away', async () => {
    await using opened = await openGraph('selected=step:match');
    const { page } = opened;
    const { x, y } = await bringToMiddle(page);
    await page.keyboard.press('Escape');
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 90, y + 40, { steps: 3 });
    await page.mouse.up();
    await expectHead(page, 'Run billing');
  });

  it('collapses a group to one box, and opens it', async () => {
    await using opened = await openGraph('selected=group:0');
    const { page } = opened;
    await waitForGraph(page);
    await page.keyboard.press(' ');
    await expect
      .poll(() => itemsOf(page).first().innerText())
      .toBe('group 0, parallel, 3 steps, 1 failed, 900 ms, collapsed');
    // The group stays where it was.
    await expect.poll(() => queryOf(page)['place']).toBeTruthy();
    const { place } = queryOf(page);
    await expectSameWhenReloaded(page, { view: 'graph', selected: 'group:0', collapsed: '[0]', place });
    await page.keyboard.press(' ');
    await expect.poll(() => itemsOf(page).count()).toBe(8);
  });

  it('shows the details of a step by Enter, and collapses its group by Space', async () => {
    await using opened = await openGraph('selected=step:match');
    const { page } = opened;
    await waitForGraph(page);
    await page.keyboard.press('i');
    await detailsOf(page).waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await expectHead(page, 'Step match');
    expect(await itemsOf(page).count()).toBe(8);
    await page.keyboard.press(' ');
    await expect.poll(() => queryOf(page)['collapsed']).toBe('[1]');
    await expectHead(page, 'Step match');
  });

  it('begins in a size that can be read, and shows all of it when that is asked for', async () => {
    const ids = Array.from({ length: 16 }, (_, at) => `step ${at}`);
    const tools = ids.flatMap((id, at) => [
      [id, { needs: ids.slice(0, at).slice(-1), ms: [at, at + 1] }] as const,
      [`beside ${id}`, { needs: ids.slice(0, at).slice(-1), ms: [at, at + 1] }] as const,
    ]);
    const spans = madeRunSpans({ ms: 16, tools: Object.fromEntries(tools) });
    await using opened = await openPage(spans, { path: `/run/${spans.at(0)!.traceId}?view=graph` });
    const { page } = opened;
    await waitForGraph(page);
    await page.keyboard.press('0');
    await expect.poll(() => scaleOf(page)).toBeLessThan(0.7);
    await opened.go(`/run/${spans.at(0)!.traceId}?view=graph`);
    await waitForGraph(page);
    await page.keyboard.press('+');
    await expect.poll(() => scaleOf(page)).toBeCloseTo(0.85 * 1.4);
  });

  it('zooms by keys around what is selected', async () => {
    await using opened = await openGraph('selected=step:match');
    const { page } = opened;
    const { x, y } = await bringToMiddle(page);
    const { place } = queryOf(page);
    await page.mouse.move(x, y + 100);
    await page.mouse.down();
    await page.mouse.move(x + 200, y + 240, { steps: 3 });
    await page.mouse.up();
    await expect.poll(() => queryOf(page)['place']).not.toBe(place);
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await expect.poll(() => scaleOf(page)).toBeGreaterThan(2);
    await page.keyboard.press('Escape');
    await expectHead(page, 'Run billing');
    await page.mouse.click(x + 200, y + 140);
    await expectHead(page, 'Step match');
  });

  it('says that no dependencies are known where there is no plan', async () => {
    const tools = { load: { ms: [0, 10] }, score: { needs: ['load'], ms: [10, 20] } } as const;
    const spans = madeRunSpans({ ms: 20, tools, hasPlan: false }).map(({ attributes, ...span }) => ({
      ...span,
      attributes: new Map([...attributes].filter(([key]) => key !== 'orchestration.depends_on')),
    }));
    await using opened = await openPage(spans, { path: `/run/${spans.at(0)!.traceId}?view=graph` });
    const { page } = opened;
    await expectTexts(page.getByRole('list', { name: 'Signs' }).getByRole('listitem'), [
      'follows it; no dependencies are known: no plan arrived',
    ]);
  });

  it('zooms by the wheel, keeps the place in the address, and shows all again', async () => {
    await using opened = await openGraph();
    const { page } = opened;
    await waitForGraph(page);
    const all = await pictureOf(page);
    await page.locator('canvas').hover();
    await page.mouse.wheel(0, -300);
    await expect.poll(() => queryOf(page)['place']).toMatch(/^-?\d/);
    await expectSameWhenReloaded(page, { view: 'graph', place: queryOf(page)['place'] });
    await page.keyboard.press('0');
    await expect.poll(() => queryOf(page)).toEqual({ view: 'graph' });
    await expect.poll(() => differenceTo(page, all)).toBeLessThan(SAME);
  });

  it('pales what is not searched for', async () => {
    await using opened = await openGraph();
    const { page } = opened;
    await waitForGraph(page);
    const all = await pictureOf(page);
    await page.getByRole('searchbox').fill('payments');
    await expect.poll(() => differenceTo(page, all)).toBeGreaterThan(SAME);
    await page.getByRole('searchbox').press('Escape');
    await expect.poll(() => differenceTo(page, all)).toBeLessThan(SAME);
  });

  it('says what its signs mean, unless that is not wanted', async () => {
    await using opened = await openGraph();
    const { page } = opened;
    const signs = page.getByRole('list', { name: 'Signs' });
    await expectTexts(signs.getByRole('listitem'), [
      'waits for it',
      'reads its output',
      'critical path',
      'the paler, the more slack',
    ]);
    await page.getByRole('button', { name: 'What the signs mean' }).click();
    await signs.waitFor({ state: 'detached' });
    await page.reload();
    await waitForGraph(page);
    expect(await signs.count()).toBe(0);
  });

  it('collapses large groups of a large run at first', async () => {
    const spans = spansOfRun(1000);
    await using opened = await openPage(spans, { path: `/run/${spans.at(0)!.traceId}?view=graph` });
    const { page } = opened;
    await waitForGraph(page);
    expect(await itemsOf(page).first().innerText()).toMatch(/^group 0, parallel, .*, collapsed$/);
  });
});

/** Opens the run of a night in which something failed. */
function openGraph(query = ''): Promise<OpenPage> {
  return openPage(failedNight(1), { path: `/run/${traceOfNight(1)}?view=graph&${query}` });
}

function itemsOf(page: Page): Locator {
  return page.locator('.graph-list').getByRole('button');
}

async function waitForGraph(page: Page): Promise<void> {
  await itemsOf(page).first().waitFor({ state: 'attached' });
  await settle(page);
}

/** As the address has it. */
function scaleOf(page: Page): number {
  return Number(queryOf(page)['place']?.split(',')[2]);
}

async function expectHead(page: Page, text: string): Promise<void> {
  await expectText(detailsOf(page).getByRole('heading', { level: 2 }), text);
}

/** Zooms so that what is selected is in the middle. @returns the middle */
async function bringToMiddle(page: Page): Promise<{ x: number; y: number }> {
  await waitForGraph(page);
  await page.keyboard.press('z');
  await expect.poll(() => queryOf(page)['place']).toBeTruthy();
  const { x, y, width, height } = (await page.locator('canvas').boundingBox())!;
  return { x: x + width / 2, y: y + height / 2 };
}

/** What is drawn, in few pixels: the place in the address is rounded, and each pixel of it does not matter. */
function pictureOf(page: Page): Promise<number[]> {
  return page.locator('canvas').evaluate((canvas) => {
    const small = Object.assign(document.createElement('canvas'), { width: 120, height: 80 }).getContext('2d')!;
    small.drawImage(canvas as HTMLCanvasElement, 0, 0, 120, 80);
    return [...small.getImageData(0, 0, 120, 80).data];
  });
}

/** How far a picture is from another, in percent of all that it could be. */
async function differenceTo(page: Page, other: readonly number[]): Promise<number> {
  const picture = await pictureOf(page);
  const sum = picture.reduce((sum, value, at) => sum + Math.abs(value - other.at(at)!), 0);
  return (100 * sum) / (255 * picture.length);
}

/** A picture that differs by more percent is another. */
const SAME = 0.1;

/** Every colour that a pixel has, as `#rrggbb`. */
function colorsOf(page: Page): Promise<string[]> {
  return page.locator('canvas').evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const pixels = (element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data;
    const colors = new Set<string>();
    for (let at = 0; at < pixels.length; at += 4)
      colors.add(
        `#${[0, 1, 2]
          .map((part) =>
            pixels
              .at(at + part)!
              .toString(16)
              .padStart(2, '0'),
          )
          .join('')}`,
      );
    return [...colors];
  });
}

/** Expects what was done in the address, and the same picture once it is opened anew. */
async function expectSameWhenReloaded(page: Page, query: Record<string, string | undefined>): Promise<void> {
  await expect.poll(() => queryOf(page)).toEqual(query);
  await page.mouse.move(0, 0);
  const before = await pictureOf(page);
  await page.reload();
  await waitForGraph(page);
  await expect.poll(() => differenceTo(page, before)).toBeLessThan(SAME);
}
