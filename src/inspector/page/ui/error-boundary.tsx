import { Component, type ComponentChildren } from 'preact';

interface BoundaryProps {
  /** What it is that may fail, e.g. `The timeline`. */
  readonly part: string;
  readonly children: ComponentChildren;
}

/** Keeps the rest of the page when a part of it fails, and says so in its place. */
export class ErrorBoundary extends Component<BoundaryProps, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static override getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override componentDidCatch(error: unknown): void {
    console.error(error);
  }

  override render(): ComponentChildren {
    if (!('error' in this.state)) return this.props.children;
    const { error } = this.state;
    return (
      <div class="notice is-fault" role="alert">
        <p>
          <strong>{this.props.part} failed</strong>: {error instanceof Error ? error.message : String(error)}
        </p>
        <p>
          The rest of the page still works.{' '}
          <button type="button" class="button" onClick={() => location.reload()}>
            Reload the page
          </button>
        </p>
      </div>
    );
  }
}
