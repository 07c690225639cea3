import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { spansOfRun } from '../bench/explain.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { detailsOf, factOf, rowOf, verdictOf } from './parts.ts';

useBrowser();

const STEPS = 10_000;
const SPANS_BELOW = 4;

describe.skipIf(!hasBrowser)('a run of 10,000 steps and 50,000 spans', () => {
  it('is loaded, scrolled to its end, and its last step selected', async () => {
    await using opened = await openLarge();
    const { page } = opened;
    const last = await lastStep(opened);
    expect(await rowOf(page, last).count()).toBe(0);
    await page.locator('.timeline-port').evaluate((port) => port.scrollTo(0, port.scrollHeight));
    await rowOf(page, last).getByText(last, { exact: true }).click();
    await detailsOf(page)
      .getByRole('heading', { name: `Step ${last}` })
      .waitFor();
    await factOf(page, 'orchestration.tool_id').getByText(last).waitFor();
    expect(await page.getByRole('treeitem').count()).toBeLessThan(200);
  });

  it('is walked through by keys from its first row to its last and back', async () => {
    await using opened = await openLarge();
    const { page } = opened;
    const last = await lastStep(opened);
    await page.getByRole('tree').focus();
    await page.keyboard.press('End');
    await page.getByRole('treeitem', { name: new RegExp(`^${last} `), selected: true }).waitFor();
    await page.keyboard.press('Home');
    await page.getByRole('treeitem', { name: /^group 0 /, selected: true }).waitFor();
  });

  it('opens as a graph of collapsed groups', async () => {
    await using opened = await openLarge('?view=graph');
    const { page } = opened;
    const list = page.getByText(/^[\d,]+ steps and collapsed groups/);
    await list.waitFor({ state: 'attached' });
    const [shown = ''] = /^[\d,]+/.exec((await list.textContent()) ?? '') ?? [];
    expect(Number(shown.replaceAll(',', ''))).toBeLessThan(STEPS / 4);
    await page.getByRole('button', { name: /^group 1, parallel, [\d,]+ steps/ }).waitFor({ state: 'attached' });
  });

  it('is searched for what a single span of all holds', async () => {
    await using opened = await openLarge();
    const { page } = opened;
    await page.getByRole('searchbox').fill('test.needle=found');
    await page.getByText('1 of 10000 steps, 1 span').waitFor();
    await page.getByRole('searchbox').press('Enter');
    await factOf(page, 'test.needle').getByText('it is found').waitFor();
    await page.getByRole('treeitem', { name: /^GET \/part\/3 /, selected: true }).waitFor();
  });

  it('leaves no more behind the longer it is looked at', async () => {
    await using opened = await openLarge();
    const { page } = opened;
    await lookAround(page);
    const first = await usedBytes(page);
    for (let round = 0; round < 3; round += 1) await lookAround(page);
    expect(await usedBytes(page)).toBeLessThan(1.5 * first);
  });
});

describe.skipIf(!hasBrowser)('a run of 60,000 steps', () => {
  it('is shown as far as it is of use, and says so', async () => {
    const spans = spansOfRun(60_000);
    await using opened = await openPage(spans, { path: `/run/${spans[0]?.traceId}` });
    const { page } = opened;
    await page
      .getByText('This run has 60,000 steps. The first 50,000 are shown; the verdict and the report count all of them.')
      .waitFor();
    await page.getByText('60000 of 60000 planned steps seen').first().waitFor();
    await page.getByRole('treeitem').first().waitFor();
  });
});

async function openLarge(query = ''): Promise<OpenPage> {
  const spans = largeRun();
  const opened = await openPage(spans, { path: `/run/${spans[0]?.traceId}${query}` });
  await verdictOf(opened.page)
    .getByText(/^Succeeded in/)
    .waitFor();
  return opened;
}

let made: readonly ReceivedSpan[] | undefined;

/** Made once, because that takes a while. */
function largeRun(): readonly ReceivedSpan[] {
  return (made ??= makeLargeRun());
}

/** Below each step as many further spans as an HTTP client and its server make; the last of all says what no other does. */
function makeLargeRun(): ReceivedSpan[] {
  const spans = spansOfRun(STEPS).flatMap((span) => {
    if (!span.name.startsWith('step ')) return [span];
    const below = Array.from({ length: SPANS_BELOW }, (_, index) => ({
      ...span,
      spanId: `${(index + 10).toString(16)}${span.spanId.slice(1)}`,
      parentSpanId: span.spanId,
      name: `GET /part/${index}`,
      kind: 'client' as const,
      attributes: new Map([['url.path', `/part/${index}`]]),
    }));
    return [span, ...below];
  });
  const last = spans.findLastIndex(({ name }) => name === `GET /part/${SPANS_BELOW - 1}`);
  return spans.map((span, at) =>
    at === last ? { ...span, attributes: new Map([['test.needle', 'it is found']]) } : span,
  );
}

/** The step that is shown last. */
async function lastStep({ inspector, page }: OpenPage): Promise<string> {
  const trace = new URL(page.url()).pathname.slice('/run/'.length);
  const response = await fetch(`${inspector.url}/api/run?trace=${trace}`);
  const { steps } = (await response.json()) as { steps: { key: string }[] };
  expect(steps).toHaveLength(STEPS);
  return steps.at(-1)?.key ?? '';
}

/** What somebody does who looks for something: scrolls, searches, changes views. */
async function lookAround(page: Page): Promise<void> {
  const port = page.locator('.timeline-port');
  for (const share of [0.3, 0.9, 0.5])
    await port.evaluate((port, share) => port.scrollTo(0, share * port.scrollHeight), share);
  await page.getByRole('searchbox').fill('url.path=/part/2');
  await page.getByText('10000 of 10000 steps, 10000 spans').waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('tab', { name: 'Graph' }).click();
  await page.getByText(/^[\d,]+ steps and collapsed groups/).waitFor({ state: 'attached' });
  await page.getByRole('tab', { name: 'Report' }).click();
  await page.getByRole('tabpanel', { name: 'Report' }).getByRole('heading').first().waitFor();
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await page.getByRole('treeitem').first().waitFor();
}

/** What the page holds in memory, without what could be thrown away. */
async function usedBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize;
}
