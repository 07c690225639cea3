import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { RunView } from '../view/run-view.ts';
import { downloadLink, downloadText } from './download.ts';
import { useKeys } from './keys.ts';
import { graphSvgOf } from './graph/graph.tsx';
import { isSavedFile, source } from './source.ts';
import { shownTimelineSvg } from './timeline/shown-svg.ts';
import { say } from './ui/announcer.tsx';
import { copyText } from './ui/copy-button.tsx';
import { Icon } from './ui/icon-button.tsx';

interface Export {
  readonly name: string;
  /** What it is good for. */
  readonly hint: string;
  readonly run: () => unknown;
}

/** Everything that a run can be taken out as. */
export function ExportMenu({ run }: { readonly run: RunView }): JSX.Element {
  const isOpen = useSignal(false);
  const menu = useRef<HTMLDivElement>(null);
  const opener = useRef<Element | null>(null);
  const toggle = (): void => {
    if (!isOpen.value) opener.current = document.activeElement;
    isOpen.value = !isOpen.value;
  };
  const close = (): void => {
    isOpen.value = false;
    (opener.current as HTMLElement | null)?.focus();
  };
  useKeys('Run', [{ keys: ['e'], does: 'export', run: toggle }]);
  // Before the menu is seen: the next key is meant for it.
  useLayoutEffect(() => menu.current?.querySelector('button')?.focus(), [isOpen.value]);
  useEffect(() => {
    if (!isOpen.value) return;
    const onPointer = ({ target }: PointerEvent): void => {
      if (!menu.current?.parentElement?.contains(target as Node)) isOpen.value = false;
    };
    addEventListener('pointerdown', onPointer);
    return () => removeEventListener('pointerdown', onPointer);
  }, [isOpen.value]);
  return (
    <div class="menu-place">
      <button
        type="button"
        class="button"
        aria-haspopup="menu"
        aria-expanded={isOpen.value}
        title="Key e"
        onClick={toggle}
      >
        Export
        <Icon path="M4.5 6.5L8 10l3.5-3.5" />
      </button>
      {isOpen.value && (
        <div ref={menu} class="menu" role="menu" aria-label="Export" onKeyDown={(event) => onMenuKey(event, close)}>
          {exportsOf(run).map(({ name, hint, run }) => (
            <button
              key={name}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                void attempt(name, run);
              }}
            >
              {name} <small>{hint}</small>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function exportsOf(run: RunView): Export[] {
  const name = fileNameOf(run);
  const place = new URLSearchParams({ trace: run.traceId, run: run.runSpanId }).toString();
  return [
    ...(isSavedFile
      ? []
      : [
          { name: 'HTML file', hint: 'page and run in one', run: () => downloadLink(`/export?${place}`) },
          { name: 'Copy link', hint: 'to what is shown', run: () => copyText(location.href, 'the link') },
        ]),
    { name: 'Copy verdict', hint: 'one or two sentences', run: () => copyText(run.verdict, 'the verdict') },
    {
      name: 'Timeline as SVG',
      hint: 'picture',
      run: () => downloadText(`${name}-timeline.svg`, 'image/svg+xml', shownTimelineSvg(run)),
    },
    {
      name: 'Graph as SVG',
      hint: 'picture',
      run: async () => downloadText(`${name}-graph.svg`, 'image/svg+xml', await graphSvgOf(run)),
    },
    { name: 'Copy graph as Mermaid', hint: 'for Markdown', run: () => copyText(run.mermaid, 'the graph') },
    {
      name: 'Graph as Mermaid file',
      hint: '.mmd',
      run: () => downloadText(`${name}.mmd`, 'text/plain', run.mermaid),
    },
    {
      name: 'OTLP JSON',
      hint: 'Jaeger opens it',
      run: async () =>
        downloadText(`${name}.json`, 'application/json', JSON.stringify(await source.spans(run.traceId))),
    },
  ];
}

async function attempt(name: string, run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    say(`${name}: ${(error as Error).message}`);
  }
}

/** As the pattern for menus of ARIA has it. */
function onMenuKey(event: KeyboardEvent, close: () => void): void {
  const items = [...(event.currentTarget as HTMLElement).querySelectorAll('button')];
  const at = items.findIndex((item) => item === document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (next !== undefined) items.at(next % items.length)?.focus();
  else if (event.key === 'Escape' || event.key === 'Tab') close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** `<plan>-<first digits of the trace id>`, with nothing that a file system minds. */
function fileNameOf({ planName, traceId }: RunView): string {
  const plan = (planName ?? 'run').replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 60);
  return `${plan.replace(/^[.-]+/, '') || 'run'}-${traceId.slice(0, 8)}`;
}
