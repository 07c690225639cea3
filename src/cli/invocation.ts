import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How to start this program once more: by its name, or, where it runs from its sources, which no package manager knows, by its file. */
export function invocation(): string {
  if (!import.meta.url.endsWith('.ts')) return 'npx orchestrace';
  return `npx node ${relative(process.cwd(), fileURLToPath(new URL('./main.ts', import.meta.url)))}`;
}
