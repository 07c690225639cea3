import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { count } from '../../../explain/format.ts';
import { NOTHING } from '../address.ts';
import { source } from '../source.ts';
import { say } from '../ui/announcer.tsx';
import { show } from '../url-state.ts';
import { refreshList } from './load-list.ts';

/** Takes trace files: shows the run when there is one in them, else the list. */
async function openFiles(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    say(`Reading ${file.name} …`);
    try {
      const { spans, faults, runs } = await source.importTraces(await file.text());
      const found = `${count(spans, 'span')} and ${count(runs.length, 'run')}`;
      say(`${file.name}: ${found}.${faults.length === 0 ? '' : ` Not everything could be read: ${faults[0]}.`}`);
      const [run] = runs;
      refreshList();
      if (run && runs.length === 1) show({ ...NOTHING, traceId: run.traceId, run: run.runSpanId });
    } catch (error) {
      say(`${file.name}: ${(error as Error).message}`);
    }
  }
}

export function OpenFile(): JSX.Element {
  return (
    <span class="open-file">
      <button type="button" class="button" onClick={() => document.getElementById('open-file')?.click()}>
        Open file…
      </button>
      <input
        id="open-file"
        type="file"
        hidden
        multiple
        accept=".json,.jsonl,.ndjson"
        onChange={(event) => {
          const input = event.currentTarget;
          // Else the same file could not be opened again.
          void openFiles([...(input.files ?? [])]).finally(() => (input.value = ''));
        }}
      />
    </span>
  );
}

/** Takes files that are dropped anywhere on the page. */
export function DropTarget(): JSX.Element | null {
  const isOver = useSignal(false);
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      isOver.value = true;
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) isOver.value = false;
    };
    const drop = (event: DragEvent): void => {
      isOver.value = false;
      if (!hasFiles(event)) return;
      event.preventDefault();
      void openFiles([...(event.dataTransfer?.files ?? [])]);
    };
    const ending = new AbortController();
    addEventListener('dragover', over, ending);
    addEventListener('dragleave', leave, ending);
    addEventListener('drop', drop, ending);
    return () => ending.abort();
  }, []);
  return isOver.value ? <div class="drop-hint">Drop trace files here to open them</div> : null;
}
