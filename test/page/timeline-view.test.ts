import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { traceOfNight } from './billing-runs.ts';
import { failedNight, fineNight, idleNight, RATES_ERROR, stuckNight } from './nights.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { detailsOf, expectText, expectTexts, queryOf, rowOf } from './parts.ts';

describe.skipIf(!hasBrowser)('the timeline', () => {
  useBrowser();

  it('shows groups with their steps, in order', async () => {
    await using opened = await openNight(fineNight(1));
    await expectRows(rowsOf(opened.page), [
      'group 0',
      'customers',
      'invoices',
      'rates',
      'group 1',
      'match',
      'group 2',
      'tax',
      'group 3',
      'render',
      'group 4',
      'send',
      'archive',
    ]);
  });

  it('collapses and expands groups, one or all', async () => {
    await using opened = await openNight(fineNight(1));
    const { page } = opened;
    await caretOf(rowOf(page, 'group 0')).click();
    await expectRows(rowsOf(page), [
      'group 0',
      'group 1',
      'match',
      'group 2',
      'tax',
      'group 3',
      'render',
      'group 4',
      'send',
      'archive',
    ]);
    expect(await rowOf(page, 'group 0').getAttribute('aria-expanded')).toBe('false');
    await expectSameWhenReloaded(page, { collapsed: '[0]' });
    await page.getByRole('button', { name: 'Collapse all groups' }).click();
    await expectRows(rowsOf(page), ['group 0', 'group 1', 'group 2', 'group 3', 'group 4']);
    await page.getByRole('button', { name: 'Expand all groups' }).click();
    await expect.poll(() => page.getByRole('treeitem').count()).toBe(13);
    expect(queryOf(page)).toEqual({});
  });

  it('opens a step to its attempts and to what they called', async () => {
    await using opened = await openNight(failedNight(1));
    const { page } = opened;
    await caretOf(rowOf(page, 'rates')).click();
    const request = 'GET /vat 503';
    await expectTexts(page.locator('.timeline-row.is-span .name'), [
      'attempt 1',
      request,
      'attempt 2',
      request,
      'attempt 3',
      request,
    ]);
    await expectSameWhenReloaded(page, { open: '["rates"]' });
    await page.getByRole('treeitem', { name: /^GET/ }).nth(1).click();
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), `Span ${request}`);
    await page.goBack();
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Run billing');
    await caretOf(rowOf(page, 'rates')).click();
    await expect.poll(() => page.locator('.timeline-row.is-span').count()).toBe(0);
  });

  it('shows attempts as segments, each to be selected', async () => {
    await using opened = await openNight(failedNight(1));
    const { page } = opened;
    const attempts = rowOf(page, 'rates').locator('.segment.is-work');
    await expect.poll(() => attempts.count()).toBe(3);
    await attempts.nth(1).click();
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Attempt 2 of rates');
    expect(queryOf(page)['selected']).toMatch(/^attempt:[0-9a-f]{16}$/);
  });

  it('marks the critical path, and the usual end of a step', async () => {
    await using opened = await openNight(failedNight(4), fineNight(1));
    const { page } = opened;
    await expectRows(rowsOf(page).filter({ has: page.locator('.critical-line') }), ['invoices', 'match']);
    await expectRows(rowsOf(page).filter({ has: page.locator('.usual-end') }), [
      'customers',
      'invoices',
      'rates',
      'match',
    ]);
  });

  it('shows skipped steps where they were skipped, and why', async () => {
    await using opened = await openNight(failedNight(1));
    const { page } = opened;
    const tax = rowOf(page, 'tax');
    await expectText(tax.locator('.bar-label'), 'skippedbecause match and rates failed');
    expect(await middleOf(tax.locator('.point.is-skip'))).toBeGreaterThan(
      (await edgesOf(rowOf(page, 'match').locator('.segment')))[1] - 8,
    );
  });

  it('shows planned steps that did not start in their place, after what they need', async () => {
    await using opened = await openNight(stuckNight(1));
    const { page } = opened;
    await expectText(rowOf(page, 'send').locator('.bar-label'), 'not startedneeds render');
    const [, end] = await edgesOf(rowOf(page, 'tax').locator('.segment'));
    for (const step of ['render', 'send', 'archive'])
      expect(Math.abs((await middleOf(rowOf(page, step).locator('.point'))) - end)).toBeLessThan(4);
  });

  it('tells all of a bar that is pointed at', async () => {
    await using opened = await openNight(failedNight(1));
    const { page } = opened;
    await rowOf(page, 'rates').locator('.segment.is-work').last().hover();
    const popover = page.locator('.popover');
    await expectText(popover.locator('.title'), 'rates http');
    expect(await popover.innerText()).toContain(RATES_ERROR);
    await page.getByRole('heading', { level: 1 }).hover();
    await popover.waitFor({ state: 'detached' });
  });

  it('tells nothing of a name that is pointed at, nor while somebody works with keys or clicks', async () => {
    await using opened = await openNight(failedNight(1));
    const { page } = opened;
    const popover = page.locator('.popover');
    const bar = rowOf(page, 'match').locator('.segment.is-work');
    for (const act of [() => page.keyboard.press('j'), () => page.mouse.down(), () => page.mouse.wheel(0, 10)]) {
      await bar.hover();
      await popover.waitFor();
      await act();
      await popover.waitFor({ state: 'hidden' });
      await page.mouse.up();
      await rowOf(page, 'match').locator('.name').hover();
      await popover.waitFor({ state: 'detached' });
    }
  });

  it('keeps what it tells off the details', async () => {
    await using opened = await openNight(failedNight(1));
    const { page } = opened;
    const { x, y, width, height } = (await rowOf(page, 'match').locator('.segment.is-work').boundingBox())!;
    await page.mouse.move(x + width - 3, y + height / 2);
    const popover = page.locator('.popover');
    await popover.waitFor();
    const [[, right], [end]] = [await edgesOf(popover), await edgesOf(detailsOf(page))];
    expect(right).toBeLessThan(end);
  });

  it('moves the time by a drag once it is zoomed, and selects nothing by it', async () => {
    await using opened = await openNight(fineNight(1));
    const { page } = opened;
    await rowOf(page, 'match').waitFor();
    await page.keyboard.press('+');
    await expect.poll(() => queryOf(page)['zoom']).toBeTruthy();
    const { zoom } = queryOf(page);
    const render = rowOf(page, 'render').locator('.segment.is-work');
    const before = await edgesOf(render);
    await render.hover();
    await page.mouse.down();
    await page.mouse.move((await middleOf(render)) - 100, 400, { steps: 3 });
    await page.mouse.up();
    await expect.poll(() => queryOf(page)['zoom']).not.toBe(zoom);
    expect((await edgesOf(render))[0]).toBeLessThan(before[0] - 50);
    expect(queryOf(page)).not.toHaveProperty('selected');
    await render.click();
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Step render');
  });

  it('opens the step of a span that is chosen in the details or named by a link, and shows its row', async () => {
    await using opened = await openNight(failedNight(1));
    const { page } = opened;
    await rowOf(page, 'match').click({ position: { x: 100, y: 10 } });
    await detailsOf(page).getByRole('link', { name: 'INSERT payments' }).click();
    const chosen = page.locator('.timeline-row.is-selected .name');
    await expectText(chosen, 'INSERT payments');
    const { selected } = queryOf(page);
    expect(queryOf(page)).toEqual({ selected, open: '["match"]' });
    await opened.go(`/run/${traceOfNight(1)}?collapsed=[0,1]&selected=${selected}`);
    await expectText(chosen, 'INSERT payments');
    await page.goto('about:blank');
    await opened.go(`/run/${traceOfNight(1)}?selected=step:rates`);
    await detailsOf(page).getByRole('link', { name: 'attempt 2' }).first().click();
    await expectText(chosen, 'attempt 2');
  });

  it('zooms by the wheel around the pointer, and by keys', async () => {
    await using opened = await openNight(fineNight(1));
    const { page } = opened;
    const render = rowOf(page, 'render').locator('.segment');
    const [before, at] = [await edgesOf(render), await middleOf(render)];
    await render.hover();
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -400);
    await page.keyboard.up('Control');
    await expect.poll(() => queryOf(page)['zoom']).toBeTruthy();
    const after = await edgesOf(render);
    expect(after[1] - after[0]).toBeGreaterThan((before[1] - before[0]) * 2);
    expect(after[0]).toBeLessThan(at);
    expect(after[1]).toBeGreaterThan(at);
    await expectSameWhenReloaded(page, { zoom: queryOf(page)['zoom'] });
    await page.keyboard.press('0');
    await expect.poll(() => queryOf(page)).toEqual({});
    await page.keyboard.press('+');
    await expect.poll(() => queryOf(page)['zoom']).toBeTruthy();
  });

  it('zooms by a drag over the strip above, which two clicks end', async () => {
    await using opened = await openNight(fineNight(1));
    const { page } = opened;
    const { x, y, width } = (await page.locator('.timeline-overview').boundingBox())!;
    await page.mouse.move(x + width * 0.2, y + 20);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.4, y + 20, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => queryOf(page)['zoom']).toMatch(/^\d/);
    await expectSameWhenReloaded(page, { zoom: queryOf(page)['zoom'] });
    await page.locator('.timeline-overview').dblclick();
    await expect.poll(() => queryOf(page)).toEqual({});
  });

  it('folds times in which nothing ran', async () => {
    await using opened = await openNight(idleNight(1));
    const { page } = opened;
    const before = await edgesOf(rowOf(page, 'match').locator('.segment.is-work'));
    await page.getByRole('button', { name: 'Fold idle times' }).click();
    await expectText(page.locator('.tick.is-fold'), '30.0 s idle');
    const after = await edgesOf(rowOf(page, 'match').locator('.segment.is-work'));
    expect(after[1] - after[0]).toBeGreaterThan((before[1] - before[0]) * 2);
    await expectSameWhenReloaded(page, { fold: '1' });
  });

  it('finds steps by what they and their spans hold, and goes from one to the next', async () => {
    await using opened = await openNight(failedNight(1));
    const { page } = opened;
    const search = page.getByRole('searchbox');
    await search.fill('db.system.name=postgresql payments');
    await expectText(page.getByRole('search').getByRole('status'), '1 of 8 steps, 2 spans');
    await expectRows(rowsOf(page).and(page.locator('.is-match')), ['match']);
    await search.press('Enter');
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Span SELECT payments');
    await search.press('Enter');
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Span INSERT payments');
    await search.press('Shift+Enter');
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Span SELECT payments');
    await expectText(page.getByRole('search').getByRole('status'), '1/2: 1 of 8 steps, 2 spans');
    expect(queryOf(page)).toMatchObject({ search: 'db.system.name=postgresql payments', open: '["match"]' });
  });
});

