import type { ComponentType, JSX } from 'preact';
import type { RunView } from '../../view/run-view.ts';
import { Search } from '../search.tsx';
import { viewsOf } from '../address.ts';
import { isSavedFile } from '../source.ts';
import { Link } from '../ui/link.tsx';
import { show, view, type ViewName } from '../url-state.ts';
import { Compare } from '../compare/compare.tsx';
import { Report } from '../report/report.tsx';
import { Timeline } from '../timeline/timeline.tsx';
import { Graph } from '../graph/graph.tsx';

/** What a run can be looked at as. */
export const VIEWS: Readonly<
  Record<ViewName, { readonly title: string; readonly part: string; readonly View: ComponentType<{ run: RunView }> }>
> = {
  timeline: { title: 'Timeline', part: 'The timeline', View: Timeline },
  graph: { title: 'Graph', part: 'The graph', View: Graph },
  report: { title: 'Report', part: 'The report', View: Report },
  compare: { title: 'Compare', part: 'The comparison', View: Compare },
};
export const VIEW_NAMES: readonly ViewName[] = viewsOf(isSavedFile);

/** One tab for each view, and the search. */
export function RunTabs(): JSX.Element {
  return (
    <div class="tabs-row">
      <div class="tabs" role="tablist" aria-label="Views of the run" onKeyDown={onArrow}>
        {VIEW_NAMES.map((name, at) => (
          <Link
            key={name}
            to={{ view: name }}
            role="tab"
            id={`tab-${name}`}
            aria-selected={view.value === name}
            aria-controls="view"
            tabIndex={view.value === name ? 0 : -1}
            title={`Key ${at + 1}`}
          >
            {VIEWS[name].title}
          </Link>
        ))}
      </div>
      <Search />
    </div>
  );
}

/** As the pattern for tabs of ARIA has it. */
function onArrow(event: KeyboardEvent): void {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const name = VIEW_NAMES.at((VIEW_NAMES.indexOf(view.value) + by) % VIEW_NAMES.length);
  if (name === undefined) return;
  show({ view: name });
  document.getElementById(`tab-${name}`)?.focus();
}
