// The views, one line each. One is there when the host has what it needs and the person may see it. SPDX-License-Identifier: MIT
import type { ComponentType } from 'react';
import type { Role } from '@/api/types';
import type { IconName } from '@/ui/Icon';
import { metricParams, parseRange, type Span } from '@/ui/range';

type Ask = readonly [op: string, params: object];

/** What a view's charts show before anything else was chosen. */
const charts = (span: Span, ...selectors: string[]): Ask[] =>
  selectors.map((selector) => ['metrics.query', metricParams(selector, parseRange(span, 0))]);

export interface ViewDef {
  /** "/services"; the first is where one begins. */
  path: string;
  title: string;
  icon: IconName;
  group: 'Watch' | 'Work' | 'Host';
  /** `g` and then this key goes there. */
  key: string;
  role: Role;
  /** Operations of the host without which there is nothing to show. */
  needs: readonly string[];
  /** For the search: other words for it. */
  words?: string;
  load: () => Promise<{ default: ComponentType }>;
  /** What it asks first, asked ahead when there is nothing else to do: then it opens with something to show. */
  ahead?: readonly Ask[];
}

export const VIEWS: readonly ViewDef[] = [
  {
    path: '/',
    title: 'Overview',
    icon: 'overview',
    group: 'Watch',
    key: 'o',
    role: 'viewer',
    needs: ['health.check'],
    words: 'home start dashboard',
    load: () => import('./overview/Overview'),
  },
  {
    path: '/alerts',
    title: 'Alerts',
    icon: 'alerts',
    group: 'Watch',
    key: 'a',
    role: 'viewer',
    needs: ['alert.list'],
    words: 'silences acknowledge incidents',
    load: () => import('./alerts/Alerts'),
  },
  {
    path: '/services',
    title: 'Services',
    icon: 'services',
    group: 'Watch',
    key: 's',
    role: 'viewer',
    needs: ['health.check'],
    words: 'checks targets',
    load: () => import('./services/Services'),
  },
  {
    path: '/agents',
    title: 'Agents',
    icon: 'agents',
    group: 'Watch',
    key: 'e',
    role: 'viewer',
    needs: ['health.check'],
    words: 'heartbeat',
    load: () => import('./agents/Agents'),
  },
  {
    path: '/resources',
    title: 'Resources',
    icon: 'resources',
    group: 'Watch',
    key: 'r',
    role: 'viewer',
    needs: ['metrics.query'],
    words: 'cpu memory disk network',
    load: () => import('./resources/Resources'),
    ahead: charts(
      '1h',
      'system.cpu_percent',
      'system.memory_percent',
      'system.disk_percent',
      'system.network_rx_bytes_per_second',
    ),
  },
  {
    path: '/cost',
    title: 'LiteLLM',
    icon: 'cost',
    group: 'Watch',
    key: 'l',
    role: 'viewer',
    needs: ['cost.summary'],
    words: 'cost spend tokens budgets models forecast',
    load: () => import('./cost/Cost'),
    ahead: [
      ['cost.summary', { period: 'today' }],
      ['cost.forecast', {}],
      ['cost.by', { dimension: 'model', period: 'today' }],
      ['cost.budget.list', {}],
      ...['cost.*', 'litellm.*', 'api.*'].map((selector) => ['metrics.list', { selector }] as const),
      ...charts(
        '24h',
        'cost.day_dollars',
        'cost.burn_dollars_per_hour',
        'litellm.latency_p*{model=""}',
        'api.error_rate_percent',
      ),
    ],
  },
  {
    path: '/messages',
    title: 'Agent messages',
    icon: 'messages',
    group: 'Work',
    key: 'm',
    role: 'viewer',
    needs: ['message.list'],
    words: 'bridge channels',
    load: () => import('./messages/Messages'),
  },
  {
    path: '/jobs',
    title: 'Cron and jobs',
    icon: 'jobs',
    group: 'Work',
    key: 'j',
    role: 'viewer',
    needs: ['collector.list'],
    words: 'schedule collectors background',
    load: () => import('./jobs/Jobs'),
    ahead: [
      ['collector.list', {}],
      ['cron.list', {}],
    ],
  },
  {
    path: '/deliberation',
    title: 'Deliberation',
    icon: 'deliberation',
    group: 'Work',
    key: 'd',
    role: 'viewer',
    needs: ['governance.list'],
    words: 'governance proposals votes quorum triad ballots veto',
    load: () => import('./deliberation/Deliberation'),
    ahead: [
      ['governance.status', {}],
      ['governance.list', {}],
    ],
  },
  {
    path: '/runbooks',
    title: 'Runbooks',
    icon: 'runbooks',
    group: 'Work',
    key: 'b',
    role: 'viewer',
    needs: ['runbook.list'],
    words: 'procedures restart recovery emergency',
    load: () => import('./runbooks/Runbooks'),
    ahead: [
      ['runbook.list', {}],
      ['runbook.history', {}],
    ],
  },
  {
    path: '/plugins',
    title: 'Plugins',
    icon: 'plugins',
    group: 'Host',
    key: 'p',
    role: 'viewer',
    needs: ['plugin.list'],
    words: 'install reload permissions versions',
    load: () => import('./plugins/Plugins'),
  },
  {
    path: '/logs',
    title: 'Logs',
    icon: 'logs',
    group: 'Host',
    key: 'g',
    role: 'viewer',
    needs: ['logs'],
    words: 'lines errors',
    load: () => import('./logs/Logs'),
  },
  {
    path: '/audit',
    title: 'Audit',
    icon: 'audit',
    group: 'Host',
    key: 'u',
    role: 'admin',
    needs: ['events.list'],
    words: 'who changed trail',
    load: () => import('./audit/Audit'),
  },
  {
    path: '/settings',
    title: 'Settings',
    icon: 'settings',
    group: 'Host',
    key: ',',
    role: 'viewer',
    needs: ['status'],
    words: 'configuration tokens sessions theme',
    load: () => import('./settings/Settings'),
    ahead: [['status', {}]],
  },
];
