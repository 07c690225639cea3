import { NOTHING, type Shown } from '../address.ts';
import { shown } from '../url-state.ts';

let list: Shown = NOTHING;
let last: Shown | undefined;
shown.subscribe((now) => {
  if (now.traceId === '') list = now;
  else last = now;
});

/** The run that was last shown. */
export function lastRun(): Shown | undefined {
  return last;
}

/** The list as it was when it was last shown, with its filters. */
export function backToList(): Shown {
  return list;
}
