import type { Page } from 'playwright-core';

/** Parts of the page that each have a place of their own. */
const PARTS = '.top-bar, .title-row > *, .verdict, .run-facts, .tabs > *, .tabs-row search, .split, .filters, .runs';
/** What is not to be scrolled sideways. */
const UPRIGHT = 'html, main, .view, .details, .report, .compare, .runs td, .runs th, .panel';
/** The least height of a view in which there is something to see. */
const LEAST_VIEW = 120;

/** What is wrong with how the page is laid out, a sentence each. */
export async function layoutFaultsOf(page: Page): Promise<string[]> {
  return page.evaluate(
    ({ parts, upright, leastView }) => {
      const nameOf = (element: Element): string => `${element.localName}.${element.className}`;
      const boxOf = (element: Element): { name: string; box: DOMRect } => ({
        name: nameOf(element),
        box: element.getBoundingClientRect(),
      });
      const boxes = [...document.querySelectorAll(parts)].map(boxOf).filter(({ box }) => box.width > 0);
      const wide = [...document.querySelectorAll(upright)]
        .filter((element) => element.scrollWidth > element.clientWidth + 1)
        .map((element) => `${nameOf(element)} is ${element.scrollWidth - element.clientWidth} pixels too wide`);
      const outside = boxes
        .filter(({ box }) => box.left < -21 || box.right > innerWidth + 1)
        .map(({ name }) => `${name} is outside`);
      const overlapping = boxes.flatMap(({ name, box }, at) =>
        boxes
          .slice(at + 1)
          .filter(
            ({ box: other }) =>
              Math.min(box.right, other.right) - Math.max(box.left, other.left) > 1 &&
              Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 1,
          )
          .map((other) => `${name} and ${other.name} overlap`),
      );
      const verdict = document.querySelector('.verdict')?.getBoundingClientRect();
      const view = document.querySelector('.view')?.getBoundingClientRect();
      return [
        ...wide,
        ...outside,
        ...overlapping,
        ...(verdict && verdict.bottom > innerHeight ? ['the verdict has to be scrolled to'] : []),
        ...(view && view.height < leastView ? [`the view is ${view.height} pixels high`] : []),
      ];
    },
    { parts: PARTS, upright: UPRIGHT, leastView: LEAST_VIEW },
  );
}
