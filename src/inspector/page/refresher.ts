/** Shortest pause between two refreshes, and how many times as long as the last took it is at least. */
const MIN_PAUSE_MS = 250;
const PAUSE_SHARE = 3;

/** Refreshes something when asked: never twice at once, and with pauses, so that most of the time is free for other work. */
export class Refresher {
  readonly #refresh: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBeforeMs = 0;
  #isRefreshing = false;
  #isAskedAgain = false;
  #isStopped = false;

  /** @param refresh must not fail */
  constructor(refresh: () => Promise<void>) {
    this.#refresh = refresh;
  }

  ask(): void {
    if (this.#isRefreshing) this.#isAskedAgain = true;
    else this.#timer ??= setTimeout(() => void this.#run(), Math.max(0, this.#notBeforeMs - performance.now()));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#isRefreshing = true;
    const startedAtMs = performance.now();
    await this.#refresh();
    const endedAtMs = performance.now();
    this.#isRefreshing = false;
    this.#notBeforeMs = endedAtMs + Math.max(MIN_PAUSE_MS, PAUSE_SHARE * (endedAtMs - startedAtMs));
    const isAskedAgain = this.#isAskedAgain && !this.#isStopped;
    this.#isAskedAgain = false;
    if (isAskedAgain) this.ask();
  }
}
