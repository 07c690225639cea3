import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { transform } from 'lightningcss';
import { build } from 'rolldown';
import { DARK, LIGHT, type Palette } from './scene/palette.ts';

const SOURCE = new URL('page/', import.meta.url);
/** Where `page-files.ts` looks for it. */
const OUTPUT = new URL('../../dist/inspector/page/', import.meta.url);

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, color]) => `--${name}:${color};`)
    .join('');

/** All style sheets in one, with the colours first: the reader's choice of light or dark, else the system's. */
async function buildStyles(): Promise<Uint8Array> {
  const folder = new URL('styles/', SOURCE);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.css')).toSorted();
  const sheets = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  const dark = `color-scheme:dark;${variables(DARK)}`;
  const colors = `:root{color-scheme:light;${variables(LIGHT)}}
:root[data-theme=dark]{${dark}}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}
`;
  return transform({ filename: 'page.css', code: Buffer.from(colors + sheets.join('')), minify: true }).code;
}

await mkdir(OUTPUT, { recursive: true });
for (const name of ['page', 'layout-worker'])
  await build({
    input: new URL(name === 'page' ? 'main.tsx' : 'layout-worker.ts', SOURCE).pathname,
    platform: 'browser',
    tsconfig: new URL('tsconfig.json', SOURCE).pathname,
    output: { file: new URL(`${name}.js`, OUTPUT).pathname, format: 'iife', minify: true, codeSplitting: false, comments: false },
    logLevel: 'warn',
  });
await writeFile(new URL('page.css', OUTPUT), await buildStyles());
await writeFile(new URL('index.html', OUTPUT), await readFile(new URL('index.html', SOURCE)));
