/**
 * Gives the focus to what was around an element that had it and went away. Without it, whoever uses keys would have to begin at the top
 * of the page again.
 */
export function keepFocus(page: Node): void {
  /** What has the focus, and all around it that can have it, from the inside out. */
  let path: readonly HTMLElement[] = [];
  addEventListener('focusin', ({ target }) => (path = [...aroundOf(target as HTMLElement)]));
  const give = (): void => {
    const [last, ...around] = path;
    if (document.activeElement !== document.body || !last || last.isConnected) return;
    const next = around.find(({ isConnected }) => isConnected) ?? document.getElementById('main');
    next?.focus({ preventScroll: true });
  };
  new MutationObserver(give).observe(page, { childList: true, subtree: true });
}

function* aroundOf(element: HTMLElement): Generator<HTMLElement, void, undefined> {
  yield element;
  for (let next = element.parentElement; next; next = next.parentElement) if (next.hasAttribute('tabindex')) yield next;
}
