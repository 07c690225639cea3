import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { runPlan, traceOrchestration } from '../../src/index.ts';
import { type Receiver, startReceiver } from '../../src/inspector/receive.ts';
import { startTracing, type Tracing } from '../../src/node/index.ts';
import { readWorkflows } from '../bench/workflows.ts';
import { hasBrowser, openPage, type OpenPage, useBrowser } from './open-page.ts';
import { detailsOf, expectTexts, factOf, rowOf, sectionOf, verdictOf } from './parts.ts';

useBrowser();

const SENDER = fileURLToPath(new URL('foreign-sender.mjs', import.meta.url));
const OTHER_PROCESS = fileURLToPath(new URL('../e2e/child.ts', import.meta.url));
const TRACE_ID = '5'.repeat(32);
const montage = readWorkflows()?.get('montage-02d.json');
if (!montage) console.warn('test/page/foreign.test.ts: no ../shared/workflows: a large real workflow is not run');

describe.skipIf(!hasBrowser)('a program that knows nothing but OTLP', () => {
  it('has a run shown whole: its plan, groups, steps and what they called', async () => {
    await using opened = await openPage([]);
    const { page } = opened;
    await send(opened, 'a whole run');
    await page.getByRole('link', { name: 'etl' }).click();
    await verdictOf(page)
      .getByText('Failed after 900 ms: transform failed (column total is missing). No span of report arrived.')
      .waitFor();
    await page.getByText('2 of 3 planned steps seen').first().waitFor();
    await expectTexts(namesOf(page), ['group 0', 'extract', 'group 1', 'transform', 'group 2', 'report']);
    await rowOf(page, 'extract').getByText('extract', { exact: true }).click();
    await sectionOf(page, 'Inside: 1 span').getByText('SELECT orders').waitFor();
    await factOf(page, 'orchestration.tool_id').getByText('extract').waitFor();
  });

  it('has a run without a plan shown, and is told that nobody knows what was meant', async () => {
    await using opened = await openPage([]);
    const { page } = opened;
    await send(opened, 'a run without a plan');
    await page.getByRole('link', { name: 'unnamed run' }).click();
    await verdictOf(page)
      .getByText(/^Succeeded in 900 ms/)
      .waitFor();
    await expectTexts(namesOf(page), ['extract', 'transform']);
    await factOf(page, 'Planned').getByText('unknown: no plan arrived').waitFor();
  });

  it('has steps that are in no run shown, and is told what a run would add and how to have one', async () => {
    await using opened = await openPage([]);
    const { page } = opened;
    await send(opened, 'steps alone');
    await page.getByText('1 trace arrived and holds no run: see below.').waitFor();
    await page.getByRole('link', { name: TRACE_ID }).click();
    await page.getByRole('heading', { name: 'Steps without a run' }).waitFor();
    await verdictOf(page).getByText('extract and transform ran outside of any run, in 900 ms.').waitFor();
    await page
      .getByText(/^Nothing of their run arrived\..*traceOrchestration\(plan, work\).*orchestration\.span\.type = run/)
      .waitFor();
    await expectTexts(namesOf(page), ['extract', 'transform']);
  });

  it('is told why spans of no orchestration are no run, and sees them', async () => {
    await using opened = await openPage([], { faults: /404/ });
    const { page } = opened;
    await send(opened, 'no orchestration');
    await page.getByRole('link', { name: TRACE_ID }).click();
    await page
      .getByRole('paragraph')
      .getByText(/^None of 2 spans has orchestration\.span\.type: wrap the executor/)
      .waitFor();
    await expectTexts(page.getByRole('main').getByRole('listitem'), [
      'GET /checkout 300 ms shop',
      'SELECT carts 190 ms shop',
    ]);
  });
});

