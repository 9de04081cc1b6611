"""Checks tokens of a running Doorward by its published keys with PyJWT, python-jose, joserfc, the
FastAPI and Node files of the documents with npm's jose; before and after a rotation."""

import importlib
import json
import os
import subprocess
import sys
import time
import urllib.request

import jose.jwt
import jwt
from fastapi.testclient import TestClient
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

ALGORITHM = os.environ["DOORWARD_ALGORITHM"]
BINARY = os.environ["DOORWARD_BIN"]
WORK = os.environ["DOORWARD_WORK"]
NODE = os.environ["DOORWARD_NODE"]
GO = os.environ.get("DOORWARD_GO")
BASE = os.environ["DOORWARD_URL"]
PASSWORD = "correct horse battery staple"
SECRET = os.environ.get("DOORWARD_SECRET") if ALGORITHM == "HS256" else None

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../docs/examples"))


def post(path, body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def published():
    with urllib.request.urlopen(BASE + "/.well-known/jwks.json", timeout=10) as response:
        return json.loads(response.read())


class Server:
    def __enter__(self):
        self.log = open(os.path.join(WORK, "log"), "w")
        command = [BINARY, "dev", "--port", BASE.rsplit(":", 1)[1]]
        self.process = subprocess.Popen(command, cwd=WORK, stderr=self.log, stdout=self.log)
        for _ in range(200):
            try:
                urllib.request.urlopen(BASE + "/livez", timeout=1)
                return self
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(open(os.path.join(WORK, "log")).read())
                time.sleep(0.05)
        sys.exit("the server did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


def login(email):
    return post("/auth/login", {"email": email, "password": PASSWORD})["access_token"]


def verifiers():
    """Name and function; a function raises, or returns the subject."""
    os.environ["DOORWARD_URL"] = BASE
    import fastapi_auth

    client = TestClient(importlib.reload(fastapi_auth).app)

    def by_fastapi(token):
        answer = client.get("/whoami", headers={"Authorization": f"Bearer {token}"})
        if answer.status_code != 200:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            raise ValueError(answer.text)
        return answer.json()["user"]

    if SECRET:
        from joserfc.jwk import OctKey

        joserfc_key, jose_key = OctKey.import_key(SECRET), SECRET
        pyjwt_key = lambda token: SECRET
    else:
        document = published()
        joserfc_key, jose_key = KeySet.import_key_set(document), document
        keys = jwt.PyJWKClient(BASE + "/.well-known/jwks.json")
        pyjwt_key = keys.get_signing_key_from_jwt

    yield "FastAPI", by_fastapi
    yield "PyJWT", lambda t: jwt.decode(t, pyjwt_key(t), algorithms=[ALGORITHM])["sub"]
    yield "joserfc", lambda t: joserfc_jwt.decode(t, joserfc_key, algorithms=[ALGORITHM]).claims["sub"]
    if ALGORITHM != "EdDSA":  # which python-jose does not know
        yield "python-jose", lambda t: jose.jwt.decode(t, jose_key, algorithms=[ALGORITHM])["sub"]


def check(taken, refused):
    names = []
    for name, verify in verifiers():
        for token, subject in taken:
            if verify(token) != subject:
                sys.exit(f"{name}: another subject")
        for token in refused:
            try:
                verify(token)
            except Exception:  # each library has its own hierarchy; any refusal will do
                continue
            sys.exit(f"{name} took {token}")
        names.append(name)
    arguments = [f"+{token}" for token, _ in taken] + [f"-{token}" for token in refused]
    subprocess.run(
        ["node", "check.mjs", *arguments], cwd=NODE, check=True, stdout=subprocess.DEVNULL
    )
    names.append("jose in Express, Hono and Next.js")
    if GO:
        asked = {"DOORWARD_TOKENS": " ".join(arguments), "DOORWARD_SUBJECT": taken[0][1]}
        subprocess.run(["./tokens.test"], cwd=GO, check=True, env=os.environ | asked)
        names.append("golang-jwt")
    return ", ".join(names)


def key(*arguments):
    url = f"sqlite:{WORK}/.doorward/doorward.db"
    command = [BINARY, "key", *arguments, "--json", "--database-url", url]
    done = subprocess.run(command, cwd=WORK, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def changed(token):
    """With one bit of the signature changed."""
    head, signature = token.rsplit(".", 1)
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def main():
    email = "interop@example.com"
    with Server():
        subject = post("/auth/register", {"email": email, "password": PASSWORD})["id"]
        first = login(email)
        if jwt.get_unverified_header(first)["alg"] != ALGORITHM:
            sys.exit(f"signed with {jwt.get_unverified_header(first)}")
        names = check([(first, subject)], [changed(first), first[:-8], "x.y.z"])
        print(f"{ALGORITHM}: {names}")
        if SECRET:
            return
        old = jwt.get_unverified_header(first)["kid"]
        key("rotate", "--algorithm", ALGORITHM)
        for _ in range(40):  # the running server looks again within seconds
            if len(published()["keys"]) == 2:
                break
            time.sleep(0.25)
        else:
            sys.exit("the new key was not published")
        check([(first, subject)], [changed(first)])
        key("retire", old, "--now")
    with Server():
        second = login(email)
        if jwt.get_unverified_header(second)["kid"] == old:
            sys.exit("the old key still signs")
        check([(second, subject)], [first])
        print(f"{ALGORITHM}: the same after a rotation, and the retired key's token is refused")


if __name__ == "__main__":
    main()
