// Everything that applications import.

export { createClient } from "./client.js";
export type { ClientOptions, DoorwardClient, Sessions } from "./client.js";
export { DoorwardError } from "./error.js";
export type { ErrorCode } from "./error.js";
export type { SignedOutBy } from "./session.js";
export type { StorageChoice, TextStorage } from "./storage.js";
export type { ChangeOptions, TaskFilter, TaskOrder, TaskPage, Tasks, VersionedTask } from "./tasks.js";
export type { CallOptions, Fetch } from "./transport.js";
export type {
  ChangeEmailRequest, ChangeRequest, Code, LoginRequest, NewTask, Priority, Problem, ProblemEntry, RegisterRequest,
  ResetRequest, Session, Task, Undone,
  TaskChanges, Tokens, UpdateRequest, User,
} from "./contract.js";
