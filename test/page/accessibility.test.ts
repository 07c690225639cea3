import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { traceOfNight } from './billing-runs.ts';
import { settle } from './look.ts';
import { failedNight, fineNight, stuckNight } from './nights.ts';
import { hasBrowser, openPage, useBrowser } from './open-page.ts';
import { expectText, rowOf } from './parts.ts';

const FAILED = `/run/${traceOfNight(2)}`;
const STUCK = `/run/${traceOfNight(3)}`;
const NIGHTS = [...fineNight(1), ...failedNight(2), ...stuckNight(3)];
const [ATTEMPT, CALL] = ['attempt 2', 'INSERT payments'].map(
  (name) => NIGHTS.find((span) => span.name === name)!.spanId,
);

/** All that the page can show, and a text of it that is there last. */
const SHOWN: readonly (readonly [path: string, last: string])[] = [
  ['/', 'Started'],
  [`${FAILED}?open=["rates","match"]&zoom=100-900`, 'attempt 3'],
  [`${FAILED}?view=graph&selected=group:0`, '3 steps'],
  [`${FAILED}?view=report&selected=step:rates`, 'service.version'],
  [`${FAILED}?view=compare&selected=edge:invoices>match`, 'Critical path'],
  ['/?search=nothing', 'Clear filters'],
  [FAILED, 'Attributes: 4'],
  [STUCK, 'Its span did not arrive.'],
  [`${FAILED}?selected=attempt:${ATTEMPT}`, 'service.version'],
  [`${FAILED}?selected=span:${CALL}&search=payments`, 'service.version'],
  [`${FAILED}?selected=step:nobody`, 'This run does not have it.'],
  [`/run/${'0'.repeat(32)}`, 'All runs'],
];

describe.skipIf(!hasBrowser)('accessibility', () => {
  useBrowser();

  // Contrast is a matter of the scheme, what fits one of the width.
  it.each([
    { scheme: 'light', width: 1600 },
    { scheme: 'dark', width: 700 },
  ] as const)('axe finds nothing, $scheme, at $width px', async ({ scheme, width }) => {
    // One of the addresses is that of a trace that is not there.
    await using opened = await openPage(NIGHTS, { scheme, width, faults: /404/ });
    const { page } = opened;
    const found: string[] = [];
    for (const [path, last] of SHOWN) {
      await opened.go(path);
      await page.getByText(last).first().waitFor({ state: 'attached' });
      // What is loading is pale.
      await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
      await settle(page);
      found.push(...(await violationsOf(page)).map((violation) => `${path}: ${violation}`));
    }
    expect(found).toEqual([]);
  });

  it('axe finds nothing where there is no run yet', async () => {
    await using opened = await openPage([]);
    await opened.page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    expect(await violationsOf(opened.page)).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('axe finds nothing in what opens above the page, %s', async (scheme) => {
    await using opened = await openPage(NIGHTS, { scheme, path: FAILED });
    const { page } = opened;
    await rowOf(page, 'rates').waitFor();
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menu').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keys' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await rowOf(page, 'rates').locator('.segment.is-work').last().hover();
    await page.locator('.popover').waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('gives the timeline as a tree', async () => {
    await using opened = await openPage(NIGHTS, { path: `${FAILED}?collapsed=[4]&open=["rates"]` });
    const { page } = opened;
    await page.getByRole('treeitem', { name: /^attempt 3/ }).waitFor();
    const rows = await page
      .getByRole('tree', { name: 'Steps in time' })
      .getByRole('treeitem')
      .evaluateAll((items) =>
        items.map((item) => {
          const [level, position, siblings, isOpen] = ['level', 'posinset', 'setsize', 'expanded'].map((name) =>
            item.getAttribute(`aria-${name}`),
          );
          const name = item.querySelector('.name')!.textContent;
          return `${level} ${name} ${position}/${siblings} ${isOpen}`;
        }),
      );
    expect(rows).toMatchInlineSnapshot(`
      [
        "1 group 0 1/5 true",
        "2 customers 1/3 null",
        "2 invoices 2/3 null",
        "2 rates 3/3 true",
        "3 attempt 1 1/3 null",
        "4 GET /vat 503 1/1 null",
        "3 attempt 2 2/3 null",
        "4 GET /vat 503 1/1 null",
        "3 attempt 3 3/3 null",
        "4 GET /vat 503 1/1 null",
        "1 group 1 2/5 true",
        "2 match 1/1 false",
        "1 group 2 3/5 true",
        "2 tax 1/1 null",
        "1 group 3 4/5 true",
        "2 render 1/1 null",
        "1 group 4 5/5 false",
      ]
    `);
  });

  it('gives the graph as a list, and says which of it is selected', async () => {
    await using opened = await openPage(NIGHTS, { path: `${FAILED}?view=graph` });
    const { page } = opened;
    const items = page
      .getByRole('region', { name: 'Graph' })
      .getByRole('list')
      .filter({ has: page.getByRole('button') })
      .getByRole('listitem');
    await expect.poll(() => items.count()).toBe(8);
    await page.keyboard.press('ArrowRight');
    await expectText(page.locator('.graph-list [role=status]'), 'rates, failed, 850 ms, slack 1.05 s');
    await expectText(items.locator('[aria-current=true]'), 'rates, failed, 850 ms, slack 1.05 s');
  });
});

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe has against the page, a line each: rule, element, why. */
async function violationsOf(page: Page): Promise<string[]> {
  // As text of a script the page's policy would refuse it.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults, string[]>(
    (rules) =>
      (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
        runOnly: rules,
        resultTypes: ['violations'],
      }),
    RULES,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
  );
}
