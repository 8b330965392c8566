// Asking the server. A POST carries one Idempotency-Key through all its retries, so that a lost answer never
// buys twice.

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  reason?: string;
  places?: string[];
  limit?: number;
  asked?: number;
  available?: number;
  at?: string;
  where?: string;
  order?: { id: string; number: number };
  errors?: { pointer: string; message: string }[];
  request_id?: string;
}

/** The server's "no", or "network" when no answer came. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
  }
  get reason(): string {
    return this.body.reason ?? (this.status === 0 ? "network" : `http_${this.status}`);
  }
}

export interface Ask {
  body?: unknown;
  token?: string | undefined;
  key?: string | undefined;
  /** The Idempotency-Key of a POST that may have been granted before; a new one by default. */
  request?: string | undefined;
}

const attempts = 4;

/** A UUID of version 7: begins with the time, as the server's own request ids do. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let now = Date.now();
  for (let index = 5; index >= 0; --index) {
    bytes[index] = now % 256;
    now = Math.floor(now / 256);
  }
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

let clockOffset = 0;
/**
 * The server's time as far as its answers tell; a Date header has whole seconds, so that less is taken for
 * agreement.
 */
export const serverNow = (): number => Date.now() + clockOffset;

/**
 * How far each event's log was when this tab was last told of it, signed. Sent along, so that another server
 * catches up first.
 */
const revisionOf = (event: string): string => `ticketcore.revision.${event}`;
const eventIn = (path: string): string | undefined => /^\/v1\/events\/([^/?]+)/.exec(path)?.[1];

async function once(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      cache: "no-cache",
      credentials: "omit",
    });
  } catch {
    throw new Problem(0, { detail: "The server can't be reached." });
  }
  const event = eventIn(path);
  const revision = response.headers.get("X-Revision");
  if (event && revision) sessionStorage.setItem(revisionOf(event), revision);
  const told = Date.parse(response.headers.get("Date") ?? "");
  if (!Number.isNaN(told)) clockOffset = Math.abs(told - Date.now()) > 2000 ? told - Date.now() : 0;
  const text = await response.text();
  let parsed: unknown = null;
  if (text && (response.headers.get("Content-Type") ?? "").includes("json")) {
    try {
      parsed = JSON.parse(text);
    } catch {
      throw new Problem(response.status, { detail: "The server's answer can't be read." });
    }
  }
  if (!response.ok) {
    const problem = new Problem(response.status, (parsed ?? {}) as ProblemBody);
    const after = Number(response.headers.get("Retry-After"));
    if (after > 0) retryAfter.set(problem, after);
    throw problem;
  }
  return parsed;
}

const retryAfter = new WeakMap<Problem, number>();

export async function call<T>(method: "GET" | "POST" | "DELETE", path: string, ask: Ask = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (ask.token) headers["X-Access-Token"] = ask.token;
  const event = eventIn(path);
  const revision = event === undefined ? null : sessionStorage.getItem(revisionOf(event));
  if (revision) headers["X-Revision"] = revision;
  if (ask.key) headers["Authorization"] = `Bearer ${ask.key}`;
  let body: string | undefined;
  if (method === "POST") {
    headers["Idempotency-Key"] = ask.request ?? newRequestId();
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(ask.body ?? {});
  }
  for (let attempt = 1; ; ++attempt) {
    try {
      return (await once(method, path, headers, body)) as T;
    } catch (error) {
      const passing = error instanceof Problem && (error.status === 0 || error.status === 503);
      if (!passing || attempt === attempts) throw error;
      await pause(Math.min((retryAfter.get(error) ?? 0) * 1000 || 250 * 2 ** attempt, 3000));
    }
  }
}

export const get = <T>(path: string, ask?: Ask) => call<T>("GET", path, ask);
export const post = <T>(path: string, ask?: Ask) => call<T>("POST", path, ask);

/** A path with its parts escaped: path`/v1/events/${id}`. */
export function path(texts: TemplateStringsArray, ...parts: string[]): string {
  return texts.reduce((whole, text, index) => whole + encodeURIComponent(parts[index - 1] ?? "") + text);
}