describe.skipIf(!hasBrowser)('a real run', () => {
  let receiver: Receiver;
  let tracing: Tracing;
  const received: ReceivedSpan[] = [];

  beforeAll(async () => {
    receiver = await startReceiver({ onSpans: (spans) => void received.push(...spans) });
    tracing = await startTracing({ serviceName: 'outer-service', endpoint: receiver.url });
  });
  afterAll(async () => {
    await tracing.shutdown();
    await receiver.close();
  });

  /** Opens a run once all of it has arrived. */
  async function openRun(traceId: string | undefined): Promise<OpenPage> {
    await tracing.forceFlush();
    const spans = received.filter((span) => span.traceId === traceId);
    const opened = await openPage(spans, { path: `/run/${traceId}` });
    await verdictOf(opened.page).waitFor();
    return opened;
  }

  it('inside a step of another is one click away, and so is the way back', async () => {
    const { traceId } = await runPlan(
      { name: 'outer', tools: [{ tool_id: 'prepare' }, { tool_id: 'call', depends_on: ['prepare'] }] },
      {
        tools: {
          prepare: () => 1,
          call: async () => {
            await runPlan({ name: 'inner', tools: [{ tool_id: 'deep' }] }, { tools: { deep: () => 2 } });
          },
        },
      },
    );
    await using opened = await openRun(traceId);
    const { page } = opened;
    await rowOf(page, 'call').getByText('call', { exact: true }).click();
    await sectionOf(page, 'Runs that it started').getByRole('link', { name: 'inner' }).click();
    await page.getByRole('heading', { name: 'inner', level: 1 }).waitFor();
    await expectTexts(namesOf(page), ['group 0', 'deep']);
    await page.getByRole('link', { name: 'call of outer' }).click();
    await page.getByRole('heading', { name: 'outer', level: 1 }).waitFor();
    await detailsOf(page).getByRole('heading', { name: 'Step call' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'inner', level: 1 }).waitFor();
  });

  it('with loops has a row for each pass', async () => {
    const tools = [{ tool_id: 'think' }, { tool_id: 'act', depends_on: ['think'] }];
    const traceId = await traceOrchestration(
      { name: 'agent', tools, loops: [{ from: 'act', to: 'think' }] },
      async (run) => {
        for (const pass of [1, 2, 3]) for (const toolId of ['think', 'act']) await run.step(toolId, () => sleep(pass));
        return run.traceId;
      },
    );
    await using opened = await openRun(traceId);
    const { page } = opened;
    await expectTexts(namesOf(page), [
      'group 0',
      'think',
      'think #2',
      'think #3',
      'group 1',
      'act',
      'act #2',
      'act #3',
    ]);
    await rowOf(page, 'think #3').getByText('think #3').click();
    await factOf(page, 'Pass').getByText('3', { exact: true }).waitFor();
  });

  it('of two processes is one run of two services', async () => {
    const child = fork(OTHER_PROCESS, ['continued', receiver.url], { execArgv: [] });
    const traceId = await traceOrchestration(
      { name: 'two processes', tools: [{ tool_id: 'here' }, { tool_id: 'there', depends_on: ['here'] }] },
      async (run) => {
        run.step('here', () => 1);
        const [told] = [once(child, 'message')];
        child.send(run.carrier('there'));
        await told;
        return run.traceId;
      },
    );
    await once(child, 'exit');
    await using opened = await openRun(traceId);
    const { page } = opened;
    await page.getByRole('listitem').filter({ hasText: 'outer-service, the-other-process' }).waitFor();
    await page.getByText('2 of 2 planned steps seen').first().waitFor();
    await rowOf(page, 'there').getByText('there', { exact: true }).click();
    await factOf(page, 'service.name').getByText('the-other-process').waitFor();
  });

  it.skipIf(!montage)('of a large workflow is shown with all its steps', async () => {
    const { name = '', tools = [] } = montage ?? {};
    const execute = async ({ files }: Record<string, unknown>): Promise<object> => {
      await sleep(1);
      return { files };
    };
    const { traceId } = await runPlan(
      { ...montage!, tools: montage!.tools },
      { tools: Object.fromEntries(tools.map(({ tool_id }) => [tool_id, execute])) },
    );
    await using opened = await openRun(traceId);
    const { page } = opened;
    await page.getByText(`${tools.length} of ${tools.length} planned steps seen`).first().waitFor();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(name);
    // So many rows as there are: only those in sight are in the document.
    const groups = await page.getByRole('treeitem', { level: 1 }).first().getAttribute('aria-setsize');
    const rowHeight = (await page.getByRole('treeitem').first().boundingBox())?.height ?? 0;
    const treeHeight = (await page.getByRole('tree').boundingBox())?.height ?? 0;
    expect(Math.round(treeHeight / rowHeight)).toBe(tools.length + Number(groups));
    await page.getByRole('tree').focus();
    await page.keyboard.press('End');
    await rowOf(page, tools.at(-1)?.tool_id ?? '').waitFor();
    await page.getByRole('tab', { name: 'Graph' }).click();
    await page.getByText(/^\d+ steps and collapsed groups/).waitFor({ state: 'attached' });
  });
});

/** Names of the rows of the timeline that are in the document. */
function namesOf(page: Page): Locator {
  return page.getByRole('treeitem').locator('.name');
}

async function send({ inspector }: OpenPage, what: string): Promise<void> {
  await promisify(execFile)(process.execPath, [SENDER, inspector.url, what, TRACE_ID]);
}
