import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'lightningcss';
import { build } from 'rolldown';

const SOURCE = new URL('page/', import.meta.url);
/** Where `page-files.ts` looks for it. */
const OUTPUT = new URL('../../dist/inspector/page/', import.meta.url);

/** All style sheets in one. Their colours come from the page itself: it may be light or dark. */
async function buildStyles(): Promise<Uint8Array> {
  const folder = new URL('styles/', SOURCE);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.css')).toSorted();
  const sheets = await Promise.all(names.map((name) => readFile(new URL(name, folder))));
  return transform({ filename: 'page.css', code: Buffer.concat(sheets), minify: true }).code;
}

await mkdir(OUTPUT, { recursive: true });
for (const name of ['page', 'layout-worker'])
  await build({
    input: fileURLToPath(new URL(name === 'page' ? 'main.tsx' : 'layout-worker.ts', SOURCE)),
    platform: 'browser',
    tsconfig: fileURLToPath(new URL('tsconfig.json', SOURCE)),
    // What TypeScript would call instead takes children as a property: that is longer.
    transform: {
      jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment' },
      inject: { h: ['preact', 'h'], Fragment: ['preact', 'Fragment'] },
      // What makes signals visible to a debugger that nobody has here.
      define: { 'window.__PREACT_SIGNALS_DEVTOOLS__': 'false' },
    },
    output: {
      file: fileURLToPath(new URL(`${name}.js`, OUTPUT)),
      format: 'iife',
      minify: true,
      codeSplitting: false,
      comments: false,
    },
    logLevel: 'warn',
  });
await writeFile(new URL('page.css', OUTPUT), await buildStyles());
await writeFile(new URL('index.html', OUTPUT), await readFile(new URL('index.html', SOURCE)));
