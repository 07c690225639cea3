import type { ComponentChildren, JSX } from 'preact';
import { addressOf, show, shown, type Shown } from '../url-state.ts';

type LinkProps = Omit<JSX.IntrinsicElements['a'], 'role'> & {
  readonly role?: 'tab';
  /** What is shown then, beside what is shown now. */
  readonly to: Partial<Shown>;
  readonly children: ComponentChildren;
};

/** A link within the page: a real one, so that it can be copied and opened in another tab. */
export function Link({ to, children, ...rest }: LinkProps): JSX.Element {
  return (
    <a
      {...rest}
      href={addressOf({ ...shown.value, ...to })}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        show(to);
      }}
    >
      {children}
    </a>
  );
}
