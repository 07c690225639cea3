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

/** All that a reader could notice of the page: what is there, what has the focus, what is drawn, how far it is scrolled. */
export function lookOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    // Neither the order of attributes and styles nor that of elements is noticed: it is of what was there before.
    const lookOfElement = (element: Element): string => {
      const attributes = Array.from(element.attributes, ({ name, value }) => {
        return `${name}=${name === 'style' ? value.split('; ').toSorted().join() : value}`;
      }).toSorted();
      const texts = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
      const state = [
        element === document.activeElement && 'focus',
        element.scrollTop,
        (element as HTMLInputElement).value,
      ];
      return [element.localName, ...attributes, ...texts.map(({ textContent }) => textContent), ...state].join(' ');
    };
    const elements = Array.from(document.querySelectorAll('*'), lookOfElement).toSorted();
    // In few pixels: to read all of them takes long.
    const small = Object.assign(document.createElement('canvas'), { width: 160, height: 100 }).getContext('2d')!;
    const drawn = Array.from(document.querySelectorAll('canvas'), (canvas) => {
      small.drawImage(canvas, 0, 0, 160, 100);
      return small.getImageData(0, 0, 160, 100).data.join();
    });
    return [location.href, ...elements, ...drawn].join('\n');
  });
}
