import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Key, keyAreas } from './keys.ts';
import { CLOSE, IconButton } from './ui/icon-button.tsx';

const isOpen = signal(false);

export function openHelp(): void {
  isOpen.value = true;
}

/** All keys, by the part of the page that they are of. */
export function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen.value) dialog.current?.showModal();
  }, [isOpen.value]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={() => (isOpen.value = false)}
      onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}
      onKeyDown={(event) => event.key === '?' && event.currentTarget.close()}
    >
      <header>
        <h2 id="help-title">Keys</h2>
        <IconButton label="Close" hint="Escape" icon={CLOSE} onClick={() => dialog.current?.close()} />
      </header>
      {isOpen.value && (
        <div class="key-areas">
          {keyAreas.value.map(({ name, keys }) => (
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

function KeyRow({ keys, does }: Key): JSX.Element {
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
