// Calling operations over HTTP: the envelope, jobs, the CSRF header, the way to the login. SPDX-License-Identifier: MIT
import type { Envelope, ErrorInfo, Job, Session } from './types';

/** A failure that the host told, or that we met on the way to it (`unreachable`, `protocol`). */
export class ApiError extends Error {
  readonly code: string;
  readonly hint: string | null;
  readonly status: number;
  readonly details: unknown;

  constructor(info: ErrorInfo, status = 0) {
    super(info.message);
    this.name = 'ApiError';
    this.code = info.code;
    this.hint = info.hint ?? null;
    this.status = status;
    this.details = info.details;
  }
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Told while a long operation runs as a job; fraction is null when it is not known. */
  onProgress?: (fraction: number | null, text: string) => void;
  onWarnings?: (warnings: string[]) => void;
  /** Ask for a job at once: the answer is then its first row. */
  background?: boolean;
}

/** The address of a path of the host; the page may be served below a prefix. */
export function apiUrl(path: string): string {
  return new URL(path, document.baseURI).toString();
}

const HASH_KEY = 'openclaw.return';
let leaving = false;

/** The session is over: log in, then come back to the same view. */
export function goToLogin(): void {
  if (leaving) return;
  leaving = true;
  try {
    sessionStorage.setItem(HASH_KEY, location.hash);
  } catch {
    // without storage one comes back to the overview
  }
  location.assign(apiUrl('login'));
}

/** The view that was open before the login, once. */
export function takeReturn(): string | null {
  try {
    const hash = sessionStorage.getItem(HASH_KEY);
    sessionStorage.removeItem(HASH_KEY);
    return hash;
  } catch {
    return null;
  }
}

const PROTOCOL: ErrorInfo = {
  code: 'protocol',
  message: 'the answer was not understood',
  hint: 'Something between this page and the host answered in its place; look at proxies.',
};
const UNREACHABLE: ErrorInfo = {
  code: 'unreachable',
  message: 'the host does not answer',
  hint: 'See whether openclawd runs: `openclaw status`.',
};

const BAD_GATEWAY = 502;

/** Whether the host gave no answer: nothing came, or a proxy put a page of its own in its place. */
export function isUnanswered(e: ApiError): boolean {
  return e.code === UNREACHABLE.code || (e.code === PROTOCOL.code && e.status >= BAD_GATEWAY);
}

async function request(url: string, init: RequestInit): Promise<{ response: Response; body: Envelope<unknown> }> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', redirect: 'manual', ...init });
  } catch (e) {
    if (init.signal?.aborted) throw e;
    throw new ApiError(UNREACHABLE);
  }
  if (response.status === 401 || response.type === 'opaqueredirect') {
    goToLogin();
    throw new ApiError({ code: 'unauthorized', message: 'you are not logged in' }, 401);
  }
  let body: Envelope<unknown>;
  try {
    body = (await response.json()) as Envelope<unknown>;
  } catch (e) {
    if (init.signal?.aborted) throw e;
    throw new ApiError(
      { ...PROTOCOL, message: `the host answered ${response.status} without a document` },
      response.status,
    );
  }
  if (typeof body !== 'object' || body === null || typeof body.ok !== 'boolean')
    throw new ApiError(PROTOCOL, response.status);
  if (!body.ok) throw new ApiError(body.error ?? PROTOCOL, response.status);
  return { response, body };
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const { body } = await request(apiUrl(path), { signal, headers: { Accept: 'application/json' } });
  return body.data as T;
}

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });

interface JobAnswer {
  ok: boolean;
  data: unknown;
  warnings?: string[];
  error?: ErrorInfo | null;
}

async function follow<T>(job: Job, options: CallOptions): Promise<T> {
  for (let wait = 150; ; wait = Math.min(wait * 1.5, 1500)) {
    await pause(wait, options.signal);
    const now = await get<Job & { result?: JobAnswer | null }>(
      `api/v1/jobs/${encodeURIComponent(job.job)}`,
      options.signal,
    );
    const { progress, result } = now;
    if (progress) options.onProgress?.(progress.fraction ?? null, progress.text ?? '');
    if (now.state === 'running' || !result) {
      if (now.state === 'cancelled') throw new ApiError({ code: 'cancelled', message: `${job.op} was cancelled` });
      continue;
    }
    if (result.warnings?.length) options.onWarnings?.(result.warnings);
    if (!result.ok) throw new ApiError(result.error ?? PROTOCOL);
    return result.data as T;
  }
}

/** Runs an operation; a long one is followed until it ends. */
export async function call<T = unknown>(op: string, params: object = {}, options: CallOptions = {}): Promise<T> {
  const { response, body } = await request(apiUrl(`api/v1/${op.split('.').map(encodeURIComponent).join('/')}`), {
    method: 'POST',
    signal: options.signal,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      'X-Openclaw-Csrf': '1',
      ...(options.background ? { Prefer: 'respond-async' } : {}),
    },
    body: JSON.stringify(params),
  });
  if (body.warnings?.length) options.onWarnings?.(body.warnings);
  if (response.status === 202 && !options.background) return follow<T>(body.data as Job, options);
  return body.data as T;
}

export async function cancelJob(id: string): Promise<void> {
  await request(apiUrl(`api/v1/jobs/${encodeURIComponent(id)}`), {
    method: 'DELETE',
    headers: { 'X-Openclaw-Csrf': '1' },
  });
}

export const fetchSession = (signal?: AbortSignal): Promise<Session> => get<Session>('api/session', signal);

export async function logout(): Promise<void> {
  await fetch(apiUrl('logout'), {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'X-Openclaw-Csrf': '1' },
    redirect: 'manual',
  });
  location.assign(apiUrl('login'));
}
