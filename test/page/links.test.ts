import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { billingRun, traceOfNight } from './billing-runs.ts';
import { fineNight } from './nights.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { verdictOf } from './parts.ts';

useBrowser();

const LINKS = [
  { name: 'Logs', url: 'https://logs.example/?trace={trace_id}&from={start_ms}&to={end_ms}&{other}' },
  { name: 'Jaeger', url: 'http://127.0.0.1:16686/trace/{trace_id}' },
  { name: 'Script', url: 'javascript:alert(document.domain)//{trace_id}' },
  { name: 'Data', url: 'data:text/html,<script>alert(1)</script>' },
  { name: 'Nowhere', url: '/run/{trace_id}' },
];

describe.skipIf(!hasBrowser)('links from a run to other tools', () => {
  it('have its trace id and times in their place', async () => {
    await using opened = await openNight();
    const [run] = fineNight(1);
    const startMs = Number(run?.startNs) / 1e6;
    const endMs = startMs + 5200;
    expect(await linksOf(opened)).toEqual({
      'Logs ↗': `https://logs.example/?trace=${traceOfNight(1)}&from=${startMs}&to=${endMs}&{other}`,
      'Jaeger ↗': `http://127.0.0.1:16686/trace/${traceOfNight(1)}`,
    });
  });

  it('lead to http and https alone, and give the other page nothing of this one', async () => {
    await using opened = await openNight();
    const { page } = opened;
    for (const name of ['Script', 'Data', 'Nowhere']) expect(await page.getByRole('link', { name }).count()).toBe(0);
    for (const name of ['Logs', 'Jaeger']) {
      const link = page.getByRole('link', { name });
      expect((await link.getAttribute('rel'))?.split(' ').toSorted()).toEqual(['noopener', 'noreferrer']);
      expect(await link.getAttribute('target')).toBe('_blank');
    }
  });

  it('open another tab, which knows nothing of where it was opened', async () => {
    let referer: string | undefined = 'none asked';
    await using other = await serve('<title>logs</title>', (headers) => (referer = headers.referer));
    await using opened = await openPage(fineNight(1), {
      path: `/run/${traceOfNight(1)}`,
      links: [{ name: 'Logs', url: `${other.url}/{trace_id}` }],
    });
    const { page } = opened;
    const coming = page.context().waitForEvent('page');
    await page.getByRole('link', { name: 'Logs' }).click();
    const tab = await coming;
    await tab.waitForURL(`${other.url}/${traceOfNight(1)}`);
    expect(await tab.evaluate(() => window.opener as unknown)).toBeNull();
    expect(referer).toBeUndefined();
    expect(await verdictOf(page).count()).toBe(1);
  });

  it('are those of a run that goes on to where it is now', async () => {
    const withoutEnd = billingRun({ night: 1, ms: undefined });
    await using opened = await openPage(withoutEnd, { path: `/run/${traceOfNight(1)}`, links: LINKS });
    await verdictOf(opened.page).waitFor();
    const { 'Logs ↗': address = '' } = await linksOf(opened);
    const { searchParams } = new URL(address);
    expect(Number(searchParams.get('to'))).toBeGreaterThan(Number(searchParams.get('from')));
  });
});

describe.skipIf(!hasBrowser)('links to a run', () => {
  it('of a page of another origin open it, as that of Jaeger does', async () => {
    await using opened = await openPage(fineNight(1));
    const { page, inspector } = opened;
    const address = `${inspector.url}/run/${traceOfNight(1).toUpperCase()}`;
    await using jaeger = await serve(`<title>Jaeger</title><a href="${address}">Open in the Inspector</a>`);
    await page.goto(jaeger.url.replace('127.0.0.1', 'localhost'));
    await page.getByRole('link', { name: 'Open in the Inspector' }).click();
    await page
      .getByText(/^Succeeded in 5\.20 s/)
      .first()
      .waitFor();
    expect(await page.title()).toContain('billing');
    await page.goBack();
    await page.getByRole('link', { name: 'Open in the Inspector' }).waitFor();
  });

  it('by the first digits of its trace show it, or say what begins with them', async () => {
    await using opened = await openPage([...fineNight(1), ...fineNight(2)], {
      path: `/run/${traceOfNight(2).slice(0, 8)}`,
    });
    const { page } = opened;
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/run/${traceOfNight(2)}`);
    await verdictOf(page).waitFor();
    await opened.go(`/run/${traceOfNight(2).slice(0, 6)}`);
    await page.getByRole('heading', { name: '2 traces begin with b00000' }).waitFor();
    await page.getByRole('link', { name: traceOfNight(1) }).click();
    await verdictOf(page).waitFor();
    await opened.go('/run/abcdef');
    await page.getByRole('heading', { name: 'No trace begins with abcdef' }).waitFor();
  });

  it('that lead nowhere say so, and lead to all runs', async () => {
    await using opened = await openPage(fineNight(1), { path: '/runs/today', faults: /404/ });
    const { page } = opened;
    await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
    await page.getByRole('main').getByRole('link', { name: 'All runs' }).click();
    await page.getByRole('link', { name: 'billing' }).waitFor();
  });

  it('that lead to no trace say so, and show it as soon as it is there', async () => {
    await using opened = await openPage([], { path: `/run/${traceOfNight(1)}`, faults: /404/ });
    const { page, inspector } = opened;
    await page.getByRole('heading', { name: 'No run to show' }).waitFor();
    await page
      .getByRole('alert')
      .getByText(`There is no trace ${traceOfNight(1)} here`)
      .waitFor();
    inspector.take(fineNight(1));
    await page
      .getByText(/^Succeeded in 5\.20 s/)
      .first()
      .waitFor();
  });
});

async function openNight(): Promise<OpenPage> {
  const opened = await openPage(fineNight(1), { path: `/run/${traceOfNight(1)}`, links: LINKS });
  await opened.page.getByRole('link', { name: 'Logs' }).waitFor();
  return opened;
}

/** Addresses of links to other tools, by their names. */
async function linksOf({ page }: OpenPage): Promise<Record<string, string>> {
  await page.getByRole('link', { name: 'Logs' }).waitFor();
  const links = await page.getByRole('main').locator('a[target=_blank]').all();
  const pairs = links.map(async (link) => [await link.innerText(), (await link.getAttribute('href')) ?? ''] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

/** A page of somebody else. */
async function serve(
  html: string,
  onRequest: (headers: { referer?: string | undefined }) => void = () => {},
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(({ url, headers }, response) => {
    if (url !== '/favicon.ico') onRequest(headers);
    response.setHeader('Content-Type', 'text/html; charset=utf-8').end(`<!doctype html>${html}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
