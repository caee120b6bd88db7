// A view that fails does not take the others with it. SPDX-License-Identifier: MIT
import { Component, type ReactNode } from 'react';
import { Button } from '@/ui/Button';

interface State {
  error: Error | null;
}

export class Boundary extends Component<{ children: ReactNode; name: string }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    const stale = /dynamically imported module|Importing a module/.test(error.message);
    return (
      <div className="lone">
        <h1 tabIndex={-1}>{stale ? 'The host was updated' : `${this.props.name} cannot be shown`}</h1>
        <div className="note critical" role="alert">
          <p className="note-title">{stale ? 'This page belongs to another version.' : error.message}</p>
          <p className="note-text">
            {stale ? 'Load it again.' : 'The other views work. Loading the page again may help.'}
          </p>
        </div>
        <Button icon="refresh" onClick={() => location.reload()}>
          Load again
        </Button>
      </div>
    );
  }
}
