// What the operations about plugins answer. SPDX-License-Identifier: MIT
import type { Tone } from '@/ui/State';

export interface PluginRow {
  name: string;
  id: string | null;
  version: string | null;
  kind: string;
  state: string;
  installed: {
    source: string;
    digest?: string | null;
    trust?: string;
    enabled?: boolean;
    pinned?: boolean;
    why?: string | null;
  };
  configured: number;
  running: { state: string; generation: number; tier: string; pid: number | null; instances: number } | null;
  tier: string;
  summary: string;
  error: string | null;
}

export interface PluginInfo extends PluginRow {
  dir?: string;
  methods?: string[];
  /** Operations that it brings and the host does not take over, and why. */
  left_out?: { operation: string | null; reason: string }[];
  manifest?: {
    description?: string;
    license?: string;
    author?: string;
    homepage?: string;
    metrics?: { name: string; unit?: string; help: string }[];
  };
  provides?: Record<string, string[]>;
  rights?: { permission: string; granted: boolean; enforced?: string | null; note?: string | null }[];
  limits?: Record<string, number>;
  provenance?: {
    installed?: string;
    trust?: string;
    source?: string;
    registry?: string | null;
    size?: number;
    target?: string;
  };
  instances?: unknown[];
}

export interface Instance {
  instance: string;
  plugin: string;
  state: string;
  tier: string;
  generation: number;
  calls: number;
  failures: number;
  timeouts: number;
  restarts: number;
  p50_ms: number | null;
  p99_ms: number | null;
  last_error: string | null;
  uptime_ms: number;
  owner?: string;
}

export interface PlanAction {
  do: string;
  kind?: string;
  id?: string | null;
  name: string;
  version?: string | null;
  from?: string | null;
  size?: number;
  source?: string;
  trust?: string;
  tier?: string;
}

/** What would be done, and what that asks for. */
export interface Plan {
  actions: PlanAction[];
  permissions?: { permission: string; why?: string }[];
  consent?: 'needed' | 'given' | 'none';
  surface?: string;
  plan?: string;
  warnings?: (string | { message?: string })[];
  generation?: number;
}

export const stateOfPlugin = (p: PluginRow): string => {
  if (p.error) return 'failed';
  if (p.state === 'disabled') return 'disabled';
  if (p.running) return p.running.state;
  if (p.state === 'preset' && p.kind === 'endpoint') return 'served';
  return p.state === 'found' ? 'not used' : p.state;
};

export const toneOfPlugin = (p: PluginRow): Tone | undefined =>
  (({ served: 'ok', preset: 'muted', 'not used': 'muted' }) as Record<string, Tone>)[stateOfPlugin(p)];

export const warningText = (w: string | { message?: string }): string =>
  typeof w === 'string' ? w : (w.message ?? '');
