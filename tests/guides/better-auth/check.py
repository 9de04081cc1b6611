"""What docs/guides/from-better-auth.md says is checked: at a real Better Auth server, in the table of tasks that a
team keeps beside it, and at Doorward.

    check.py STEP

Environment: OLD_URL and NEW_URL (where Better Auth and Doorward listen), OLD_DATABASE_URL, STATE (a file between
the steps).
"""

import json
import os
import sys
from pathlib import Path

import httpx
import psycopg

OLD, NEW = os.environ["OLD_URL"], os.environ["NEW_URL"]
STATE = Path(os.environ["STATE"])
PASSWORD = "violet kettle drum 41"


def sql(statement, *values):
    with psycopg.connect(os.environ["OLD_DATABASE_URL"]) as database:
        done = database.execute(statement, values)
        return done.fetchall() if done.description else None


def there(path, body, status=200):
    answer = httpx.post(f"{OLD}/api/auth/{path}", json=body, headers={"Origin": OLD}, timeout=30)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
    return answer


def token_of(answer):
    """What the JWT plugin gives to whoever has just signed in."""
    cookies = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    return httpx.get(f"{OLD}/api/auth/token", headers={"Cookie": cookies}).json()["token"]


def sign_up(name):
    answer = there("sign-up/email", {"email": f"{name}@example.com", "password": PASSWORD, "name": name})
    return answer.json()["user"]["id"], token_of(answer)


def keep(user, title):
    sql("INSERT INTO tasks (user_id, title) VALUES (%s, %s)", user, title)


def kept(name):
    rows = sql('SELECT title FROM tasks JOIN "user" ON user_id = "user".id WHERE email = %s ORDER BY tasks.id', f"{name}@example.com")
    return [title for (title,) in rows]


def call(method, path, status, token=None, body=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.request(method, NEW + path, headers=headers, json=body, timeout=30)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


def login(name, password=PASSWORD, status=200):
    body = {"email": f"{name}@example.com", "password": password}
    return call("POST", "/auth/login", status, body=body).get("access_token")


def titles(token):
    return [task["title"] for task in call("GET", "/api/tasks", 200, token)]


def begun():
    sql(
        """CREATE TABLE tasks (id serial PRIMARY KEY, user_id text NOT NULL REFERENCES "user" (id), title text NOT NULL,
        description text, completed boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL DEFAULT now())"""
    )
    ada, token = sign_up("ada")
    sign_up("grace")
    keep(ada, "Write notes")
    keep(ada, "Ada's engine")
    STATE.write_text(json.dumps({"jwt": token}))


def copied():
    token = json.loads(STATE.read_text())["jwt"]
    assert titles(token) == ["Write notes", "Ada's engine"], titles(token)
    own = login("ada")
    assert call("GET", "/auth/me", 200, own)["id"] == call("GET", "/auth/me", 200, token)["id"]
    assert titles(own) == ["Write notes", "Ada's engine"]
    assert titles(login("grace")) == []
    login("ada", "wrong", 401)


def meanwhile():
    lin, _ = sign_up("lin")
    keep(lin, "Find the moth")


def switched():
    assert titles(login("lin")) == ["Find the moth"]
    call("POST", "/auth/register", 201, body={"email": "mary@example.com", "password": PASSWORD})
    call("POST", "/api/tasks", 201, login("mary"), {"title": "It's new; DROP TABLE tasks;"})
    call("POST", "/api/tasks", 201, login("ada"), {"title": "A third"})


def back():
    there("sign-in/email", {"email": "ada@example.com", "password": PASSWORD})
    assert kept("ada") == ["Write notes", "Ada's engine", "A third"], kept("ada")
    assert kept("mary") == ["It's new; DROP TABLE tasks;"], kept("mary")
    assert kept("lin") == ["Find the moth"] and kept("grace") == []
    there("sign-in/email", {"email": "mary@example.com", "password": PASSWORD}, 401)
    (people,) = sql('SELECT count(*) FROM "user"')
    assert people == (4,), people


globals()[sys.argv[1]]()
print(f"from Better Auth: {sys.argv[1]}")
