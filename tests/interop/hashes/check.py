"""Hashes random passwords with other people's programs and signs in with each at a running Doorward."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from tokens import call, expect  # noqa: E402

HERE = Path(__file__).parent
LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0189 !$:,=%äßñ\u0301\ufb01\u212bдв日本😀"


def password(length):
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def made(passwords):
    path = Path(os.environ["DOORWARD_WORK"]) / "passwords.json"
    path.write_text(json.dumps(passwords))
    python = [sys.executable, "-W", "ignore", HERE / "make.py", path]
    found = json.loads(subprocess.run(python, check=True, capture_output=True).stdout)
    if node := os.environ.get("DOORWARD_NODE"):
        script = ["node", Path(node) / "make.mjs", path]
        found += json.loads(subprocess.run(script, check=True, capture_output=True).stdout)
    return found


def doorward(*arguments, text):
    command = [os.environ["DOORWARD_BIN"], *arguments, "--database-url", os.environ["DOORWARD_DB"]]
    subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def status(email, typed):
    return call("POST", "/auth/login", {"email": email, "password": typed})[0]


# The first is hashed with the parameters of every day.
vectors = made([password(20), password(12) + "\0" + password(3), password(90)])
for number, vector in enumerate(vectors):
    email, what = f"hashed{number}-{secrets.token_hex(4)}@example.com", json.dumps(vector)
    doorward("user", "create", email, "--password-hash-stdin", text=vector["stored"])
    expect(f"a wrong password for {what}", status(email, "?" + vector["password"]), 401)
    expect(f"sign-in with {what}", status(email, vector["password"]), 200)
    expect(f"the next sign-in with {what}", status(email, vector["password"]), 200)
    # The whole password counts now.
    expect(f"a cut password for {what}", status(email, vector["password"][:-1]), 401)
kinds = sorted({vector["kind"] for vector in vectors})
print(f"{len(vectors)} hashes signed in and were replaced: {', '.join(kinds)}")
