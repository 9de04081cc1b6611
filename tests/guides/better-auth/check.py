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
    """Their id there, a JWT, and the token of their session."""
    answer = there("sign-up/email", {"email": f"{name}@example.com", "password": PASSWORD, "name": name})
    return answer.json()["user"]["id"], token_of(answer), answer.json()["token"]


def sign_out(session):
    headers = {"Origin": OLD, "Authorization": f"Bearer {session}"}
    answer = httpx.post(f"{OLD}/api/auth/sign-out", headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text


def remember(**more):
    known = json.loads(STATE.read_text()) if STATE.exists() else {}
    STATE.write_text(json.dumps(known | more))


def known(name):
    return json.loads(STATE.read_text())[name]


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
    ada, token, session = sign_up("ada")
    remember(jwt=token, ada=session, grace=sign_up("grace")[2])
    keep(ada, "Write notes")
    keep(ada, "Ada's engine")


def copied():
    token = known("jwt")
    assert titles(token) == ["Write notes", "Ada's engine"], titles(token)
    own = login("ada")
    assert call("GET", "/auth/me", 200, own)["id"] == call("GET", "/auth/me", 200, token)["id"]
    assert titles(own) == ["Write notes", "Ada's engine"]
    assert titles(known("ada")) == ["Write notes", "Ada's engine"], "her session at Better Auth"
    assert titles(login("grace")) == [] and titles(known("grace")) == []
    login("ada", "wrong", 401)


def meanwhile():
    lin, _, session = sign_up("lin")
    keep(lin, "Find the moth")
    remember(lin=session)
    sign_out(known("grace"))


def switched():
    assert titles(login("lin")) == ["Find the moth"] and titles(known("lin")) == ["Find the moth"]
    call("GET", "/auth/me", 401, known("grace"))
    headers = {"Authorization": f"Bearer {known('lin')}"}
    assert httpx.post(f"{NEW}/auth/logout", headers=headers, timeout=30).status_code == 204
    call("GET", "/auth/me", 401, known("lin"))
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
