import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

// Parts of the page, found as a reader of the screen finds them.

export function verdictOf(page: Page): Locator {
  return page.locator('.verdict');
}

export function detailsOf(page: Page): Locator {
  return page.getByRole('complementary', { name: 'Details' });
}

/** A row of the timeline by the first words of its name. */
export function rowOf(page: Page, name: string): Locator {
  return page.getByRole('treeitem', { name: new RegExp(`^${name} `) });
}

/** A section of the details by the beginning of its heading. */
export function sectionOf(page: Page, title: string): Locator {
  return detailsOf(page)
    .locator('section')
    .filter({ has: page.getByRole('heading', { name: new RegExp(`^${title}`) }) });
}

/** What the details say of a fact or an attribute. */
export function factOf(page: Page, name: string): Locator {
  return detailsOf(page)
    .locator('dl > div')
    .filter({ has: page.locator('dt').getByText(name, { exact: true }) })
    .locator('dd');
}

/** The links of the list, a run each. */
export function rowsOfRuns(page: Page): Locator {
  return page.locator('.runs.is-whole .run-link');
}

/** What stands in the address beside the path. */
export function queryOf(page: Page): Record<string, string> {
  return Object.fromEntries(new URL(page.url()).searchParams);
}

/** Waits until the page says something for a moment. */
export async function announced(page: Page, text: string | RegExp): Promise<void> {
  const said = expect.poll(() => textOf(page.locator('.announcer')));
  await (typeof text === 'string' ? said.toBe(text) : said.toMatch(text));
}

/** Waits until a part of the page has just this text, white space aside. */
export async function expectText(part: Locator, text: string): Promise<void> {
  await expect.poll(() => textOf(part)).toBe(text);
}

async function textOf(part: Locator): Promise<string> {
  return (await part.innerText()).replaceAll(/\s+/g, ' ').trim();
}

/** Text of each element, as soon as there are as many. */
export async function expectTexts(parts: Locator, texts: readonly string[]): Promise<void> {
  await expect
    .poll(async () => (await parts.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim()))
    .toEqual(texts);
}
