import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { startInspector } from '../../src/inspector/serve.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { hasBrowser, newPage, openPage, useBrowser } from './open-page.ts';
import { SteeredRun } from '../helpers/steered-run.ts';

useBrowser();

const PLAN = {
  name: 'nightly-load',
  tools: [
    { tool_id: 'fetch' },
    { tool_id: 'clean', depends_on: ['fetch'], retry: { max_attempts: 3, backoff_ms: 0 } },
    { tool_id: 'store', depends_on: ['clean'] },
  ],
};

/** What the browser notes as long as there is no Inspector. */
const GONE = /net::ERR_/;

describe.skipIf(!hasBrowser)('a run that goes on', () => {
  it('is in the open list without a reload, as it goes on and as it has ended', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.started('fetch');
    await page.getByRole('row', { name: 'running nightly-load' }).waitFor();
    await run.finish('fetch', 'clean', 'store');
    await page.getByRole('row', { name: 'succeeded nightly-load' }).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
  });

  it('shows planned steps before they start, running ones that grow, and their outcomes', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.started('fetch');
    await openRun(page);
    await row(page, /^fetch running, started after .* so far/).waitFor();
    await row(page, /^clean planned, waits for fetch$/).waitFor();
    await row(page, /^store planned, waits for clean$/).waitFor();
    await expectToGrow(row(page, /^fetch/), /so far ([^,]+)/);

    await run.finish('fetch');
    await row(page, /^fetch succeeded, .* took/).waitFor();
    await row(page, /^clean running/).waitFor();
    await verdict(page, /^Running: 1 of 3 planned steps ended; clean is running\.$/).waitFor();

    for (const attempt of [1, 2, 3]) {
      await run.started('clean', attempt);
      run.tell('clean', 'throw', 'row 7 is broken');
    }
    await run.ended();
    await verdict(page, /^Failed after .* clean failed after 3 attempts \(row 7 is broken\)/).waitFor();
    await row(page, /^clean failed/).waitFor();
    await row(page, /^store skipped, .* because clean failed/).waitFor();
    expect(await verdict(page, /^Running/).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
  });

  it('draws a bar that grows beside others that stand still', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    const tools = [{ tool_id: 'long' }, { tool_id: 'short' }];
    await using run = new SteeredRun(inspector.url, { name: PLAN.name, tools });
    await run.finish('short');
    await run.started('long');
    await openRun(page);
    await row(page, /^short succeeded/).waitFor();
    const widthOf = async (name: RegExp): Promise<number> =>
      (await row(page, name).locator('.segment').last().boundingBox())?.width ?? 0;
    const share = async (): Promise<number> => (await widthOf(/^long/)) / (await widthOf(/^short/));
    await expect.poll(share).toBeGreaterThan(1);
    const first = await share();
    await expect.poll(share).toBeGreaterThan(first);
  });

  it('says how long it takes beside what is usual for its plan and its steps', async () => {
    await using opened = await openPage(earlierRuns());
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.started('fetch');
    await page.getByRole('row', { name: /running nightly-load .* usually 90 ms, .* times as long as usual/ }).waitFor();
    await openRun(page);
    const elapsed = page.getByRole('listitem').filter({ hasText: /usually 90 ms, .* times as long as usual$/ });
    await elapsed.waitFor();
    await expectToGrow(elapsed, /^([\d.]+ \w+)usually/);
    await row(page, /^fetch running, .* so far .*, usually 30 ms/).waitFor();
    await details(page)
      .getByText(/fetch has been running for .*, usually 30 ms/)
      .waitFor();
  });

  it('shows the attempts of a step while it is tried again', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.finish('fetch');
    await run.started('clean');
    run.tell('clean', 'throw', 'row 7 is broken');
    await run.started('clean', 2);
    await openRun(page);
    await row(page, /^clean running/)
      .getByText('clean', { exact: true })
      .click();
    const attempts = details(page).getByRole('listitem');
    await attempts.filter({ hasText: /^attempt 1.*row 7 is broken/ }).waitFor();
    await attempts.filter({ hasText: /^attempt 2 so far/ }).waitFor();
    run.tell('clean');
    await run.finish('store');
    await attempts.filter({ hasText: /^attempt 2 \d/ }).waitFor();
    await row(page, /^clean succeeded, .*attempts 2/).waitFor();
  });

  it('stands still when it is paused, says how much came since, and catches up', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.started('fetch');
    await openRun(page);
    await row(page, /^fetch running/).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText(/^paused at .*; 0 changes since$/).waitFor();
    const before = await page.getByRole('main').textContent();
    await run.finish('fetch');
    await page.getByText(/^paused at .*; [1-9]\d* changes? since$/).waitFor();
    expect(withoutPause(await page.getByRole('main').textContent())).toBe(withoutPause(before));
    await page.getByRole('button', { name: 'Resume' }).click();
    await row(page, /^fetch succeeded/).waitFor();
    await row(page, /^clean running/).waitFor();
    expect(await page.getByText(/^paused/).count()).toBe(0);
    await page.keyboard.press('p');
    await run.finish('clean', 'store');
    await page.getByText(/^paused at .*; the run has since succeeded$/).waitFor();
    await page.keyboard.press('p');
    await verdict(page, /^Succeeded/).waitFor();
  });

  it('is interrupted when its process is killed, and says what ran', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.finish('fetch');
    await run.started('clean');
    await openRun(page);
    await row(page, /^clean running/).waitFor();
    await run.kill();
    await page.getByText('Interrupted: its process ended while clean ran; 1 of 3 planned steps ended.').waitFor();
    await row(page, /^clean interrupted/).waitFor();
    await row(page, /^store not started/).waitFor();
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.getByRole('row', { name: 'interrupted nightly-load its process ended while clean ran' }).waitFor();
  });

  it('says one click from the list where it is stuck when a step waits for ever', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.finish('fetch');
    await run.started('clean');
    await openRun(page);
    await verdict(page, /^Running: 1 of 3 planned steps ended; clean is running\.$/).waitFor();
    await details(page)
      .getByText(/clean has been running for/)
      .waitFor();
    await row(page, /^clean running/).click();
    await details(page).getByText('Its span arrives when it ends, each call inside when that ends.').waitFor();
  });

  it('says so as well when a step keeps its process busy for ever', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.finish('fetch');
    await run.started('clean');
    await openRun(page);
    await row(page, /^clean running/).waitFor();
    run.tell('clean', 'block');
    await verdict(page, /^Does not answer: its process is .* kept busy by clean, or store after it; 1 of 3/).waitFor();
    const silence = page.getByRole('status').getByText(/^Its process has been silent for .*event loop/);
    await expectToGrow(silence, /silent for (.*?):/);
    await row(page, /^clean running/).waitFor();
  });

  it('and when a step does so from its start, before anybody could be told of it', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    const tools = [{ tool_id: 'fetch' }, { tool_id: 'spin', depends_on: ['fetch'] }];
    await using run = new SteeredRun(inspector.url, { name: PLAN.name, tools });
    await run.started('fetch');
    await openRun(page);
    await row(page, /^fetch running/).waitFor();
    await run.finish('fetch');
    await verdict(page, /^Does not answer: .* kept busy by fetch, or spin after it; 0 of 2/).waitFor();
  });
});

