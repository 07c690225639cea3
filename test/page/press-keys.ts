import type { Page } from 'playwright-core';
import { LOOK_AGAIN_MS, lookOf, settle } from './look.ts';
import type { OpenPage } from './open-page.ts';

/** A key as the list of keys has it. */
export interface ListedKey {
  /** The part of the page that it is of. */
  readonly area: string;
  readonly key: string;
  readonly does: string;
}

/** Names of keys in the list, where they are not those of `KeyboardEvent.key`. */
const KEYS: Readonly<Record<string, string>> = {
  '↓': 'ArrowDown',
  '↑': 'ArrowUp',
  '←': 'ArrowLeft',
  '→': 'ArrowRight',
  Esc: 'Escape',
  Space: ' ',
};

/** Reads the list that `?` shows. */
export async function readKeys(page: Page): Promise<ListedKey[]> {
  await page.keyboard.press('?');
  const rows = await page.locator('dialog[open] dl > div').evaluateAll((rows) =>
    rows.map((row) => ({
      area: row.closest('section')!.querySelector('h3')!.textContent,
      keys: [...row.querySelectorAll('kbd')].map((key) => key.textContent),
      does: row.querySelector('dd')!.textContent,
    })),
  );
  await page.keyboard.press('Escape');
  return rows.flatMap(({ area, keys, does }) => keys.map((key) => ({ area, key: KEYS[key] ?? key, does })));
}

/** Where keys are pressed. */
export interface Place {
  readonly path: string;
  /** Keys that are pressed before. */
  readonly after?: readonly string[];
}

/** Presses each key in a place, and where it does nothing there in the next. @returns those that did nothing anywhere */
export async function findDeadKeys(
  opened: OpenPage,
  keys: readonly ListedKey[],
  places: readonly Place[],
): Promise<ListedKey[]> {
  const [place, ...others] = places;
  if (!place) return [...keys];
  const dead: ListedKey[] = [];
  let atFirst: string | undefined;
  for (const key of keys) {
    // Loading the page anew takes long, and is needed only where something stays that does not stand in the address.
    if (atFirst === undefined || (await goBack(opened.page, place)) !== atFirst) atFirst = await goTo(opened, place);
    if (!(await doesSomething(opened.page, key))) dead.push(key);
  }
  return dead.length === 0 ? dead : findDeadKeys(opened, dead, others);
}

/** Shows an address as the button of the browser does. @returns how the page looks then */
async function goBack(page: Page, { path }: Place): Promise<string> {
  await page.evaluate((address) => {
    history.replaceState(null, '', address);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  return settle(page);
}

/** Loads the page anew. @returns how it looks then */
async function goTo(opened: OpenPage, { path, after = [] }: Place): Promise<string> {
  const { page } = opened;
  await page.evaluate(() => localStorage.clear());
  await opened.go(path);
  await settle(page);
  for (const key of after) await page.keyboard.press(key);
  return settle(page);
}

/** So often it is looked at what a key did, until it did nothing. */
const LOOKS = 12;

/** Whether a key changes anything, or asks for a file. */
async function doesSomething(page: Page, { key }: ListedKey): Promise<boolean> {
  const before = await lookOf(page);
  let asksForFile = false;
  page.once('filechooser', () => (asksForFile = true));
  await page.keyboard.press(key);
  for (let times = 0; times < LOOKS; times += 1) {
    if (asksForFile || (await lookOf(page)) !== before) return true;
    await page.waitForTimeout(LOOK_AGAIN_MS);
  }
  return false;
}
