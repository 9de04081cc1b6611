"""What docs/guides/from-fastapi-users.md says is checked, by the calls of a front end.

    check.py STEP

Environment: OLD_URL and NEW_URL (where the old app and Doorward listen), OLD_DATABASE_URL.
"""

import os
import sys

import httpx
import psycopg

OLD, NEW = os.environ["OLD_URL"], os.environ["NEW_URL"]
FIRST, SECOND = "violet kettle drum 41", "eleven quiet lanterns 7"


def sql(statement):
    with psycopg.connect(os.environ["OLD_DATABASE_URL"]) as database:
        done = database.execute(statement)
        return done.fetchall() if done.description else None


def call(method, url, status, token=None, **more):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.request(method, url, headers=headers, timeout=30, **more)
    assert answer.status_code == status, f"{method} {url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content and answer.content != b"null" else {}


def register(at, name):
    return call("POST", f"{at}/auth/register", 201, json={"email": f"{name}@example.com", "password": FIRST})["id"]


def login_old(name, password=FIRST, status=200):
    form = {"username": f"{name}@example.com", "password": password}
    return call("POST", f"{OLD}/auth/jwt/login", status, data=form).get("access_token")


def login(name, password=FIRST, status=200):
    form = {"username": f"{name}@example.com", "password": password}
    return call("POST", f"{NEW}/auth/login", status, data=form).get("access_token")


def titles(url, token):
    return sorted(task["title"] for task in call("GET", url, 200, token))


def begun():
    register(OLD, "ada")
    register(OLD, "grace")
    sql("""UPDATE "user" SET is_superuser = true WHERE email = 'ada@example.com'""")
    for title in ["Write notes", "Ada's engine"]:
        call("POST", f"{OLD}/todos", 201, login_old("ada"), json={"title": title})


def copied():
    token = login("ada")
    assert titles(f"{NEW}/api/tasks", token) == ["Ada's engine", "Write notes"]
    people = call("GET", f"{NEW}/admin/users", 200, token)
    ids = {str(user) for (user,) in sql('SELECT id FROM "user"')}
    assert {user["id"] for user in people} == ids, people
    grace = login("grace")
    assert titles(f"{NEW}/api/tasks", grace) == []
    call("GET", f"{NEW}/admin/users", 403, grace)
    login("ada", "wrong", 401)


def meanwhile():
    register(OLD, "lin")
    call("POST", f"{OLD}/todos", 201, login_old("lin"), json={"title": "Find the moth"})


def switched():
    assert titles(f"{NEW}/api/tasks", login("lin")) == ["Find the moth"]
    register(NEW, "mary")
    call("POST", f"{NEW}/api/tasks", 201, login("mary"), json={"title": "It's new; DROP TABLE todos;"})
    token = login("ada")
    call("POST", f"{NEW}/api/tasks", 201, token, json={"title": "A third"})
    change = {"current_password": FIRST, "new_password": SECOND}
    call("POST", f"{NEW}/auth/password", 204, token, json=change)


def back():
    assert titles(f"{OLD}/todos", login_old("mary")) == ["It's new; DROP TABLE todos;"]
    login_old("ada", FIRST, 400)
    assert titles(f"{OLD}/todos", login_old("ada", SECOND)) == ["A third", "Ada's engine", "Write notes"]
    assert titles(f"{OLD}/todos", login_old("lin")) == ["Find the moth"]
    assert titles(f"{OLD}/todos", login_old("grace")) == []
    assert sql('SELECT count(*) FROM "user"') == [(4,)]


globals()[sys.argv[1]]()
print(f"from FastAPI Users: {sys.argv[1]}")
