import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { readTraces } from '../../src/inspector/read-traces.ts';
import { SteeredRun } from '../helpers/steered-run.ts';
import { spansOfRun } from '../bench/explain.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { failedNight } from './nights.ts';
import { hasBrowser, newPage, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { announced, detailsOf, factOf, rowOf, verdictOf } from './parts.ts';
import { readMermaid } from './read-mermaid.ts';

useBrowser();

const STEPS = ['customers', 'invoices', 'rates', 'match', 'tax', 'render', 'send', 'archive'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-exports-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(!hasBrowser)('the menu of exports', () => {
  it('gives the trace as OTLP JSON, which is read back as the same run', async () => {
    await using opened = await openRun(failedNight(1));
    const file = await download(opened.page, 'OTLP JSON');
    expect(file).toMatch(/billing-b0000001\.json$/);
    const { spans, faults } = readTraces(await readFile(file, 'utf8'));
    expect(faults).toEqual([]);
    expect(reconstruct(spans)).toEqual(reconstruct(failedNight(1)));
  });

  it.each(['Timeline', 'Graph'])('gives the %s as a picture that a browser opens from disk', async (view) => {
    await using opened = await openRun(failedNight(1));
    const file = await download(opened.page, `${view} as SVG`);
    expect(file).toMatch(new RegExp(`billing-b0000001-${view.toLowerCase()}\\.svg$`));
    await using picture = await openFile(file);
    const { page } = picture;
    const parsed = await page.evaluate(
      (text) => {
        const { documentElement: root } = new DOMParser().parseFromString(text, 'image/svg+xml');
        return { name: root.nodeName, faults: root.querySelectorAll('parsererror').length };
      },
      await readFile(file, 'utf8'),
    );
    expect(parsed).toEqual({ name: 'svg', faults: 0 });
    for (const step of STEPS)
      await page
        .locator('text', { hasText: new RegExp(`^${step}`) })
        .first()
        .waitFor();
    expect(await page.locator('svg').boundingBox()).toMatchObject({ width: expect.any(Number) });
  });

  it.each(['Timeline', 'Graph'])('gives the %s with names that XML would stumble over', async (view) => {
    const names = ['a<b>&c', '"]]>', '<!--'];
    const tools = Object.fromEntries(names.map((name, at) => [name, { ms: [at, at + 10] } as const]));
    await using opened = await openRun(madeRunSpans({ name: 'R&D <nightly>', ms: 100, tools }));
    const file = await download(opened.page, `${view} as SVG`);
    await using picture = await openFile(file);
    for (const name of [...names, 'R&D <nightly>'])
      expect(await picture.page.locator('svg').textContent()).toContain(name);
  });

  it('gives the graph as Mermaid, as a file and to paste', async () => {
    await using opened = await openRun(failedNight(1));
    const { page } = opened;
    const file = await download(page, 'Graph as Mermaid file');
    expect(file).toMatch(/billing-b0000001\.mmd$/);
    const text = await readFile(file, 'utf8');
    const { nodes, boxes, edges } = readMermaid(text);
    const nameOf = (id: string): string => STEPS.find((step) => nodes.get(id)?.startsWith(step)) ?? id;
    expect([...boxes.values()].flat().map(nameOf)).toEqual(STEPS);
    expect(edges.map(({ from, to }) => `${nameOf(from)} > ${nameOf(to)}`)).toEqual([
      'customers > match',
      'invoices > match',
      'match > tax',
      'rates > tax',
      'tax > render',
      'render > send',
      'render > archive',
    ]);
    await choose(page, 'Copy graph as Mermaid');
    await announced(page, 'Copied the graph.');
    expect(await clipboard(page)).toBe(text);
  });

  it('copies the link to what is shown, and the verdict', async () => {
    await using opened = await openRun(failedNight(1), '?view=report&selected=step%3Amatch');
    const { page } = opened;
    await choose(page, 'Copy link');
    await announced(page, 'Copied the link.');
    expect(await clipboard(page)).toBe(page.url());
    await choose(page, 'Copy verdict');
    await announced(page, 'Copied the verdict.');
    expect(await clipboard(page)).toBe(await verdictOf(page).textContent());
    expect(await clipboard(page)).toMatch(/^Failed after 1\.92 s: /);
  });
});

describe.skipIf(!hasBrowser)('the HTML file', () => {
  it('shows the run from disk with all that is known of it, and asks nobody', async () => {
    await using saved = await openSaved(failedNight(1));
    const { page } = saved;
    await page
      .getByText(/^Failed after 1\.92 s: /)
      .first()
      .waitFor();
    await page.getByText('saved run').waitFor();
    await rowOf(page, 'match').getByText('match', { exact: true }).click();
    await factOf(page, 'orchestration.tool_id').getByText('match').waitFor();
    await detailsOf(page).getByRole('link', { name: 'SELECT payments' }).click();
    await factOf(page, 'db.query.text').getByText('SELECT * FROM payments').waitFor();

    await page.getByRole('searchbox').fill('db.query.text=insert');
    await page.getByText('1 of 8 steps, 1 span').waitFor();
    await page.getByRole('tab', { name: 'Report' }).click();
    await page.getByRole('tabpanel', { name: 'Report' }).getByText(/match/).first().waitFor();
    await page.getByRole('tab', { name: 'Graph' }).click();
    await graphNode(page, 'match, failed').waitFor({ state: 'attached' });
    // Other runs are not in it.
    expect(await page.getByRole('tab', { name: 'Compare' }).count()).toBe(0);
    expect(saved.requests).toEqual([]);
  });

  it('has what is shown in its address: view, selection, and what is searched for', async () => {
    await using saved = await openSaved(failedNight(1));
    const { page } = saved;
    await rowOf(page, 'match').getByText('match', { exact: true }).click();
    await page.getByRole('tab', { name: 'Graph' }).click();
    await page.getByRole('searchbox').fill('payments');
    await expect.poll(() => new URL(page.url()).hash).toBe('#view=graph&selected=step%3Amatch&search=payments');
    await page.reload();
    await page.getByRole('tab', { name: 'Graph', selected: true }).waitFor();
    await detailsOf(page).getByRole('heading', { name: 'Step match' }).waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('payments');
    await page.goBack();
    await page.getByRole('tab', { name: 'Timeline', selected: true }).waitFor();
  });

  it('can be taken out of itself again, but for what needs the Inspector', async () => {
    await using saved = await openSaved(failedNight(1));
    const { page } = saved;
    const file = await download(page, 'OTLP JSON');
    expect(reconstruct(readTraces(await readFile(file, 'utf8')).spans)).toEqual(reconstruct(failedNight(1)));
    await page.getByRole('button', { name: 'Export' }).click();
    expect(await page.getByRole('menuitem').allInnerTexts()).not.toContain(expect.stringMatching(/HTML|link/));
    expect(await page.getByRole('button', { name: 'Remove this trace' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'All runs' }).count()).toBe(0);
  });

  it('stands still where the run went on', async () => {
    await using opened = await openPage([]);
    const { page, inspector } = opened;
    await using run = new SteeredRun(inspector.url, { name: 'hanging', tools: [{ tool_id: 'fetch' }] });
    await run.started('fetch');
    await page.getByRole('link', { name: 'hanging' }).click();
    await page.getByRole('treeitem', { name: /^fetch running/ }).waitFor();
    const file = await download(page, 'HTML file');
    await page.clock.install();
    await page.goto(pathToFileURL(file).href);
    const row = page.getByRole('treeitem', { name: /^fetch running/ });
    const soFar = async (): Promise<string | undefined> => /so far .*/.exec(await row.innerText())?.[0];
    const before = await soFar();
    expect(before).toMatch(/so far \d/);
    await page.keyboard.press('p');
    await page.clock.runFor(60_000);
    expect(await page.getByText(/^paused at/).count()).toBe(0);
    expect(await soFar()).toBe(before);
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
  });

  it('lays a large graph out in a worker that it holds itself', async () => {
    await using saved = await openSaved(spansOfRun(2000));
    const { page } = saved;
    const worker = page.waitForEvent('worker');
    await page.getByRole('tab', { name: 'Graph' }).click();
    expect((await worker).url()).toMatch(/^blob:/);
    await page.getByText(/^\d+ steps and collapsed groups/).waitFor({ state: 'attached' });
    expect(saved.requests).toEqual([]);
  });
});

async function openRun(spans: readonly ReceivedSpan[], query = ''): Promise<OpenPage> {
  const opened = await openPage(spans, { path: `/run/${spans[0]?.traceId}${query}` });
  await verdictOf(opened.page).waitFor();
  return opened;
}

async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name }).click();
}

