import type { TestProject } from 'vitest/node';
import { findBrowser } from './browser.ts';

/**
 * Says in one line that the tests of the page did not run, where there is no browser; with ORCHESTRACE_REQUIRE_E2E=1 that is a failure.
 */
export default function needBrowser(project: TestProject): (() => void) | undefined {
  if (findBrowser() !== undefined) return;
  const why = 'there is no Chromium: install one, or name it in CHROMIUM_PATH';
  if (process.env['ORCHESTRACE_REQUIRE_E2E'] === '1')
    throw new Error(`ORCHESTRACE_REQUIRE_E2E=1, but the tests of the page cannot run: ${why}`);
  return () => {
    const modules = project.vitest.state.getTestModules().filter((module) => module.project === project);
    const count = modules.flatMap((module) => [...module.children.allTests('skipped')]).length;
    process.stdout.write(`\n${count} tests of the page did not run: ${why}\n`);
  };
}
