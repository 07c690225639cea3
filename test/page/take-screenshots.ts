import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openStore } from '../../src/inspector/open-store.ts';
import { startInspector } from '../../src/inspector/serve.ts';
import { launchBrowser } from '../helpers/browser.ts';

/** `npm run screenshots`: runs the demo, really, and takes the pictures of the README from its run, light and dark. */

const FOLDER = new URL('screenshots/', import.meta.url);
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const VIEWS = { timeline: '?view=timeline&open=["size_audit"]&selected=step:advisory_audit', graph: '?view=graph' };

await mkdir(FOLDER, { recursive: true });
const folder = await mkdtemp(join(tmpdir(), 'orchestrace-screenshots-'));
const file = join(folder, 'traces.sqlite');
// The first run of a process on a cold machine shows how cold it was: the last one counts.
for (let run = 0; run < 3; run += 1)
  await promisify(execFile)(process.execPath, [MAIN, 'demo', '--no-page'], {
    env: { ...process.env, ORCHESTRACE_STORE: file },
  });
await using store = openStore({ file });
await using inspector = await startInspector({ store, storeName: 'the store' });
await using browser = await launchBrowser();
const [newest] = store.list();
for (const colorScheme of ['light', 'dark'] as const)
  for (const [view, parameters] of Object.entries(VIEWS)) {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 640 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    await page.goto(`${inspector.url}/run/${newest?.traceId}${parameters}`, { waitUntil: 'networkidle' });
    await page.screenshot({ path: fileURLToPath(new URL(`${view}-${colorScheme}.png`, FOLDER)) });
    await page.close();
  }
await rm(folder, { recursive: true });