describe.skipIf(!hasBrowser)('the page', () => {
  it('says how long ago a run was, also after a while', async () => {
    const spans = madeRunSpans({ ms: 600, tools: { fetch: { ms: [0, 600] } } });
    const startedAtMs = Number(spans[0]?.startNs) / 1e6;
    await using opened = await openPage(spans);
    const { page } = opened;
    await page.clock.install({ time: startedAtMs + 20_000 });
    await opened.go(`/run/${spans[0]?.traceId}`);
    await page.locator('.run-facts').getByText('20 s ago').waitFor();
    await page.clock.runFor(100_000);
    await page.locator('.run-facts').getByText('2 min ago').waitFor();
  });

  it('says that the Inspector is gone, connects again by itself, and shows what came meanwhile', async () => {
    await using opened = await openPage([], { faults: GONE });
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.started('fetch');
    await openRun(page);
    await row(page, /^fetch running/).waitFor();
    await inspector.close();
    const gone = page.getByRole('status').getByText(/^The Inspector does not answer: what is shown may be old\./);
    await gone.waitFor();
    await run.finish('fetch');
    await run.started('clean');
    await using store = openStore();
    await using _ = await startInspector({ store, storeName: 'memory', port: inspector.port });
    await row(page, /^clean running/).waitFor();
    await expect.poll(() => gone.count()).toBe(0);
    await run.finish('clean', 'store');
    await row(page, /^store succeeded/).waitFor();
  });

  it('asks for what it missed while the Inspector was gone', async () => {
    await using opened = await openPage([], { faults: GONE });
    const { page, inspector } = opened;
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await inspector.close();
    await page.getByText('The Inspector does not answer: the list may be old.').waitFor();
    await using store = openStore();
    store.add(earlierRuns());
    await using _ = await startInspector({ store, storeName: 'memory', port: inspector.port });
    await page.getByRole('row', { name: 'succeeded nightly-load' }).first().waitFor();
  });

  it('changes what an Inspector has that was started again', async () => {
    await using opened = await openPage(earlierRuns(), { faults: /net::ERR_|403/ });
    const { page, inspector } = opened;
    await openRun(page);
    await page.getByRole('button', { name: /^Remove this trace/ }).waitFor();
    await inspector.close();
    await using store = openStore();
    store.add(earlierRuns());
    await using _ = await startInspector({ store, storeName: 'memory', port: inspector.port });
    await page.getByRole('button', { name: /^Remove this trace/ }).click();
    await page
      .getByRole('button', { name: /^Remove/ })
      .last()
      .click();
    await expect.poll(() => store.counts.traces).toBe(2);
  });

  it('shows the same in two tabs', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    const second = await page.context().newPage();
    await second.goto(`${inspector.url}/`);
    const tabs = [page, second];
    for (const tab of tabs) await tab.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await using run = new SteeredRun(inspector.url, PLAN);
    await run.started('fetch');
    for (const tab of tabs) {
      await openRun(tab);
      await row(tab, /^fetch running/).waitFor();
    }
    await run.finish('fetch', 'clean', 'store');
    for (const tab of tabs) await row(tab, /^store succeeded/).waitFor();
  });

  it('shows what another process writes into its store', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orchestrace-page-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
    const file = join(folder, 'traces.sqlite');
    await using shown = openStore({ file });
    await using inspector = await startInspector({ store: shown, storeName: file });
    const { page, faults } = await newPage();
    await page.goto(`${inspector.url}/`);
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await using other = openStore({ file });
    other.add(earlierRuns());
    await page.getByRole('row', { name: 'succeeded nightly-load' }).first().waitFor();
    await page.context().close();
    expect(faults).toEqual([]);
  });
});

