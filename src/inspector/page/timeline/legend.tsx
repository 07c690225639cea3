import type { JSX } from 'preact';

/** What the signs mean. */
export function Legend(): JSX.Element {
  return (
    <ul class="signs" aria-label="Signs">
      <li>
        <i class="segment is-wait color-wait" /> ready, but waiting
      </li>
      <li>
        <i class="segment is-work color-success" /> ran
      </li>
      <li>
        <i class="segment is-between color-success" /> between attempts
      </li>
      <li>
        <i class="segment is-work color-running is-going-on" /> running
      </li>
      <li>
        <i class="point is-skip color-skip" /> skipped
      </li>
      <li>
        <i class="point is-absent color-planned" /> did not start
      </li>
      <li>
        <i class="usual-end" /> usual end
      </li>
      <li>
        <i class="critical-line" /> critical path
      </li>
    </ul>
  );
}
