import { describe, expect, it } from 'vitest';
import { encodeTracesJson } from '../../src/inspector/encode-json.ts';
import { HOSTILE_TEXTS, hostileRun } from './hostile-run.ts';
import { settle } from './look.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { announced, detailsOf, expectText, expectTexts, rowsOfRuns, sectionOf, verdictOf } from './parts.ts';

// What comes from traces is text, whatever it says: it is shown as it is, makes no element and runs nothing.

const RUNS = HOSTILE_TEXTS.flatMap((text, at) => hostileRun(text, traceOf(at)));
const FIRST = HOSTILE_TEXTS[0] ?? '';

describe.skipIf(!hasBrowser)('hostile names', () => {
  useBrowser();

  it('are text in the list, its filters and its search', async () => {
    await using opened = await openHostile('/');
    const { page } = opened;
    await expect.poll(async () => new Set(await rowsOfRuns(page).allTextContents())).toEqual(new Set(HOSTILE_TEXTS));
    await page.getByLabel('Plan').selectOption(FIRST);
    await expectTexts(rowsOfRuns(page), [FIRST]);
    await expectText(page.locator('td.services'), `${FIRST} ${FIRST}`);
    await page.getByLabel('Filter runs by text').fill('<svg onload="window.pwned=1">');
    await expectInert(opened);
  });

  it('are text in the head and in the timeline, with all that is open in it and pointed at', async () => {
    await using opened = await openHostile(`/run/${traceOf(0)}`, { open: JSON.stringify(HOSTILE_TEXTS) });
    const { page } = opened;
    const rows = page.locator('.timeline-row');
    await expect
      .poll(() => rows.locator('.name').allTextContents())
      .toEqual(['group 0', ...HOSTILE_TEXTS.flatMap((text) => [text, text])]);
    await expectText(page.getByRole('heading', { level: 1 }), FIRST);
    await expectText(page.locator('.badge').first(), FIRST);
    expect(await verdictOf(page).textContent()).toContain(FIRST);
    await rows.nth(1).locator('.segment.is-work').hover();
    await expectText(page.locator('.popover .title strong'), FIRST);
    await expectInert(opened);
  });

  it('are text in the details of each step: mappings, attributes, events, links, errors, calls', async () => {
    await using opened = await openHostile(`/run/${traceOf(0)}`);
    const { page } = opened;
    for (const [at, text] of HOSTILE_TEXTS.entries()) {
      await page
        .getByRole('treeitem')
        .nth(at + 1)
        .click();
      await expectText(detailsOf(page).getByRole('heading', { level: 2 }), `Step ${text}`);
      await expectTexts(sectionOf(page, 'Inside: 1 span').getByRole('link'), [text]);
      for (const section of ['Attributes: 9', 'Events: 1', 'Links: 1', 'Resource', 'Status'])
        expect(await sectionOf(page, section).innerText()).toContain(section === 'Resource' ? FIRST : text);
      expect(await detailsOf(page).locator('.error-text pre').textContent()).toBe(text);
      if (at > 0) expect(await detailsOf(page).locator('.mappings').innerText()).toContain(text);
      await expectInert(opened);
    }
  });

  it.each(['graph', 'report', 'compare'])('are text in the %s', async (view) => {
    await using opened = await openHostile(`/run/${traceOf(1)}`, { view, with: traceOf(0) });
    const { page } = opened;
    const shown = view === 'graph' ? page.locator('.graph-list') : page.getByRole('article');
    for (const text of HOSTILE_TEXTS.slice(0, 5))
      await expect.poll(async () => await shown.innerText()).toContain(text);
    await expectInert(opened);
  });

  it('are text in the address and in the search of a run', async () => {
    const given = ['selected', 'zoom', 'search', 'collapsed', 'open', 'fold', 'place', 'with', 'plan', 'outcome'];
    await using opened = await openHostile('/');
    for (const text of HOSTILE_TEXTS) {
      const query = new URLSearchParams(given.map((name) => [name, text]));
      await opened.go(`/run/${traceOf(0)}?${query.toString()}`);
      await expectText(detailsOf(opened.page).getByRole('heading', { level: 2 }), `Nothing ${text}`);
      expect(await opened.page.getByRole('searchbox').inputValue()).toBe(text);
      await expectInert(opened);
    }
  });

  it('are text in an address that leads to no run', async () => {
    await using opened = await openHostile(`/run/${traceOf(0)}`, { run: FIRST });
    await opened.page.getByRole('heading', { name: 'No run to show' }).waitFor();
    await expectInert(opened);
  });

  it('are text in the name of a trace file', async () => {
    await using opened = await openHostile('/');
    const { page } = opened;
    const buffer = Buffer.from(JSON.stringify(encodeTracesJson(hostileRun('fine', 'a'.repeat(32)))));
    await page.locator('#open-file').setInputFiles({ name: `${FIRST}.json`, mimeType: 'application/json', buffer });
    await announced(page, `${FIRST}.json: 20 spans and 1 run.`);
    await expectInert(opened);
  });
});

function traceOf(at: number): string {
  return `${at}`.padEnd(32, 'a');
}

/** What is noted in the window of the page. */
interface Noted {
  /** Set by what the texts would run. */
  readonly pwned: unknown;
  /** What the policy of the page had to refuse, and dialogs that would have opened. */
  readonly refused: readonly string[];
}

async function openHostile(path: string, query: Record<string, string> = {}): Promise<OpenPage> {
  // One of the addresses leads to no run.
  const opened = await openPage(RUNS, { faults: /404/ });
  await opened.page.addInitScript(() => {
    const refused: string[] = [];
    const dialogs = ['alert', 'confirm', 'prompt', 'print', 'open'].map((name) => [name, () => refused.push(name)]);
    Object.assign(window, { refused, ...Object.fromEntries(dialogs) });
    addEventListener('securitypolicyviolation', ({ violatedDirective }) => refused.push(violatedDirective));
  });
  await opened.go(`${path}?${new URLSearchParams(query).toString()}`);
  return opened;
}

/** What none of the page's own elements is or has. */
const FOREIGN = [
  'img, iframe, object, embed, form, base, meta[http-equiv], style, script:not([src="/page.js"])',
  '[onload], [onerror], [onmouseover], [onfocus], [autofocus], [srcdoc]',
  'a[href^="javascript:" i], a[href^="data:" i]',
].join();

/** Expects that nothing ran, nothing was made an element, and nothing had to be refused. */
async function expectInert({ page }: OpenPage): Promise<void> {
  await settle(page);
  const foreign = page.locator(FOREIGN);
  expect(await foreign.evaluateAll((elements) => elements.map(({ outerHTML }) => outerHTML))).toEqual([]);
  const noted = await page.evaluate(() => {
    const { pwned, refused } = window as unknown as Noted;
    return { pwned, refused };
  });
  expect(noted).toEqual({ pwned: undefined, refused: [] });
}
