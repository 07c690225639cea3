import { NOTHING, type Shown } from '../address.ts';
import { shown } from '../url-state.ts';

let list: Shown = NOTHING;
shown.subscribe((now) => {
  if (now.traceId === '') list = now;
});

/** The list as it was when it was last shown, with its filters. */
export function backToList(): Shown {
  return list;
}
