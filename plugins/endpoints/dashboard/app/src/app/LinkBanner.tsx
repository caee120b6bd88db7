// Says when what one sees may be old, and when the next attempt is. SPDX-License-Identifier: MIT
import { live, useHealth, useLink } from '@/api/hooks';
import { Button } from '@/ui/Button';
import { Icon } from '@/ui/Icon';
import { Ago } from '@/ui/Time';
import { useNow } from './time';

export function LinkBanner() {
  const link = useLink();
  const lost = link.state === 'lost' && link.attempt > 1;
  return <div aria-live="assertive">{lost && <Lost />}</div>;
}

function Lost() {
  const link = useLink();
  const { timestamp } = useHealth();
  const now = useNow();
  const wait = link.retryAt ? Math.max(0, Math.ceil((link.retryAt - now) / 1000)) : 0;
  return (
    <div className="banner">
      <Icon name="offline" />
      <p>
        <b>The connection to the host is lost.</b>{' '}
        {timestamp ? (
          <>
            What you see is <Ago time={timestamp} /> old.
          </>
        ) : (
          'There is nothing to show yet.'
        )}
      </p>
      <span className="muted" aria-hidden="true">
        {wait > 0 ? `next attempt in ${wait} s` : 'trying now'}
      </span>
      <Button small icon="refresh" onClick={live.hurry}>
        Try now
      </Button>
    </div>
  );
}
