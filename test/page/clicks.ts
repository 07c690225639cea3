import type { Locator } from 'playwright-core';

/** Clicks as a reader does them, counted. */
export class Clicks {
  count = 0;

  async on(target: Locator): Promise<void> {
    this.count += 1;
    await target.click();
  }

  /** Opens a list to choose from, and chooses. */
  async choose(list: Locator, value: string): Promise<void> {
    this.count += 2;
    await list.selectOption(value);
  }
}
