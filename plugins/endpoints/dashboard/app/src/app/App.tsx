// The application: who we are first, then the live data, then the views. SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';
import { asError, loadSession, startData } from '@/api/hooks';
import type { ApiError } from '@/api/rest';
import { Button } from '@/ui/Button';
import { ErrorNote } from '@/ui/Empty';
import { Shell } from './Shell';

export function App() {
  const [error, setError] = useState<ApiError | null>(null);
  const [turn, setTurn] = useState(0);

  useEffect(() => startData(), []);
  useEffect(() => {
    let here = true;
    let timer: ReturnType<typeof setTimeout>;
    loadSession()
      .then(() => here && setError(null))
      .catch((e: unknown) => {
        if (!here) return;
        setError(asError(e));
        timer = setTimeout(() => setTurn((t) => t + 1), 5000);
      });
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [turn]);

  if (error && error.status !== 401) {
    return (
      <main className="lone">
        <h1>openclaw</h1>
        <ErrorNote error={error} title="The dashboard cannot begin" />
        <p className="muted">It is tried again every five seconds.</p>
        <Button icon="refresh" onClick={() => setTurn((t) => t + 1)}>
          Try now
        </Button>
      </main>
    );
  }
  return <Shell />;
}
