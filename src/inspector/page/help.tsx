import { signal } from '@preact/signals';
import { createRef, type JSX } from 'preact';
import { type Key, keyAreas } from './keys.ts';
import { CLOSE, IconButton } from './ui/icon-button.tsx';
import { shown } from './url-state.ts';

const isOpen = signal(false);
const dialog = createRef<HTMLDialogElement>();

export function openHelp(): void {
  isOpen.value = true;
  dialog.current?.showModal();
}

/** All keys, by the part of the page that they are of, and what the mouse does. */
export function Help(): JSX.Element {
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      // The event comes after the dialog has closed: it may be open again.
      onClose={(event) => (isOpen.value = event.currentTarget.open)}
      onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}
      onKeyDown={(event) => event.key === '?' && event.currentTarget.close()}
    >
      <header>
        <h2 id="help-title">Keys</h2>
        <IconButton label="Close" hint="Escape" icon={CLOSE} onClick={() => dialog.current?.close()} />
      </header>
      {isOpen.value && (
        <div class="key-areas">
          {[...mouseAreas(), ...keyAreas.value].map(({ name, keys }) => (
            <section key={name}>
              <h3>{name}</h3>
              <dl>
                {keys.map((key) => (
                  <KeyRow key={key.does} {...key} />
                ))}
              </dl>
            </section>
          ))}
        </div>
      )}
    </dialog>
  );
}

type Hint = Pick<Key, 'keys' | 'does'>;

/** Of the view that is shown. */
function mouseAreas(): { readonly name: string; readonly keys: readonly Hint[] }[] {
  const { traceId, view } = shown.value;
  const hints = traceId === '' ? undefined : MOUSE[view];
  return hints ? [{ name: 'Mouse', keys: hints.map(([key, does]) => ({ keys: [key], does })) }] : [];
}

const MOUSE: Readonly<Record<string, readonly (readonly [key: string, does: string])[]>> = {
  timeline: [
    ['click', 'select; the arrow opens or closes'],
    ['Ctrl+wheel', 'zoom'],
    ['drag', 'move the time, once zoomed in'],
    ['drag above', 'in the strip: choose the time that is shown'],
  ],
  graph: [
    ['click', 'select; the triangle opens or collapses a group'],
    ['wheel', 'zoom'],
    ['drag', 'move the graph'],
    ['two clicks', 'show all of the graph'],
  ],
};

function KeyRow({ keys, does }: Hint): JSX.Element {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{NAMES[key] ?? key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  ' ': 'Space',
};
