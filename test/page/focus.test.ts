import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { traceOfNight } from './billing-runs.ts';
import { failedNight, fineNight } from './nights.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { detailsOf, expectText, rowOf, rowsOfRuns } from './parts.ts';

describe.skipIf(!hasBrowser)('the focus', () => {
  useBrowser();

  it('comes back to what opened a dialog or a menu', async () => {
    await using opened = await openRun();
    const { page } = opened;
    // The button that closes the dialog has the focus: Enter presses it.
    for (const key of ['Escape', '?', 'Enter']) {
      await page.getByRole('button', { name: 'Keys' }).press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      expect(await focusOf(page)).toBe('Keys ?');
    }
    await page.getByRole('button', { name: 'Export' }).press('Enter');
    // At once: the next key is meant for the menu.
    expect(await focusOf(page)).toBe('HTML file');
    await page.keyboard.press('Escape');
    await expect.poll(() => focusOf(page)).toBe('Export');
    await rowOf(page, 'rates').click();
    const before = await focusOf(page);
    await page.keyboard.press('e');
    expect(await focusOf(page)).toBe('HTML file');
    await page.keyboard.press('Escape');
    await expect.poll(() => focusOf(page)).toBe(before);
  });

  it('is in the dialog again when it is opened as soon as it has closed', async () => {
    await using opened = await openRun();
    const { page } = opened;
    await page.getByRole('button', { name: 'Keys' }).evaluate(async (button: HTMLElement) => {
      button.click();
      const dialog = document.querySelector('dialog')!;
      dialog.close();
      const closed = new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
      button.click();
      await closed;
    });
    await page.getByRole('dialog').getByRole('heading', { name: 'Run', exact: true }).waitFor();
    expect(await focusOf(page)).toBe('Close');
  });

  it('stays in the details when a link there leads to others', async () => {
    await using opened = await openRun('selected=step:rates');
    const { page } = opened;
    await detailsOf(page).getByRole('link', { name: 'tax' }).press('Enter');
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Step tax');
    expect(await focusOf(page)).toBe('Details');
    await page.keyboard.press('Tab');
    expect(await focusOf(page)).toBe('Close the details');
    await page.keyboard.press('Enter');
    await expectText(detailsOf(page).getByRole('heading', { level: 2 }), 'Run billing');
    expect(await focusOf(page)).toBe('Details');
  });

  it.each(['Close the details', 'Expand all groups', 'Show all of the run'])(
    'stays on the page after "%s"',
    async (name) => {
      await using opened = await openRun('zoom=100-1000&collapsed=[0,1,2,3,4]');
      const { page } = opened;
      await page.getByRole('button', { name }).press('Enter');
      await page.keyboard.press('Shift+?');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      expect(await focusOf(page)).not.toBe('body');
    },
  );

  it('stays on the page when filters are cleared, and when a field is left', async () => {
    await using opened = await openPage(NIGHTS, { path: '/?search=nothing' });
    const { page } = opened;
    await page.getByRole('button', { name: 'Clear filters' }).press('Enter');
    await rowsOfRuns(page).first().waitFor();
    expect(await focusOf(page)).toBe('main');
    await page.getByRole('searchbox').press('Escape');
    expect(await focusOf(page)).toBe('main');
  });

  it('goes to the list when the trace that is shown is removed', async () => {
    await using opened = await openRun();
    const { page } = opened;
    await page.getByRole('button', { name: 'Remove this trace…' }).press('Enter');
    await page.keyboard.press('Enter');
    await expect.poll(() => rowsOfRuns(page).count()).toBe(1);
    expect(await focusOf(page)).toBe('main');
  });

  it.each([
    '/',
    `/run/${traceOfNight(2)}?selected=step:rates`,
    `/run/${traceOfNight(2)}?view=report`,
    `/run/${traceOfNight(2)}?view=compare`,
  ])('is seen wherever it goes: %s', async (path) => {
    await using opened = await openPage(NIGHTS, { path });
    const { page } = opened;
    await page.locator('.run-link, .verdict').first().waitFor();
    const [unseen, stops] = [new Set<string>(), new Set<string>()];
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      await page.keyboard.press('Tab');
      const name = await focusOf(page);
      stops.add(name);
      if (name !== 'body' && !(await isFocusSeen(page))) unseen.add(name);
    }
    expect([...unseen]).toEqual([]);
    expect(stops.size).toBeGreaterThan(FEWEST_STOPS);
  });
});

const NIGHTS = [...fineNight(1), ...failedNight(2)];
const MOST_STOPS = 50;
const FEWEST_STOPS = 6;

async function openRun(query = ''): Promise<OpenPage> {
  const opened = await openPage(NIGHTS, { path: `/run/${traceOfNight(2)}?${query}` });
  await rowOf(opened.page, 'group 0').waitFor();
  return opened;
}

/** What has the focus: by its label, or by what it says, or by its tag. */
function focusOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement as HTMLElement;
    const { localName } = focused;
    const isBox = ['body', 'main', 'section', 'aside'].includes(localName);
    return focused.ariaLabel ?? (isBox ? localName : focused.innerText.trim().split('\n')[0] || localName);
  });
}

/** Whether something is drawn around what has the focus, or around what stands for it. */
function isFocusSeen(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const focused = document.activeElement!;
    const active = document.getElementById(focused.getAttribute('aria-activedescendant') ?? '') ?? focused;
    return [getComputedStyle(active), getComputedStyle(active, '::after')].some(
      ({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && outlineWidth !== '0px',
    );
  });
}
