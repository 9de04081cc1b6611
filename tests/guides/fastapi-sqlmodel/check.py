"""What docs/guides/from-fastapi-sqlmodel.md says is checked, by the calls of a front end.

    check.py STEP

Environment: OLD_URL and NEW_URL (where the old app and Doorward listen), STATE (a file between the steps).
"""

import json
import os
import sys
from pathlib import Path

import httpx

OLD, NEW = os.environ["OLD_URL"], os.environ["NEW_URL"]
STATE = Path(os.environ["STATE"])
FIRST, SECOND = "violet kettle drum 41", "eleven quiet lanterns 7"


def call(method, url, status, token=None, body=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.request(method, url, headers=headers, json=body, timeout=30)
    assert answer.status_code == status, f"{method} {url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def register(at, name):
    call("POST", f"{at}/api/auth/register", 201, body={"email": f"{name}@example.com", "password": FIRST, "name": name})


def login(at, name, password=FIRST, status=200):
    answer = call("POST", f"{at}/api/auth/login", status, body={"email": f"{name}@example.com", "password": password})
    return answer.get("access_token")


def make(at, token, title):
    call("POST", f"{at}/api/tasks", 201, token, {"title": title})


def titles(at, token):
    return [task["title"] for task in call("GET", f"{at}/api/tasks", 200, token)]


def begun():
    register(OLD, "ada")
    register(OLD, "grace")
    token = login(OLD, "ada")
    make(OLD, token, "Write notes")
    make(OLD, token, "Ada's engine")
    STATE.write_text(json.dumps({"old token": token}))


def copied():
    token = json.loads(STATE.read_text())["old token"]
    assert titles(NEW, token) == ["Write notes", "Ada's engine"], titles(NEW, token)
    assert call("GET", f"{NEW}/api/auth/me", 200, token)["email"] == "ada@example.com"
    assert titles(NEW, login(NEW, "ada")) == ["Write notes", "Ada's engine"]
    assert titles(NEW, login(NEW, "grace")) == []
    login(NEW, "ada", "wrong", 401)


def meanwhile():
    register(OLD, "lin")
    make(OLD, login(OLD, "lin"), "Find the moth")


def switched():
    assert titles(NEW, login(NEW, "lin")) == ["Find the moth"]
    register(NEW, "mary")
    make(NEW, login(NEW, "mary"), "It's new; DROP TABLE tasks;")
    token = login(NEW, "ada")
    make(NEW, token, "A third")
    call("POST", f"{NEW}/api/auth/password", 204, token, {"current_password": FIRST, "new_password": SECOND})


def back():
    assert titles(OLD, login(OLD, "mary")) == ["It's new; DROP TABLE tasks;"]
    login(OLD, "ada", FIRST, 401)
    assert titles(OLD, login(OLD, "ada", SECOND)) == ["Write notes", "Ada's engine", "A third"]
    assert titles(OLD, login(OLD, "lin")) == ["Find the moth"]
    assert titles(OLD, login(OLD, "grace")) == []


globals()[sys.argv[1]]()
print(f"from FastAPI and SQLModel: {sys.argv[1]}")
