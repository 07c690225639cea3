import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { say } from './announcer.tsx';
import { Icon } from './icon-button.tsx';

/** How long a button says that it copied. */
const COPIED_MS = 1500;

interface CopyProps {
  /** What is copied. */
  readonly text: string | (() => string);
  /** Of what, e.g. `the error`. */
  readonly what: string;
  /** Beside the icon, e.g. `with reasons` or `Copy as Markdown`. */
  readonly children?: string;
}

export function CopyButton({ text, what, children }: CopyProps): JSX.Element {
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    if (!(await copyText(typeof text === 'string' ? text : text(), what))) return;
    isCopied.value = true;
    setTimeout(() => (isCopied.value = false), COPIED_MS);
  };
  return (
    <button
      type="button"
      class={`copy ${children ? 'button' : 'icon-button'}`}
      aria-label={children === undefined ? `Copy ${what}` : `Copy ${children.replace(/^Copy /, '')}`}
      title={`Copy ${what}`}
      onClick={() => void copy()}
    >
      <Icon path={isCopied.value ? 'M3 8.5l3.2 3.2L13 4.5' : 'M6 5.5h7.5v8.5H6zM3.5 10.5H2.5V2h7.5v1.5'} />
      {children}
    </button>
  );
}

/** @returns whether it worked; says so either way */
export async function copyText(text: string, what: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    say(`The browser does not let this page copy ${what}: select it and copy it by hand.`);
    return false;
  }
  say(`Copied ${what}.`);
  return true;
}
