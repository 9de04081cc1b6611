"""The functions of openapi-python-client."""

import os

from doorward_client import AuthenticatedClient, Client
from doorward_client.api.accounts import accounts_register
from doorward_client.api.keys import sessions_introspect, sessions_revoke_token
from doorward_client.api.sessions import sessions_login, sessions_refresh
from doorward_client.api.tasks import tasks_complete, tasks_create, tasks_delete, tasks_list, tasks_update
from doorward_client.models import (
    Code, Introspection, LoginRequest, NewTask, Priority, Problem, RefreshRequest, RegisterRequest, Task,
    TaskChanges, TaskCompletion, TokenRequest, Tokens, User,
)

URL = os.environ["DOORWARD_URL"]
EMAIL, PASSWORD = "python@example.com", "violet kettle drum 41"


def of(kind, answer):
    """The answer, which is of this kind; a test may fail here."""
    assert isinstance(answer, kind), answer
    return answer


def signed_in(email: str) -> tuple[AuthenticatedClient, Tokens]:
    tokens = of(Tokens, sessions_login.sync(client=nobody, body=LoginRequest(email=email, password=PASSWORD)))
    tokens = of(Tokens, sessions_refresh.sync(client=nobody, body=RefreshRequest(tokens.refresh_token)))
    return AuthenticatedClient(base_url=URL, token=tokens.access_token), tokens


nobody = Client(base_url=URL)
user = of(User, accounts_register.sync(client=nobody, body=RegisterRequest(email=EMAIL, password=PASSWORD)))
assert user.email == EMAIL
mine, tokens = signed_in(EMAIL)
root, _ = signed_in("root@example.com")
ask = TokenRequest(token=tokens.access_token)
assert of(Introspection, sessions_introspect.sync(client=root, body=ask)).sub == user.id

task = of(Task, tasks_create.sync(client=mine, body=NewTask(title="Buy milk")))
assert tasks_list.sync(client=mine, completed=False) == [task]
changed = of(Task, tasks_update.sync(task.id, client=mine, body=TaskChanges(priority=Priority.LOW)))
assert changed.priority is Priority.LOW
assert of(Task, tasks_complete.sync(task.id, client=mine, body=TaskCompletion(completed=True))).completed

problem = of(Problem, tasks_create.sync(client=mine, body=NewTask(title=" ")))
assert problem.code is Code.VALIDATION and problem.errors[0].loc == ["body", "title"], problem

assert tasks_delete.sync_detailed(task.id, client=mine).status_code == 204
revoked = sessions_revoke_token.sync_detailed(client=nobody, body=TokenRequest(token=tokens.refresh_token))
assert revoked.status_code == 200, revoked
assert of(Introspection, sessions_introspect.sync(client=root, body=ask)).active is False
print("openapi-python-client: all calls work")
