import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { madeRunSpans } from '../explain/made-runs.ts';
import { SteeredRun } from '../helpers/steered-run.ts';
import { traceOfNight } from './billing-runs.ts';
import { failedNight, fineNight, idleNight, slowNight } from './nights.ts';
import { hasBrowser, openPage, useBrowser } from './open-page.ts';
import { expectText } from './parts.ts';

describe.skipIf(!hasBrowser)('the comparison', () => {
  useBrowser();

  it('of a run before which none succeeded asks for nothing, and offers the others where there are any', async () => {
    await using opened = await openPage(failedNight(1), { path: addressOf(1) });
    const { page } = opened;
    await expectText(
      noticeOf(page),
      'No earlier run of billing succeeded, and there is no other run of it to compare with.',
    );
    expect(await page.getByLabel('Compare with').count()).toBe(0);
    opened.inspector.take(fineNight(2));
    await page.reload();
    await expectText(noticeOf(page), 'No earlier run of billing succeeded: choose another run.');
    await page.getByLabel('Compare with').selectOption({ index: 1 });
    await page.getByRole('heading', { name: /^Failed, succeeded before/ }).waitFor();
  });

  it('begins at its top, whatever is selected', async () => {
    await using opened = await openPage([...fineNight(1), ...slowNight(2)], {
      path: `${addressOf(2)}&selected=step:send`,
      height: 500,
    });
    const { page } = opened;
    await page.getByRole('row', { name: /^send/ }).waitFor();
    expect(await page.locator('#view').evaluate(({ scrollTop }) => scrollTop)).toBe(0);
  });

  it('praises no run for being short that failed', async () => {
    await using opened = await openPage([...fineNight(1), ...slowNight(2), ...fineNight(3)]);
    const { page } = opened;
    await opened.go(addressOf(3));
    const praise = await colorOf(changeOf(page));
    opened.inspector.take([...slowNight(4), ...failedNight(5)]);
    await opened.go(addressOf(5));
    await page.getByRole('heading', { name: /^Failed, succeeded before/ }).waitFor();
    expect(await colorOf(changeOf(page))).not.toBe(praise);
  });

  it('with many marks no time that is within what they took', async () => {
    await using opened = await openPage([...fineNight(1), ...idleNight(2), ...fineNight(3, 6000)], {
      path: `${addressOf(3)}&with=median:20`,
    });
    const { page } = opened;
    await page.getByRole('heading', { name: /^Within what 2 runs took/ }).waitFor();
    expect(await changeOf(page).getAttribute('class')).not.toMatch(/is-(less|more)/);
  });

  it('of a run whose process was killed calls no step shorter, and none lost that did not start', async () => {
    const plan = { name: 'load', tools: [{ tool_id: 'fetch' }, { tool_id: 'store', depends_on: ['fetch'] }] };
    const tools = { fetch: { ms: [0, 60_000] }, store: { needs: ['fetch'], ms: [60_000, 60_100] } } as const;
    const longAgo = -100_000_000_000;
    await using opened = await openPage(madeRunSpans({ ms: 60_100, at: longAgo, name: plan.name, tools }));
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, plan);
    await run.started('fetch');
    await page.getByRole('row', { name: 'running load' }).getByRole('link').first().click();
    await page.getByRole('tab', { name: 'Compare' }).click();
    await page.getByRole('heading', { name: /^The run after is still running/ }).waitFor();
    await page.getByRole('row', { name: /^fetch running for .* so far/ }).waitFor();
    await run.kill();
    await page.getByRole('heading', { name: /^The run after was interrupted while fetch ran/ }).waitFor();
    await page.getByRole('row', { name: /^fetch interrupted after/ }).waitFor();
    await page.getByRole('row', { name: /^store did not start/ }).waitFor();
    expect(await page.locator('.row .is-interrupted').count()).toBe(1);
    expect(await page.locator('.row .is-less').count()).toBe(0);
  });
});

function addressOf(night: number): string {
  return `/run/${traceOfNight(night)}?view=compare`;
}

function noticeOf(page: Page): Locator {
  return page.getByRole('article').getByRole('status');
}

/** By how much the whole run changed. */
function changeOf(page: Page): Locator {
  return page.getByRole('row', { name: /^the run/ }).locator('.signed');
}

function colorOf(element: Locator): Promise<string> {
  return element.evaluate((one) => getComputedStyle(one).color);
}
