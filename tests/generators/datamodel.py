"""The models of datamodel-code-generator, sent and read by httpx."""

import os

import httpx
from doorward_models import (
    Code, Introspection, LoginRequest, NewTask, Priority, Problem, RefreshRequest, RegisterRequest, Task,
    TaskChanges, TaskCompletion, TokenRequest, Tokens, User,
)

EMAIL, PASSWORD = "models@example.com", "violet kettle drum 41"
api = httpx.Client(base_url=os.environ["DOORWARD_URL"])


def send(method, path, body, kind, token=None, status=200):
    headers = {"Content-Type": "application/json"} if body else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = body.model_dump_json(exclude_unset=True) if body else None
    answer = api.request(method, path, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    return kind.model_validate_json(answer.content) if kind else None


user = send("POST", "/auth/register", RegisterRequest(email=EMAIL, password=PASSWORD), User, status=201)
first = send("POST", "/auth/login", LoginRequest(email=EMAIL, password=PASSWORD), Tokens)
tokens = send("POST", "/auth/refresh", RefreshRequest(refresh_token=first.refresh_token), Tokens)
mine = tokens.access_token
root = send("POST", "/auth/login", LoginRequest(email="root@example.com", password=PASSWORD), Tokens).access_token
ask = TokenRequest(token=mine)
assert send("POST", "/auth/introspect", ask, Introspection, root).sub == user.id

task = send("POST", "/api/tasks", NewTask(title="Buy milk"), Task, mine, status=201)
found = api.get("/api/tasks", headers={"Authorization": f"Bearer {mine}"}).json()
assert [Task.model_validate(one) for one in found] == [task]
path = f"/api/tasks/{task.id}"
assert send("PATCH", path, TaskChanges(priority=Priority.low), Task, mine).priority is Priority.low
assert send("PATCH", path + "/complete", TaskCompletion(completed=True), Task, mine).completed

problem = send("POST", "/api/tasks", NewTask(title=" "), Problem, mine, status=422)
assert problem.code is Code.validation and problem.errors[0].loc == ["body", "title"], problem

send("DELETE", path, None, None, mine, status=204)
send("POST", "/auth/revoke", TokenRequest(token=tokens.refresh_token), None)
assert send("POST", "/auth/introspect", ask, Introspection, root).active is False
print("datamodel-code-generator: all calls work")
