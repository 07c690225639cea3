import type { Page } from 'playwright-core';

export const LOOK_AGAIN_MS = 30;

/** Waits until nothing changes any more. @returns how the page looks then */
export async function settle(page: Page): Promise<string> {
  let [before, look] = ['', await lookOf(page)];
  while (look !== before) {
    await page.waitForTimeout(LOOK_AGAIN_MS);
    [before, look] = [look, await lookOf(page)];
  }
  return look;
}

/** All that a reader could notice of the page. */
export function lookOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const drawn = [...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL());
    const scrolled = [...document.querySelectorAll('*')].map(({ scrollTop }) => scrollTop).filter(Boolean);
    const focused = document.activeElement?.outerHTML.slice(0, 200);
    return [location.href, document.documentElement.outerHTML, focused, ...drawn, ...scrolled].join('\n');
  });
}
