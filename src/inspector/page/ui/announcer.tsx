import { signal } from '@preact/signals';
import type { JSX } from 'preact';

/** How long something that was said stays. */
const STAY_MS = 4000;

const said = signal('');
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something for a moment: to everybody, to readers of the screen as well. */
export function say(text: string): void {
  clearTimeout(timer);
  said.value = text;
  timer = setTimeout(() => (said.value = ''), STAY_MS);
}

export function Announcer(): JSX.Element {
  return (
    <div class="announcer" role="status">
      {said.value && <p>{said.value}</p>}
    </div>
  );
}
