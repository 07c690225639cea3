import { formatDuration } from '../../explain/format.ts';
import { escapeText } from '../../explain/tell/escape-text.ts';
import { nameStep } from '../../explain/tell/name-step.ts';
import type { EdgeView, GroupView, RunView, StepView } from '../view/run-view.ts';

/** The name of a step as it is shown: nothing in it is invisible. */
export function shownName(step: Pick<StepView, 'toolId' | 'iteration'>): string {
  return escapeText(nameStep(step)) || '(no name)';
}

/** E.g. `group 0 · parallel`. */
export function groupTitle(group: GroupView): string {
  return `group ${group.groupIndex} · ${modeOf(group)}`;
}

export function modeOf({ isParallel }: GroupView): string {
  return isParallel ? 'parallel' : 'serial';
}

/** How long a step or group took; empty as long as that is not known, and for a skip, which takes no time. */
export function tookText({ startMs, endMs, state }: Pick<StepView, 'startMs' | 'endMs'> & { state?: string }): string {
  return startMs === undefined || endMs === undefined || state === 'skip' ? '' : formatDuration(endMs - startMs);
}

/** What an edge hands over, e.g. `rows ← items[0]`, and how much more; empty where it hands over nothing. */
export function mappingText({ steps }: Pick<RunView, 'steps'>, { from, mappings }: EdgeView): string {
  const [first] = mappings;
  if (!first) return '';
  const more = mappings.length > 1 ? ` +${mappings.length - 1}` : '';
  return escapeText(`${first.field} ← ${pathOf(first.ref, steps[from]?.toolId ?? '')}${more}`);
}

/** A reference without its braces, without the tool that the edge comes from, and without the word that all results begin with. */
export function pathOf(ref: string, toolId: string): string {
  const inner = ref.startsWith('{') && ref.endsWith('}') ? ref.slice(1, -1) : ref;
  const name = [toolId, `[${JSON.stringify(toolId)}]`].find((name) => name !== '' && inner.startsWith(name));
  if (name === undefined) return inner;
  const path = inner
    .slice(name.length)
    .replace(/^\.data(?![\w$])/, '')
    .replace(/^\./, '');
  return path === '' ? 'data' : path;
}