async function openRun(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'nightly-load' }).first().click();
}

/** A row of the timeline, by the words that readers of the screen get. */
function row(page: Page, name: RegExp): Locator {
  return page.getByRole('treeitem', { name });
}

function verdict(page: Page, text: RegExp): Locator {
  return page.getByRole('main').getByRole('paragraph').filter({ hasText: text });
}

function details(page: Page): Locator {
  return page.getByRole('complementary', { name: 'Details' });
}

/** How much came does not stand still. */
function withoutPause(text: string | null): string {
  return (text ?? '').replace(/; \d+ changes? since/, '');
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };

/** Waits until a duration in a text is longer than at first. */
async function expectToGrow(locator: Locator, place: RegExp): Promise<void> {
  const readMs = async (): Promise<number> => {
    const [, text = ''] = place.exec((await locator.textContent()) ?? '') ?? [];
    const [, number = '', unit = ''] = /([\d.]+) (ms|s|min)/.exec(text) ?? [];
    return Number(number) * (UNITS[unit] ?? 0);
  };
  await expect.poll(readMs).toBeGreaterThan(0);
  const first = await readMs();
  await expect.poll(readMs).toBeGreaterThan(first);
}

/** Three successes of the plan in the hour before now: 90 ms, and 30 ms a step. */
function earlierRuns(): ReceivedSpan[] {
  const spans = [0, 1, 2].flatMap((at) =>
    madeRunSpans({
      name: PLAN.name,
      ms: 90,
      at: at * 1000,
      traceId: String(at + 1).repeat(32),
      tools: {
        fetch: { ms: [0, 30] },
        clean: { needs: ['fetch'], ms: [30, 60] },
        store: { needs: ['clean'], ms: [60, 90] },
      },
    }),
  );
  const firstMs = Math.min(...spans.map(({ startNs }) => Number(startNs) / 1e6));
  const laterNs = BigInt(Math.round(Date.now() - 3_600_000 - firstMs)) * 1_000_000n;
  return spans.map((span) => ({ ...span, startNs: span.startNs + laterNs, endNs: span.endNs + laterNs }));
}
