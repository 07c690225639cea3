import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readPageFiles } from '../../src/inspector/page-files.ts';

it('the page as it was built is under 80 KB, gzipped', () => {
  const sizes = Array.from(readPageFiles().values(), ({ body }) => gzipSync(body, { level: 9 }).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(80_000);
});
