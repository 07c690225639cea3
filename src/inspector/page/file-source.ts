import type { CompareView } from '../view/compare-view.ts';
import type { RunList, RunView } from '../view/run-view.ts';
import type { OtlpTraces } from './otlp-json.ts';
import type { Imported, Session, Source } from './source.ts';

/** What a saved file holds: JSON, gzipped, as base64. */
interface SavedRun {
  readonly view: RunView;
  readonly traces: OtlpTraces;
}

/** The file that this page was saved in: one run, and nothing else. */
export class FileSource implements Source {
  #saved: Promise<SavedRun> | undefined;

  async run(): Promise<RunView> {
    return (await this.#read()).view;
  }

  /** All there are: they need not be loaded. */
  async spans(): Promise<OtlpTraces> {
    return (await this.#read()).traces;
  }

  async session(): Promise<Session> {
    return { version: '', links: [], token: '', storeName: '' };
  }

  async runs(): Promise<RunList> {
    return notHere();
  }

  async compare(): Promise<CompareView> {
    return notHere();
  }

  async importTraces(): Promise<Imported> {
    return notHere();
  }

  async remove(): Promise<void> {
    notHere();
  }

  watch(): () => void {
    return () => {};
  }

  #read(): Promise<SavedRun> {
    this.#saved ??= readSavedRun(document.getElementById('saved-run')?.textContent ?? '');
    return this.#saved;
  }
}

function notHere(): never {
  throw new Error('A saved file holds one run only. Open the Inspector for the others: npx orchestrace inspect');
}

async function readSavedRun(base64: string): Promise<SavedRun> {
  try {
    const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return (await new Response(stream).json()) as SavedRun;
  } catch (error) {
    throw new Error('The run in this file cannot be read: it is damaged. Save it again from the Inspector.', {
      cause: error,
    });
  }
}
