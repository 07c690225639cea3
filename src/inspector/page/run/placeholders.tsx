import type { RunView } from '../../view/run-view.ts';

export const renderMermaid = (_run: RunView): string => 'flowchart LR';
