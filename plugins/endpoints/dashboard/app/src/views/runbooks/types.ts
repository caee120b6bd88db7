// What the operations of runbooks answer. SPDX-License-Identifier: MIT
export interface Runbook {
  name: string;
  title: string | null;
  severity: string | null;
  source: string;
  state: string;
  error: string | null;
}

export interface Param {
  name: string;
  type: string;
  choices?: string[];
  required?: boolean;
  default?: unknown;
  help?: string;
}

export interface RunbookInfo extends Runbook {
  summary: string | null;
  description: string | null;
  params: Param[] | Record<string, never> | null;
  text: string;
}

export interface Step {
  id: string;
  title: string;
  op: string;
  params: Record<string, unknown>;
  state?: string;
  message?: string | null;
  took_ms?: number | null;
  available?: boolean;
  confirm?: boolean | string;
  destructive?: boolean;
  optional?: boolean;
}

export interface RunbookPlan {
  runbook: string;
  plan: string;
  steps: Step[];
  findings?: { title?: string; text?: string; remedy?: string }[] | unknown[];
  warnings?: unknown[];
  available: boolean;
}

export interface Run {
  run: string;
  runbook: string;
  title?: string;
  state: string;
  by: string;
  began: string;
  ended: string | null;
  took_ms: number | null;
  message: string | null;
  counts: Record<string, number>;
  steps?: Step[];
}

export const OPEN = new Set(['running', 'waiting', 'waiting for approval', 'undoing']);
export const paramsOf = (info: RunbookInfo): Param[] => (Array.isArray(info.params) ? info.params : []);
/** What a plan's findings and warnings say, whatever their form. */
export const said = (x: unknown): string =>
  typeof x === 'string'
    ? x
    : x && typeof x === 'object'
      ? Object.values(x)
          .filter((v) => typeof v === 'string')
          .join(': ')
      : String(x);