/** Opens a run that has others before it. */
function openNight(run: readonly ReceivedSpan[], ...before: (readonly ReceivedSpan[])[]): Promise<OpenPage> {
  return openPage([...before.flat(), ...run], { path: `/run/${run.at(0)!.traceId}` });
}

function rowsOf(page: Page): Locator {
  return page.getByRole('treeitem');
}

function caretOf(row: Locator): Locator {
  return row.locator('[data-caret]');
}

/** Names of rows, from top to bottom. */
async function namesOf(rows: Locator): Promise<string[]> {
  const placed = await rows.evaluateAll((elements) =>
    elements.map((row) => [Number(row.getAttribute('data-row')), row.querySelector('.name')!.textContent] as const),
  );
  return placed.toSorted(([a], [b]) => a - b).map(([, name]) => name);
}

async function expectRows(rows: Locator, names: readonly string[]): Promise<void> {
  await expect.poll(() => namesOf(rows)).toEqual(names);
}

/** Where something that is drawn begins and ends, in pixels. */
async function edgesOf(drawn: Locator): Promise<[from: number, to: number]> {
  const { x, width } = (await drawn.boundingBox())!;
  return [x, x + width];
}

async function middleOf(drawn: Locator): Promise<number> {
  const [from, to] = await edgesOf(drawn);
  return (from + to) / 2;
}

