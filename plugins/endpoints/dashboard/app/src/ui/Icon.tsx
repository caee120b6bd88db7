// The icons: one path each, drawn in the colour of the text. SPDX-License-Identifier: MIT
import { memo } from 'react';

const PATHS = {
  overview: 'M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM9 8h4.5v5.5H9zM2.5 10.5H7v3H2.5z',
  agents: 'M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.5c.4-2.7 2.3-4 5-4s4.6 1.3 5 4',
  services: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  resources: 'M2 11.5l3-4 2.5 2.5 3-6 3.5 7.5',
  alerts: 'M8 2.2c-2.3 0-3.7 1.6-3.7 4v2.3L3 11h10l-1.3-2.5V6.2c0-2.4-1.4-4-3.7-4zM6.5 13.2c.8.7 2.2.7 3 0',
  cost: 'M8 2v12M11 4.5C10.2 3.7 9.2 3.4 8 3.4c-1.7 0-3 .8-3 2.2 0 3.2 6.2 1.5 6.2 4.8 0 1.4-1.4 2.3-3.2 2.3-1.4 0-2.6-.4-3.4-1.3',
  plugins: 'M6 2v3M10 2v3M4 5h8v3a4 4 0 0 1-8 0zM8 12v2.5',
  logs: 'M3 3.5h10M3 6.5h7M3 9.5h10M3 12.5h5',
  audit: 'M8 2l5 2v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4zM5.8 8l1.6 1.6L10.4 6.6',
  settings: 'M3 4.5h10M3 8h10M3 11.5h10M6 3.2v2.6M10.5 6.7v2.6M5 10.2v2.6',
  jobs: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.5',
  deliberation: 'M8 2.5v11M4.5 13.5h7M3 5h10M3 5l-1.5 4h3zM13 5l-1.5 4h3z',
  runbooks: 'M3.5 2.5h9v11h-9zM6 5.5h4M6 8h4M6 10.5h2',
  messages: 'M2.5 3.5h11v7.5H8l-3 2.5V11H2.5z',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6L14 14',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5l3.2 3L13 4.5',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4L6 8l4 4',
  menu: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  mute: 'M3 6.5h2L8.5 3.5v9L5 9.5H3zM11 6l3 4M14 6l-3 4',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  user: 'M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3.5 13.5c.4-2.7 2-4 4.5-4s4.1 1.3 4.5 4',
  out: 'M6.5 3H3v10h3.5M9.5 5.5L12 8l-2.5 2.5M12 8H6',
  link: 'M6.5 9.5l3-3M7 5l1.5-1.5a2.5 2.5 0 0 1 3.8 3.3L11 8.2M9 11l-1.5 1.5a2.5 2.5 0 0 1-3.8-3.3L5 7.8',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  reset: 'M3 8a5 5 0 1 0 1.5-3.6M3 2v3h3',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.3 6.4c.2-1 .9-1.5 1.8-1.5 1 0 1.7.6 1.7 1.5 0 1.3-1.7 1.3-1.7 2.6M8.05 11.2h.01',
  play: 'M5 3.5l7.5 4.5L5 12.5z',
  stop: 'M4.5 4.5h7v7h-7z',
  download: 'M8 2.5v7M5 7l3 3 3-3M3 13h10',
  filter: 'M2.5 3.5h11L9.5 8.5v4l-3 1.5V8.5z',
  wrench: 'M10.5 2.5a3.3 3.3 0 0 0-3.3 4.3l-4.7 4.7 2 2 4.7-4.7a3.3 3.3 0 0 0 4.3-3.3l-2 2-2-2z',
  offline: 'M2 2l12 12M3 7.5a7.5 7.5 0 0 1 2.2-1.4M13 7.5a7.5 7.5 0 0 0-4.5-2M5.3 10a4 4 0 0 1 2.2-1.1M8 12.5h.01',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = memo(function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
});
