// What the host answers: the shapes of operations and of the live connection. SPDX-License-Identifier: MIT

export type Role = 'viewer' | 'operator' | 'admin';
export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

/** The states of a check, as the host names them; `maintenance` is added by the interface. */
export type CheckState = 'ok' | 'warning' | 'critical' | 'unknown' | 'unreachable' | 'pending';
export type Severity = 'info' | 'warning' | 'critical';

export interface Session {
  actor: string;
  role: Role;
  kind: string;
  /** Who signed in, when this is a session: "token:ann". */
  by?: string | null;
  expires?: string | null;
  anonymous?: boolean;
}

/** One thing that is checked (`health.report` details, `checks` of the snapshot). */
export interface Check {
  service: string;
  instance: string;
  target: string;
  plugin: string;
  state: CheckState;
  hard: boolean;
  attempt: number;
  max_attempts: number;
  flapping: boolean;
  maintenance: boolean;
  score: number | null;
  since: string | null;
  checked: string | null;
  response_ms: number | null;
  output: string;
}

/** A service of the snapshot, in the shape of the original API. */
export interface Service {
  id: string;
  name: string;
  type: string;
  status: string;
  state?: CheckState;
  responseTime: number | null;
  details?: Record<string, unknown>;
  error: string | null;
}

export interface Agent {
  id: string;
  name: string;
  status: string;
  role?: string;
  emoji?: string;
  lastHeartbeat?: string | null;
  heartbeatAge?: number | null;
  currentTask?: string | null;
  model?: string | null;
  tokenUsage?: { session?: number | null; daily?: number | null } | null;
  memoryUsage?: number | null;
  uptime?: number | null;
  error: string | null;
  [more: string]: unknown;
}

export interface Partition {
  mount: string;
  size: number | null;
  used: number | null;
  available: number | null;
  usage: number | null;
}
export interface Interface {
  name: string;
  rxBytes: number | null;
  txBytes: number | null;
  rxErrors: number | null;
  txErrors: number | null;
  rxDropped: number | null;
  txDropped: number | null;
}
export interface Resources {
  cpu?: {
    system?: {
      usage?: number | null;
      cores?: number;
      perCore?: { name: string; usage: number | null }[];
      load1?: number | null;
      load5?: number | null;
      load15?: number | null;
    };
  };
  memory?: {
    system?: {
      total?: number | null;
      used?: number | null;
      free?: number | null;
      usage?: number | null;
      details?: Record<string, number | null>;
    };
  };
  disk?: { system?: { total?: number | null; used?: number | null; usage?: number | null; partitions?: Partition[] } };
  network?: {
    system?: { rxBytesPerSec?: number | null; txBytesPerSec?: number | null; interfaces?: Interface[] };
  };
  containers?: {
    id: string;
    name: string;
    cpuUsage: number | null;
    memoryUsage?: { used: number | null; total: number | null; percent: number | null };
  }[];
  system?: { hostname?: string; platform?: string; arch?: string; kernel?: string; cpus?: number; uptime?: number };
}

export interface Summary {
  overallStatus: 'healthy' | 'degraded' | 'warning' | 'critical';
  healthyAgents: number;
  totalAgents: number;
  healthyServices: number;
  totalServices: number;
  checks?: Partial<Record<CheckState, number>> & { total: number };
  criticalAlerts: number;
  warningAlerts: number;
  cpuUsage: number | null;
  memoryUsage: number | null;
  diskUsage: number | null;
}

/** The snapshot of everything (`health.check` without a service, topic `health`). */
export interface Snapshot {
  timestamp: string;
  agents: Agent[];
  services: Service[];
  checks?: Check[];
  resources?: Resources;
  alerts?: Alert[];
  summary: Summary;
}
export interface HealthDelta {
  timestamp?: string;
  agents?: Agent[];
  services?: Service[];
  checks?: Check[];
  removed?: string[];
  resources?: Resources;
  summary?: Summary;
}

export interface Acknowledgement {
  by: string;
  at: string;
  comment?: string;
}
export interface Alert {
  id: string;
  severity: Severity;
  state: 'firing' | 'resolved';
  status: string;
  rule: string;
  category: string;
  instance: string;
  target: string;
  metric: string;
  message: string;
  reason: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  entity: string;
  title: string;
  value: number | boolean | string | null;
  starts_at: string;
  ends_at: string | null;
  updated_at: string;
  acknowledged: Acknowledgement | null;
  assigned?: { to: string; by?: string; at?: string } | string | null;
  silenced_by: string | null;
  told: string[];
  notifications: number;
  notified_at: string | null;
}
export interface AlertEntry {
  time: string;
  event: string;
  alert: string;
  rule?: string;
  severity?: Severity;
  entity?: string;
  message?: string;
  channel?: string;
  attempts?: number;
  by?: string;
}
export interface Silence {
  id: string;
  matchers: string[];
  starts: string;
  ends: string;
  comment: string;
  created_by: string;
}
export interface RuleState {
  series: string;
  state: string;
  since: string | null;
  value: number | null;
  fingerprint: string;
}
export interface Rule {
  name: string;
  severity: Severity;
  expr: string;
  for: string;
  keep_firing_for: string;
  resolve: string | null;
  message: string;
  category: string | null;
  state: string;
  enabled: boolean;
  problem: string | null;
  file: string;
  line: number;
  metrics: string[];
  evaluations: number;
  errors: number;
  states: RuleState[];
}

export type Point = [time: number, value: number | null];
export interface Series {
  series: string;
  name: string;
  labels: Record<string, string>;
  kind: string;
  min: number | null;
  avg: number | null;
  max: number | null;
  last: number | null;
  count: number;
  points: readonly Point[];
}
export interface MetricsAnswer {
  from: string;
  to: string;
  step_ms: number;
  aggregation: string;
  series: Series[];
}
export interface SeriesInfo {
  series: string;
  name: string;
  labels: Record<string, string>;
  kind: string;
  value: number | null;
  time: string | null;
}
export interface Sample {
  series: string;
  t: number;
  v: number | null;
}
export interface HealthChange {
  at: number;
  time: string;
  service: string;
  instance: string;
  target: string;
  from: CheckState;
  to: CheckState;
  hard: boolean;
  maintenance: boolean;
  output: string;
}

export interface OpInfo {
  name: string;
  summary: string;
  role: Role;
  flags: string[];
}

export interface Job {
  job: string;
  op: string;
  state: string;
  progress?: { fraction?: number | null; text?: string | null } | null;
  actor?: string;
  started?: string | null;
  finished?: string | null;
  /** How many rows it told. */
  rows?: number;
  [more: string]: unknown;
}
export interface Message {
  id: string;
  channel: string;
  from: string;
  to: string;
  type: string;
  content: unknown;
  time: string;
}
export interface LogLine {
  time: string;
  level: string;
  message: string;
  data?: unknown;
}
export interface EventRecord {
  event: number;
  topic: string;
  time: number;
  data: Record<string, unknown>;
}

export interface ErrorInfo {
  code: string;
  message: string;
  hint?: string | null;
  details?: unknown;
}
export interface Envelope<T> {
  ok: boolean;
  data: T;
  warnings?: string[];
  error?: ErrorInfo | null;
}
