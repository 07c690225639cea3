import { defineConfig, type ViteUserConfig } from 'vitest/config';

const exclude = ['**/node_modules/**'];

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          testTimeout: 30_000,
          include: ['test/**/*.test.ts'],
          exclude: [...exclude, 'test/e2e/**', 'test/page/**'],
        },
      },
      {
        test: {
          name: 'page',
          include: ['test/page/*.test.ts'],
          exclude,
          globalSetup: 'test/helpers/need-browser.ts',
          // A busy machine draws late.
          expect: { poll: { interval: 30, timeout: 10_000 } },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // A project of its own, so that containers are started only when one of its tests is to run.
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          exclude,
          globalSetup: 'test/helpers/start-stack.ts',
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

export default config;
