import type { JSX } from 'preact';
import { Help, openHelp } from './help.tsx';
import { useKeys } from './keys.ts';
import { backToList } from './run-list/way-back.ts';
import { DropTarget } from './run-list/open-file.tsx';
import { RunList } from './run-list/run-list.tsx';
import { RunPage } from './run/run-page.tsx';
import { isSavedFile } from './source.ts';
import { nextTheme, theme } from './theme.ts';
import { Announcer } from './ui/announcer.tsx';
import { ErrorBoundary } from './ui/error-boundary.tsx';
import { Link } from './ui/link.tsx';
import { shown } from './url-state.ts';

/** The whole page. */
export function App(): JSX.Element {
  const isRun = shown.value.traceId !== '';
  useKeys('Everywhere', [
    { keys: ['?'], does: 'all keys', run: openHelp },
    { keys: ['t'], does: 'light, dark or system colours', run: nextTheme },
  ]);
  return (
    <>
      <a class="skip-link" href="#main" onClick={skip}>
        To the content
      </a>
      <TopBar isRun={isRun} />
      <ErrorBoundary part="The page" key={String(isRun)}>
        {isRun ? <RunPage /> : <RunList />}
      </ErrorBoundary>
      <Help />
      <Announcer />
      {!isSavedFile && <DropTarget />}
    </>
  );
}

/** Without changing the address: that says what is shown. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function TopBar({ isRun }: { readonly isRun: boolean }): JSX.Element {
  return (
    <div class="top-bar" role="banner">
      <nav aria-label="Page">
        <span class="brand">
          <svg class="logo" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M1.5 3.5h7M4.5 8h7M8.5 12.5h6" />
          </svg>
          orchestrace
        </span>
        {isSavedFile ? (
          <span class="dim">saved run</span>
        ) : isRun ? (
          <Link to={backToList()}>
            <span aria-hidden="true">←</span> All runs
          </Link>
        ) : (
          <span aria-current="page">Inspector</span>
        )}
      </nav>
      <button type="button" class="text-button" title={`Colours: ${theme.value}. Key t`} onClick={nextTheme}>
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="5.5" />
          <path class={`half is-${theme.value}`} d="M8 2.5a5.5 5.5 0 0 1 0 11z" />
        </svg>
        <span class="hidden">Colours: {theme.value}</span>
      </button>
      <button type="button" class="text-button" title="Key ?" onClick={openHelp}>
        Keys <kbd>?</kbd>
      </button>
    </div>
  );
}
