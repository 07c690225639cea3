import { show, shown } from '../url-state.ts';

/** A list of JSON as it stands in the address; what is none is empty. */
export function readList(text: string, type: 'number'): number[];
export function readList(text: string, type: 'string'): string[];
export function readList(text: string, type: string): unknown[] {
  if (text === '') return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter((item) => typeof item === type) : [];
  } catch {
    return [];
  }
}

/** Opens a step, or closes it. */
export function toggleStep(key: string): void {
  const open = readList(shown.peek().open, 'string');
  writeList('open', open.includes(key) ? open.filter((other) => other !== key) : [...open, key]);
}

/** Collapses a group, or expands it. */
export function toggleGroup(groupIndex: number): void {
  const collapsed = readList(shown.peek().collapsed, 'number');
  const isCollapsed = collapsed.includes(groupIndex);
  collapseGroups(isCollapsed ? collapsed.filter((other) => other !== groupIndex) : [...collapsed, groupIndex]);
}

export function collapseGroups(groupIndexes: readonly number[]): void {
  writeList('collapsed', groupIndexes);
}

function writeList(name: 'open' | 'collapsed', list: readonly unknown[]): void {
  show({ [name]: list.length === 0 ? '' : JSON.stringify(list) }, false);
}