/** Chooses an export, and gives the file that comes of it. */
async function download(page: Page, name: string): Promise<string> {
  const coming = page.waitForEvent('download');
  await choose(page, name);
  const came = await coming;
  const file = join(folder, came.suggestedFilename());
  await came.saveAs(file);
  return file;
}

/** A step of the graph, as readers of the screen get it. */
function graphNode(page: Page, name: string): Locator {
  return page.getByRole('region', { name: 'Graph' }).getByRole('button', { name });
}

function clipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

interface OpenFile extends AsyncDisposable {
  readonly page: Page;
  /** What it asked the network for. */
  readonly requests: readonly string[];
}

/** Opens a file in a browser that has no network. Disposing of it fails when there were errors, such as something that a policy forbids. */
async function openFile(file: string): Promise<OpenFile> {
  const { page, faults } = await newPage();
  await page.context().setOffline(true);
  const requests: string[] = [];
  page.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url())) requests.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  return {
    page,
    requests,
    [Symbol.asyncDispose]: async () => {
      await page.context().close();
      if (faults.length > 0) throw new Error(`the file had faults: ${faults.join('; ')}`);
    },
  };
}

/** Saves a run as an HTML file, and opens that once the Inspector is gone. */
async function openSaved(spans: readonly ReceivedSpan[]): Promise<OpenFile> {
  const opened = await openRun(spans);
  const file = await download(opened.page, 'HTML file');
  await opened[Symbol.asyncDispose]();
  return openFile(file);
}
