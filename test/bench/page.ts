import assert from 'node:assert/strict';
import { type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { startInspector } from '../../src/inspector/serve.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { spansOfRun } from './explain.ts';
import type { Result, Row } from './side-by-side.ts';

export const name = 'page of the Inspector';
/** Milliseconds. */
const GOALS = { open: 1500, timeline: 17, graph: 25 };
const ROUNDS = 5;
const FRAMES = 120;

/** One thing that is done with a page, in milliseconds; the floor is a page of nothing but the same rows in a table. */
interface Measured {
  readonly what: string;
  readonly goal: number;
  readonly size: number;
  readonly oursMs: readonly number[];
  readonly floorMs: readonly number[];
}

export async function run(): Promise<Result[]> {
  await using browser = await launchBrowser(['--disable-frame-rate-limit', '--disable-gpu-vsync']);
  const small = await measure(browser, 10_000, spansOfRun(10_000));
  const large = await measure(browser, 10_000, withSpansBelow(spansOfRun(10_000), 4), '50,000 spans: ');
  return [...small, ...large].map(toResult);
}

/** As many further spans below each step, as an HTTP client and its server make them. */
function withSpansBelow(spans: readonly ReceivedSpan[], count: number): ReceivedSpan[] {
  return spans.flatMap((span) => {
    if (!span.name.startsWith('step ')) return [span];
    const below = Array.from({ length: count }, (_, index) => ({
      ...span,
      spanId: `${(index + 10).toString(16)}${span.spanId.slice(1)}`,
      parentSpanId: span.spanId,
      name: `GET /part/${index}`,
      kind: 'client' as const,
      attributes: new Map([['http.request.method', 'GET'] as const, ['url.path', `/part/${index}`] as const]),
    }));
    return [span, ...below];
  });
}

async function measure(
  browser: Browser,
  size: number,
  spans: readonly ReceivedSpan[],
  prefix = '',
): Promise<Measured[]> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrace-bench-'));
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  // A file, as the Inspector has it unless told otherwise.
  await using store = openStore({ file: join(folder, 'traces.sqlite') });
  store.add(spans);
  assert.equal(store.counts.spans, spans.length);
  await using inspector = await startInspector({ store, storeName: 'memory' });
  await using plain = await servePlainPage(spans);
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
  const reference = await browser.newPage({ viewport: { width: 1600, height: 900 } });
  const url = `${inspector.url}/run/${spans.at(0)?.traceId}`;

  const opened = { ours: [] as number[], floor: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    opened.ours.push(await timeToShow(page, url, '[role=treeitem]'));
    opened.floor.push(await timeToShow(reference, plain.url, 'tr:last-child'));
  }
  const floorScroll = await frames(reference, 'scroll', 'html');
  const scroll = await frames(page, 'scroll', '.timeline-port');
  const zoom = await frames(page, 'zoom', '.timeline-port');
  await page.goto(`${url}?view=graph&collapsed=[]`);
  await page.waitForSelector('.graph canvas[aria-label^="Graph of bench"]');
  const graphZoom = await frames(page, 'zoom', '.graph canvas');
  const graphPan = await frames(page, 'drag', '.graph canvas');
  await page.close();
  await reference.close();
  return [
    { what: 'open', goal: GOALS.open, oursMs: opened.ours, floorMs: opened.floor },
    { what: 'p95 frame, timeline scrolls', goal: GOALS.timeline, oursMs: scroll, floorMs: floorScroll },
    { what: 'p95 frame, timeline zooms', goal: GOALS.timeline, oursMs: zoom, floorMs: floorScroll },
    { what: 'p95 frame, graph zooms', goal: GOALS.graph, oursMs: graphZoom, floorMs: floorScroll },
    { what: 'p95 frame, graph is dragged', goal: GOALS.graph, oursMs: graphPan, floorMs: floorScroll },
  ].map(({ what, ...measured }) => ({ what: prefix + what, size, ...measured }));
}

/** From the start of loading until something is there and drawn. */
async function timeToShow(page: Page, url: string, selector: string): Promise<number> {
  await page.goto('about:blank');
  const start = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForSelector(selector, { state: 'attached' });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return performance.now() - start;
}

/** How long each frame takes, unthrottled, while somebody scrolls, zooms with the wheel, or drags. */
function frames(page: Page, what: 'scroll' | 'zoom' | 'drag', selector: string): Promise<number[]> {
  return page.evaluate(
    async ({ what, selector, count }) => {
      const element = document.querySelector(selector)!;
      const { left, top, width, height } = element.getBoundingClientRect();
      const [x, y] = [left + width / 2, top + Math.min(height, innerHeight) / 2];
      const at = { bubbles: true, cancelable: true, clientX: x, clientY: y };
      const act = (frame: number): void => {
        if (what === 'scroll') element.scrollTop += 97;
        else if (what === 'zoom')
          element.dispatchEvent(new WheelEvent('wheel', { ...at, ctrlKey: true, deltaY: frame % 60 < 30 ? -40 : 40 }));
        else {
          const moved = {
            ...at,
            clientX: x + 5 * (frame % 40),
            clientY: y + 3 * (frame % 40),
            pointerId: 1,
            buttons: 1,
          };
          element.dispatchEvent(new PointerEvent(frame % 40 === 0 ? 'pointerdown' : 'pointermove', moved));
          if (frame % 40 === 39) element.dispatchEvent(new PointerEvent('pointerup', moved));
        }
      };
      const next = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      const times: number[] = [];
      await next();
      for (let frame = 0, last = performance.now(); frame < count; frame += 1) {
        act(frame);
        await next();
        const now = performance.now();
        times.push(now - last);
        last = now;
      }
      return times;
    },
    { what, selector, count: FRAMES },
  );
}

/** A page of one table with a row a span: its name, when it started, how long it took. */
async function servePlainPage(spans: readonly ReceivedSpan[]): Promise<AsyncDisposable & { url: string }> {
  const rows = spans.map(({ name, startNs, endNs }) => `<tr><td>${name}<td>${startNs}<td>${endNs - startNs}</tr>`);
  const html = `<!doctype html><title>plain</title><table>${rows.join('')}</table>`;
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function toResult({ what, goal, size, oursMs, floorMs }: Measured): Result {
  const quantile = goal === GOALS.open ? 0.5 : 0.95;
  const [ours, floor] = [atQuantile(oursMs, quantile), atQuantile(floorMs, quantile)];
  const rows: Row[] = [{ size, oursNs: ours * 1e6, floorNs: floor * 1e6, ratio: ours / floor }];
  return { name: `${what} (goal: ${goal} ms)`, ratio: ours, goal, rows };
}

function atQuantile(values: readonly number[], quantile: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * quantile)]!;
}
