// What a call rejects with.

import type { Code, Problem, ProblemEntry } from "./contract.js";

/** The server's codes, and two for when it gave none: no answer at all, or one that is not its own. */
export type ErrorCode = Code | "network" | "unexpected";

/**
 * A call that failed. `code` is for programs and stable, `detail` is a sentence for people. Neither the
 * message nor any member holds a token or a password.
 */
export class DoorwardError extends Error {
  override readonly name = "DoorwardError";
  /** The HTTP status; 0 if no answer came. */
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  /** Every invalid value, where the code is `validation`; else empty. */
  readonly errors: readonly ProblemEntry[];
  /** Quote it to whoever runs the server. */
  readonly requestId: string | undefined;
  /** Seconds to wait before another try, if the server says so. */
  readonly retryAfter: number | undefined;
  /** The problem document as it came, with members that only some codes have. */
  readonly problem: Problem | undefined;

  constructor(
    status: number,
    code: ErrorCode,
    detail: string,
    more: { problem?: Problem | undefined; retryAfter?: number | undefined; cause?: unknown } = {},
  ) {
    super(`${detail} (${code})`, more.cause === undefined ? undefined : { cause: more.cause });
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.problem = more.problem;
    this.errors = more.problem?.errors ?? [];
    this.requestId = more.problem?.request_id;
    this.retryAfter = more.retryAfter;
  }

  /** What is wrong with one field, if anything is. */
  field(name: string): string | undefined {
    return this.errors.find((error) => error.loc.at(-1) === name)?.msg;
  }
}

/** The error of a call that needs somebody signed in when nobody is. */
export function notSignedIn(): DoorwardError {
  return new DoorwardError(401, "not_authenticated", "Nobody is signed in.");
}

/** The error that an answer says. */
export async function errorOf(response: Response): Promise<DoorwardError> {
  const retryAfter = secondsToWait(response.headers.get("retry-after"));
  let problem: Problem | undefined;
  try {
    const body: unknown = await response.json();
    if (isProblem(body)) problem = body;
  } catch {
    // A proxy's page, or an answer that was cut off.
  }
  if (problem) return new DoorwardError(response.status, problem.code, problem.detail, { problem, retryAfter });
  const detail = `The answer is not the server's own (status ${response.status}).`;
  return new DoorwardError(response.status, "unexpected", detail, { retryAfter });
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body && typeof body.detail === "string";
}

/** Whole seconds, or a date (RFC 9110 §10.2.3). */
function secondsToWait(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}
