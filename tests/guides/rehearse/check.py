"""What docs/guides/rehearse.md says, with a FastAPI app as the old backend (tests/guides/full-stack-fastapi-template)
and the calls of its front end, which go through the proxy.

    check.py STEP

Environment: OLD_URL (the old app), NEW_URL (the proxy), OLD_DATABASE_URL, STATE.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "full-stack-fastapi-template"))
import check as front_end  # noqa: E402

NEW = os.environ["NEW_URL"]


def use(name):
    """A day in the app, of somebody who was there before and of somebody who is new; every answer is the old app's."""
    front_end.register(NEW, name)
    new = front_end.a_day_in_the_app(NEW, name)
    assert new.titles() == [], new.titles()
    ada = front_end.a_day_in_the_app(NEW, "ada")
    assert ada.titles() == ["Ada's engine", "Write notes"]
    front_end.refused(NEW, "ada", "wrong kettle 7")


def begun():
    front_end.begun()
    # The import of the page gives nobody a role.
    front_end.sql("""UPDATE "user" SET is_superuser = false""")


def report():
    return json.loads(Path(".doorward/shadow.json").read_text())


def rehearsed():
    use("mary")


def suggested():
    text = Path("doorward.toml").read_text()
    assert "[dialect.routes]" in text and "access-token" in text, text
    found = report()
    assert found["routes"]["GET /api/v1/items"]["operation"] == "tasks.list", found["routes"].keys()
    whole = json.dumps(found) + text
    for secret in ["violet", "example.com", "Ada's engine", "Vase"]:
        assert secret not in whole, secret


def again():
    use("nora")


globals()[sys.argv[1]]()
print(f"rehearse: {sys.argv[1]}")
