import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import type { PageLink } from '../../src/inspector/routes.ts';
import { type InspectorServer, startInspector } from '../../src/inspector/serve.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';

/** Why tests of the page cannot run here; `need-browser.ts` says so. */
export const hasBrowser: boolean = findBrowser() !== undefined;

let browser: Browser | undefined;

/** One browser for all tests of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (hasBrowser) browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
}

interface PageOptions {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly links?: readonly PageLink[];
  /** What is shown at first. */
  readonly path?: string;
  /** Faults that the test is about: those that match fail nothing. */
  readonly faults?: RegExp;
}

/** The Inspector with the page in a browser. Disposing of it fails when the page had an error or the browser refused it something. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly inspector: InspectorServer;
  /** Shows an address of the Inspector, such as `/run/<trace id>?view=graph`. */
  go(path: string): Promise<void>;
}

/** Starts an Inspector that has these traces, and opens its list of runs, or another address. */
export async function openPage(spans: readonly ReceivedSpan[], options: PageOptions = {}): Promise<OpenPage> {
  const store = openStore();
  store.add(spans);
  const inspector = await startInspector({ store, storeName: 'memory', links: options.links });
  const { page, faults } = await newPage(options);
  const go = async (path: string): Promise<void> => {
    await page.goto(inspector.url + path);
  };
  await go(options.path ?? '/');
  return {
    page,
    inspector,
    go,
    [Symbol.asyncDispose]: async () => {
      await page.context().close();
      await inspector.close();
      await store.close();
      const unexpected = faults.filter((fault) => !options.faults?.test(fault));
      if (unexpected.length > 0) throw new Error(`the page had faults: ${unexpected.join('; ')}`);
    },
  };
}

/** A page of a browser that notes what goes wrong in it. */
export async function newPage({ scheme = 'light', width = 1280, height = 800 }: PageOptions = {}): Promise<{
  page: Page;
  faults: string[];
}> {
  const context = await browser!.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return { page, faults };
}
