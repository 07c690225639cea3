import { render } from 'preact';
import { App } from './app.tsx';
import { keepFocus } from './keep-focus.ts';
import { onKey } from './keys.ts';
import { isConnected, onTraceChange, startLoading } from './load-run.ts';
import { onListChange, startList } from './run-list/load-list.ts';
import { isSavedFile, source } from './source.ts';
import { startTheme } from './theme.ts';

startTheme();
startLoading();
startList();
if (!isSavedFile) {
  source.watch(
    (traceId) => {
      onTraceChange(traceId);
      onListChange();
    },
    (isNow) => (isConnected.value = isNow),
  );
}
addEventListener('keydown', onKey);

// A saved file holds its run beside it.
const root = document.createElement('div');
root.id = 'page';
document.body.prepend(root);
keepFocus(root);
render(<App />, root);
