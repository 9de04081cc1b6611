"""What docs/guides/from-full-stack-fastapi-template.md says is checked. The calls are those of the template's front
end, the same ones against the old app and against Doorward: only the address differs.

    check.py STEP

Environment: OLD_URL and NEW_URL (where the old app and Doorward listen), OLD_DATABASE_URL, STATE (a file between
the steps).
"""

import json
import os
import sys
from pathlib import Path

import bcrypt
import httpx
import psycopg

OLD, NEW = os.environ["OLD_URL"], os.environ["NEW_URL"]
STATE = Path(os.environ["STATE"])
FIRST, SECOND = "violet kettle drum 41", "eleven quiet lanterns 7"


def sql(statement, *values):
    with psycopg.connect(os.environ["OLD_DATABASE_URL"]) as database:
        done = database.execute(statement, values)
        return done.fetchall() if done.description else None


class FrontEnd:
    """One person's browser."""

    def __init__(self, at, name, password=FIRST):
        self.at, self.email, self.token = at, f"{name}@example.com", None
        form = {"username": self.email, "password": password}
        self.token = self.call("POST", "/login/access-token", data=form)["access_token"]

    @staticmethod
    def send(at, method, path, status=200, token=None, **more):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.request(method, f"{at}/api/v1{path}", headers=headers, timeout=30, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def call(self, method, path, status=200, **more):
        return self.send(self.at, method, path, status, self.token, **more)

    def titles(self):
        found = self.call("GET", "/items/", params={"skip": 0, "limit": 100})
        assert found["count"] == len(found["data"]), found
        return sorted(item["title"] for item in found["data"])

    def create(self, title):
        item = self.call("POST", "/items/", json={"title": title, "description": "blue"})
        assert set(item) >= {"id", "title", "description", "owner_id"}, item
        return item["id"]


def register(at, name):
    body = {"email": f"{name}@example.com", "password": FIRST, "full_name": name.title()}
    user = FrontEnd.send(at, "POST", "/users/signup", json=body)
    assert user["full_name"] == name.title() and user["is_superuser"] is False, user
    return user["id"]


def refused(at, name, password, detail="Incorrect email or password"):
    form = {"username": f"{name}@example.com", "password": password}
    answer = FrontEnd.send(at, "POST", "/login/access-token", 400, data=form)
    assert answer["detail"] == detail, answer


def a_day_in_the_app(at, name):
    """What a person does, and what the front end reads of each answer."""
    person = FrontEnd(at, name)
    me = person.call("GET", "/users/me")
    assert me["email"] == person.email and me["is_active"] is True, me
    item = person.create("Vase")
    changed = person.call("PUT", f"/items/{item}", json={"title": "Jug", "description": "green"})
    assert (changed["title"], changed["description"], changed["owner_id"]) == ("Jug", "green", me["id"]), changed
    page = person.call("GET", "/items/", params={"skip": 0, "limit": 1})
    assert len(page["data"]) == 1 and page["count"] >= 1, page
    assert person.call("DELETE", f"/items/{item}") == {"message": "Item deleted successfully"}
    wrong = person.call("PATCH", "/users/me/password", 400, json={"current_password": SECOND, "new_password": SECOND})
    assert wrong == {"detail": "Incorrect password"}, wrong
    assert isinstance(person.call("POST", "/items/", 422, json={"title": ""})["detail"][0]["msg"], str)
    again = {"email": person.email, "password": FIRST}
    taken = FrontEnd.send(at, "POST", "/users/signup", 400, json=again)
    assert taken["detail"] == "The user with this email already exists in the system", taken
    return person


def begun():
    for name in ["ada", "grace", "alan"]:
        register(OLD, name)
    sql("""UPDATE "user" SET is_superuser = true WHERE email = 'ada@example.com'""")
    sql("""UPDATE "user" SET is_active = false WHERE email = 'alan@example.com'""")
    # As the template made them until 2025.
    old = bcrypt.hashpw(FIRST.encode(), bcrypt.gensalt(12)).decode()
    sql("""UPDATE "user" SET hashed_password = %s WHERE email = 'grace@example.com'""", old)
    ada = a_day_in_the_app(OLD, "ada")
    STATE.write_text(json.dumps({"token": ada.token}))
    for title in ["Write notes", "Ada's engine"]:
        ada.create(title)
    FrontEnd(OLD, "grace").create("Find the moth")


def copied():
    token = json.loads(STATE.read_text())["token"]
    me = FrontEnd.send(NEW, "GET", "/users/me", token=token)
    assert me["email"] == "ada@example.com", me
    ada = a_day_in_the_app(NEW, "ada")
    assert ada.titles() == ["Ada's engine", "Write notes"]
    people = ada.call("GET", "/users/", params={"skip": 0, "limit": 100})
    assert {one["id"] for one in people["data"]} == {str(id) for (id,) in sql('SELECT id FROM "user"')}, people
    assert people["count"] == 3, people
    assert [one["email"] for one in people["data"] if one["is_superuser"]] == ["ada@example.com"], people
    grace = FrontEnd(NEW, "grace")
    assert grace.titles() == ["Find the moth"]
    grace.call("GET", "/users/", 403)
    refused(NEW, "ada", "wrong")
    refused(NEW, "alan", FIRST, "Inactive user")


def meanwhile():
    register(OLD, "lin")
    FrontEnd(OLD, "lin").create("Late")


def switched():
    assert FrontEnd(NEW, "lin").titles() == ["Late"]
    register(NEW, "mary")
    FrontEnd(NEW, "mary").create("It's new; DROP TABLE item;")
    ada = FrontEnd(NEW, "ada")
    ada.create("A third")
    change = {"current_password": FIRST, "new_password": SECOND}
    assert ada.call("PATCH", "/users/me/password", json=change) == {"message": "Password updated successfully"}
    FrontEnd(NEW, "ada", SECOND)


def back():
    assert FrontEnd(OLD, "mary").titles() == ["It's new; DROP TABLE item;"]
    refused(OLD, "ada", FIRST)
    assert FrontEnd(OLD, "ada", SECOND).titles() == ["A third", "Ada's engine", "Write notes"]
    assert FrontEnd(OLD, "lin").titles() == ["Late"]
    assert FrontEnd(OLD, "grace").titles() == ["Find the moth"]
    assert sql("""SELECT count(*), count(*) FILTER (WHERE is_superuser) FROM "user" """) == [(5, 1)]


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print(f"from full-stack-fastapi-template: {sys.argv[1]}")
