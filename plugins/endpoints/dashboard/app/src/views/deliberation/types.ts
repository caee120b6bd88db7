// What the operations of governance answer. SPDX-License-Identifier: MIT
export interface Member {
  member: string;
  roles: string[];
  key: string | null;
  heard: string | null;
  reachable: boolean;
}

export interface Governance {
  ready: boolean;
  why?: string | null;
  mode: string;
  members: Member[];
  open: number;
  emergency: unknown;
}

export interface Proposal {
  id: string;
  category: string;
  title: string;
  status: string;
  stage: string;
  votes: string;
  missing: string[];
  left_ms: number | null;
  submitter: string;
  submitted: string;
  execution: string | null;
  reason: string | null;
}

export interface Voter {
  member: string;
  vote: string;
  delegated: boolean;
  at: string | null;
  index: number | null;
  reason: string | null;
}

export interface Said {
  by?: string;
  member?: string;
  text?: string;
  kind?: string;
  word?: string;
  condition?: string;
  at?: number | string;
}

/** What would become of a file: lines of a unified diff, no more than can be read. */
export interface FileChange {
  file: string;
  /** What it is told against; null: there is none. */
  before: string | null;
  after: string | null;
  added: number;
  removed: number;
  lines: string[];
  left_out: number;
}

export interface ProposalDetail extends Proposal {
  plan?: { changes?: FileChange[] } | null;
  description?: string;
  justification?: string;
  impact_assessment?: string;
  rollback_plan?: string;
  revision?: number;
  voters: Voter[];
  tally_text?: string;
  deadline: string | null;
  decided?: string | null;
  comments?: Said[];
  signatures?: Said[] | Record<string, unknown>;
  vetoes?: Said[];
  op?: { name?: string; op?: string; params?: Record<string, unknown>; actor?: string } | null;
}
