// The tasks of whoever is signed in.

import type { NewTask, Task, TaskChanges, TasksListQuery } from "./contract.js";
import { notSignedIn } from "./error.js";
import type { Session } from "./session.js";
import type { Answer, Call, CallOptions } from "./transport.js";

/** Which tasks, and in what order. */
export interface TaskFilter extends Omit<TasksListQuery, "cursor" | "sort"> {
  /** Oldest first if absent; prefix it with `-` for descending order. */
  sort?: TaskOrder | `-${TaskOrder}`;
}

export type TaskOrder = "created_at" | "updated_at" | "due_at" | "title" | "priority";

/** One page of tasks. */
export interface TaskPage {
  tasks: Task[];
  /** Where the next page begins; undefined on the last one. */
  cursor: string | undefined;
}

/** A task and its version, which a later change can insist on. */
export type VersionedTask = Task & { etag: string };

export interface ChangeOptions extends CallOptions {
  /** The `etag` the task must still have; if it was changed meanwhile, the error's code is `precondition_failed`. */
  ifMatch?: string | undefined;
}

export class Tasks {
  readonly #session: Session;
  readonly #path: string;

  constructor(session: Session, path: string) {
    this.#session = session;
    this.#path = path;
  }

  /** One page; the first if no cursor is given. */
  async list(filter: TaskFilter & { cursor?: string | undefined } = {}, options: CallOptions = {}): Promise<TaskPage> {
    const answer = await this.#send({ method: "GET", path: "", query: { ...filter }, ...options });
    return { tasks: answer.body as Task[], cursor: cursorOf(answer.headers.get("link")) };
  }

  /** Page after page, each asked for when it is needed. */
  async *pages(filter: TaskFilter = {}, options: CallOptions = {}): AsyncGenerator<Task[], void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.list({ ...filter, cursor }, options);
      yield page.tasks;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** Task after task, over all pages. */
  async *each(filter: TaskFilter = {}, options: CallOptions = {}): AsyncGenerator<Task, void, undefined> {
    for await (const page of this.pages(filter, options)) yield* page;
  }

  async create(task: NewTask, options: CallOptions = {}): Promise<VersionedTask> {
    return versioned(await this.#send({ method: "POST", path: "", body: () => task, ...options }));
  }

  async get(id: string, options: CallOptions = {}): Promise<VersionedTask> {
    return versioned(await this.#send({ method: "GET", path: `/${encodeURIComponent(id)}`, ...options }));
  }

  /** Merges: what is left out keeps its value, null clears. */
  async update(id: string, changes: TaskChanges, { ifMatch, signal }: ChangeOptions = {}): Promise<VersionedTask> {
    const path = `/${encodeURIComponent(id)}`;
    const headers = { "If-Match": ifMatch };
    return versioned(await this.#send({ method: "PATCH", path, headers, body: () => changes, signal }));
  }

  /** Done, or not done with `false`. */
  async complete(id: string, completed = true, { ifMatch, signal }: ChangeOptions = {}): Promise<VersionedTask> {
    const path = `/${encodeURIComponent(id)}/complete`;
    const headers = { "If-Match": ifMatch };
    return versioned(await this.#send({ method: "PATCH", path, headers, body: () => ({ completed }), signal }));
  }

  async delete(id: string, { ifMatch, signal }: ChangeOptions = {}): Promise<void> {
    const headers = { "If-Match": ifMatch };
    await this.#send({ method: "DELETE", path: `/${encodeURIComponent(id)}`, headers, signal });
  }

  async #send(call: Call): Promise<Answer> {
    return await this.#session.send({ ...call, path: (await this.#mount()) + call.path });
  }

  /** Where tasks are; `{user_id}` is whoever is signed in. */
  async #mount(): Promise<string> {
    if (!this.#path.includes("{user_id}")) return this.#path;
    const token = await this.#session.accessToken();
    if (token === null) throw notSignedIn();
    return this.#path.replace("{user_id}", encodeURIComponent(userOf(token)));
  }
}

function versioned(answer: Answer): VersionedTask {
  return { ...(answer.body as Task), etag: answer.headers.get("etag") ?? "" };
}

/** The cursor in `Link: </api/tasks?…&cursor=…>; rel="next"`. */
function cursorOf(link: string | null): string | undefined {
  const query = /<[^>?]*\?([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  return (query && new URLSearchParams(query).get("cursor")) || undefined;
}

/** The user's id, which the server checks. */
function userOf(token: string): string {
  const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const claims = JSON.parse(atob(payload)) as { user_id?: string; sub: string };
  return claims.user_id ?? claims.sub;
}