/** Expects what was done in the address, and the same picture once it is opened anew. */
async function expectSameWhenReloaded(page: Page, query: Record<string, string | undefined>): Promise<void> {
  await expect.poll(() => queryOf(page)).toEqual(query);
  await page.mouse.move(0, 0);
  const before = await pictureOf(page);
  await page.reload();
  // The address has the zoom in whole microseconds.
  const same = before.map(({ text, edges }) => ({
    text,
    edges: edges.map((edge): unknown => expect.closeTo(edge, 0)),
  }));
  await expect.poll(() => pictureOf(page)).toEqual(same);
}

/** All that is drawn, from top to bottom: what ticks and rows say, and where each of their parts begins and ends. */
async function pictureOf(page: Page): Promise<{ text: string; edges: number[] }[]> {
  const drawn = await page.locator('.timeline-axis, .timeline-row').evaluateAll((parts) =>
    parts.map((part) => ({
      text: (part as HTMLElement).innerText,
      top: part.getBoundingClientRect().top,
      edges: [...part.querySelectorAll('[style]')].flatMap((inner) => {
        const { left, right } = inner.getBoundingClientRect();
        return [left, right];
      }),
    })),
  );
  return drawn.toSorted((a, b) => a.top - b.top).map(({ text, edges }) => ({ text, edges }));
}
