// A few checks, by name. SPDX-License-Identifier: MIT
import { memo } from 'react';
import type { Check } from '@/api/types';
import { href } from '@/app/router';
import { formatMs } from '@/app/time';
import { StateIcon, toneOf } from '@/ui/State';

export function CheckTiles({ checks }: { checks: readonly Check[] }) {
  return (
    <ul className="tiles">
      {checks.map((c) => (
        <Tile
          key={c.service}
          service={c.service}
          state={c.maintenance ? 'maintenance' : c.state}
          response={c.response_ms}
          output={c.output}
        />
      ))}
    </ul>
  );
}

const Tile = memo(function Tile({
  service,
  state,
  response,
  output,
}: {
  service: string;
  state: string;
  response: number | null;
  output: string;
}) {
  const tone = toneOf(state);
  return (
    <li>
      <a
        className={`tile tone-${tone}${state === 'ok' ? ' well' : ''}`}
        href={href('/services', { sel: service })}
        title={output}
      >
        <StateIcon tone={tone} label={state} />
        <span className="tile-name">{service}</span>
        <span className="tile-note num">{state === 'ok' ? (response === null ? '' : formatMs(response)) : state}</span>
      </a>
    </li>
  );
});
