/** How often it is looked. Who looked too late may have been busy itself, and cannot tell. */
const LOOK_MS = 1_000;
const TOO_LATE_MS = 2 * LOOK_MS;
/** So many beats have to be missing. */
const MISSED_BEATS = 3;

interface Watched {
  readonly beatMs: number;
  /** Milliseconds since 1970, as all times here. */
  heardAtMs: number;
  isSilent: boolean;
}

/** Sees which processes are not heard of although they promised it: their event loop is kept busy, or they are halted. */
export class SilenceWatch implements Disposable {
  readonly #watched = new Map<string, Watched>();
  readonly #onChange: (processId: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #lookedAtMs = 0;

  /** @param onChange told which process fell silent, or is heard of again */
  constructor(onChange: (processId: string) => void) {
    this.#onChange = onChange;
  }

  /** A process promises to be heard of every so many milliseconds. */
  expect(processId: string, beatMs: number): void {
    this.#watched.set(processId, { beatMs, heardAtMs: Date.now(), isSilent: false });
    if (this.#timer) return;
    this.#lookedAtMs = Date.now();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  heard(processId: string): void {
    const watched = this.#watched.get(processId);
    if (!watched) return;
    watched.heardAtMs = Date.now();
    if (!watched.isSilent) return;
    watched.isSilent = false;
    this.#onChange(processId);
  }

  forget(processId: string): void {
    this.#watched.delete(processId);
    if (this.#watched.size === 0) this[Symbol.dispose]();
  }

  /** When a process was last heard of; undefined where it is not silent. */
  silentSinceMs(processId: string): number | undefined {
    const watched = this.#watched.get(processId);
    return watched?.isSilent ? watched.heardAtMs : undefined;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watched.clear();
  }

  #look(): void {
    const nowMs = Date.now();
    const isTooLate = nowMs - this.#lookedAtMs > TOO_LATE_MS;
    this.#lookedAtMs = nowMs;
    for (const [processId, watched] of this.#watched) {
      if (watched.isSilent) continue;
      if (isTooLate) watched.heardAtMs = nowMs;
      else if (nowMs - watched.heardAtMs > MISSED_BEATS * watched.beatMs) {
        watched.isSilent = true;
        this.#onChange(processId);
      }
    }
  }
}
