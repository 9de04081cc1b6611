"""Checks tokens of a running Doorward with other people's verifiers: by its published keys or its
secret, before and after a rotation, by audience, and with the keys out of reach."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
from verifiers import (
    ALGORITHM,
    BASE,
    NODE,
    ask,
    by_fastapi,
    check,
    fastapi,
    must_refuse,
    must_take,
    published,
)

BINARY = os.environ["DOORWARD_BIN"]
WORK = os.environ["DOORWARD_WORK"]
PASSWORD = "correct horse battery staple"
EMAIL = "interop@example.com"
# DOORWARD_SECRET is a name of BETTER_AUTH_SECRET too: the server must not see what verifiers hold.
OUTSIDE = {name: value for name, value in os.environ.items() if name != "DOORWARD_SECRET"}


class Server:
    """Doorward on the database in WORK, with more settings."""

    def __init__(self, **settings):
        self.settings = settings

    def __enter__(self):
        log = os.path.join(WORK, "log")
        command = [BINARY, "dev", "--port", BASE.rsplit(":", 1)[1]]
        with open(log, "w") as out:
            self.process = subprocess.Popen(
                command, cwd=WORK, stderr=out, stdout=out, env=OUTSIDE | self.settings
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(BASE + "/livez", timeout=1)
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()  # which nobody else calls when this fails
        sys.exit(f"the server did not start:\n{open(log).read()}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def login():
    status, answer = ask("/auth/login", {"email": EMAIL, "password": PASSWORD})
    if status != 200:
        sys.exit(f"login: {status} {answer}")
    return answer["access_token"]


def key(*arguments):
    url = f"sqlite:{WORK}/.doorward/doorward.db"
    command = [BINARY, "key", *arguments, "--json", "--database-url", url]
    done = subprocess.run(
        command, cwd=WORK, check=True, capture_output=True, text=True, env=OUTSIDE
    )
    return json.loads(done.stdout)


def key_of(token):
    return jwt.get_unverified_header(token)["kid"]


def changed(token):
    """With one bit of the signature changed."""
    head, signature = token.rsplit(".", 1)
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def first_token():
    status, user = ask("/auth/register", {"email": EMAIL, "password": PASSWORD})
    if status != 201:
        sys.exit(f"register: {status} {user}")
    first = login()
    if jwt.get_unverified_header(first)["alg"] != ALGORITHM:
        sys.exit(f"signed with {jwt.get_unverified_header(first)}")
    return user["id"], first


def unfit(token, secret):
    """Signed, but not what an access token is."""
    claims = jwt.decode(token, options={"verify_signature": False})
    for name in ("exp", "iss", "sid", "sub"):
        left = {other: value for other, value in claims.items() if other != name}
        yield jwt.encode(left, secret, headers={"kid": key_of(token)})
    yield jwt.encode(claims | {"iss": "other"}, secret, headers={"kid": key_of(token)})


def short_secrets():
    """The files of the documents do not start with a secret that anybody could guess."""
    kept = os.environ.pop("DOORWARD_SECRET", None)
    for secret in ("", "hunter2", "x" * 31):
        os.environ["DOORWARD_SECRET"] = secret
        try:
            fastapi()
        except SystemExit as refused:
            assert "at least 32 bytes" in str(refused), refused
        else:
            sys.exit(f"FastAPI took a secret of {len(secret)} bytes")
        node = ["node", "--input-type=module", "-e", 'import "./app/whoami/node_auth.mjs"']
        done = subprocess.run(node, cwd=NODE, text=True, capture_output=True)
        if done.returncode == 0 or "at least 32 bytes" not in done.stderr:
            sys.exit(f"Node took a secret of {len(secret)} bytes: {done.stderr}")
    del os.environ["DOORWARD_SECRET"]
    if kept is not None:
        os.environ["DOORWARD_SECRET"] = kept
    print("The examples refuse an empty and a short DOORWARD_SECRET")


def by_secret():
    short_secrets()
    old, new = OUTSIDE["BETTER_AUTH_SECRET"], "the next secret of the interop checks"
    with Server():
        subject, first = first_token()
        bad = [changed(first), first[:-8], "x.y.z"]
        names = check(subject, [first], bad, list(unfit(first, old)), DOORWARD_SECRET=old)
        print(f"{ALGORITHM}: {names}")
    with Server(BETTER_AUTH_SECRET=new, PREVIOUS_SECRETS=old):
        second = login()
        check(subject, [second], [first], DOORWARD_SECRET=new)
        for token in (first, second):
            status, user = ask("/auth/me", token=token)
            if (status, user.get("id")) != (200, subject):
                sys.exit(f"/auth/me after the rotation: {status} {user}")
    print(f"{ALGORITHM}: the same with a new secret; only Doorward takes the previous one's token")


def by_keys():
    with Server():
        subject, first = first_token()
        names = check(subject, [first], [changed(first), first[:-8], "x.y.z"])
        print(f"{ALGORITHM}: {names}")
        # These live through the rotation. PyJWT looks for an unknown key at most every 30 seconds,
        # which is switched off here; jose and keyfunc do so too and cannot be told from outside, so
        # that they are started anew.
        module, app = by_fastapi()
        module.keys.cooldown_duration = 0
        client = jwt.PyJWKClient(BASE + "/.well-known/jwks.json", cooldown_duration=0)
        alive = {
            "FastAPI": app,
            "PyJWT": lambda t: jwt.decode(
                t, client.get_signing_key_from_jwt(t), algorithms=[ALGORITHM]
            )["sub"],
        }
        for name, verify in alive.items():
            must_take(name, verify, first, subject)
        key("rotate", "--algorithm", ALGORITHM)
        deadline = time.monotonic() + 30
        while len(published()["keys"]) != 2:  # the running server looks again within seconds
            if time.monotonic() > deadline:
                sys.exit("the new key was not published")
            time.sleep(0.25)
        check(subject, [first], [changed(first)])
        key("retire", key_of(first), "--now")
    with Server():
        second = login()
        if key_of(second) == key_of(first):
            sys.exit("the old key still signs")
        check(subject, [second], [first])
        for name, verify in alive.items():
            must_take(f"{name}, running all the time", verify, second, subject)
            must_refuse(f"{name}, running all the time", verify, first)
    print(f"{ALGORITHM}: the same after a rotation, and the retired key's token is refused")
    return subject, second


def by_audience(subject, plain):
    """One key signs for two audiences and for none."""
    tokens = {}
    for audience in ("tasks", "other"):
        with Server(TOKEN_AUDIENCE=audience):
            tokens[audience] = login()
    with Server():
        for wanted, unwanted in (("tasks", "other"), ("other", "tasks")):
            refused = [tokens[unwanted], plain]
            check(subject, [tokens[wanted]], refused, DOORWARD_AUDIENCE=wanted)
        must_refuse("FastAPI, told no audience,", by_fastapi()[1], tokens["tasks"])
    print(f"{ALGORITHM}: tokens of another audience and of none are refused")


class Away(BaseHTTPRequestHandler):
    """What a proxy says while Doorward is away."""

    def do_GET(self):
        self.send_error(502)

    def log_message(self, *_):
        pass


def out_of_reach(token):
    """Keys that cannot be fetched say nothing of a token: no 401. What is no token is one all the same."""
    with socket.socket() as free, HTTPServer(("127.0.0.1", 0), Away) as proxy:
        free.bind(("127.0.0.1", 0))  # nothing listens there
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        for port in (free.getsockname()[1], proxy.server_port):
            os.environ["DOORWARD_URL"] = f"http://127.0.0.1:{port}"
            get = fastapi()[1]
            if (get(token).status_code, get("x.y.z").status_code) != (503, 401):
                sys.exit(f"FastAPI without keys: {get(token)}, {get('x.y.z')}")
            done = subprocess.run(
                ["node", "check.mjs", f"?{token}", "-x.y.z"],
                cwd=NODE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            if done.returncode != 0:  # else the applications have written what they threw
                sys.exit(done.stdout)
        proxy.shutdown()
    os.environ["DOORWARD_URL"] = BASE
    print(f"{ALGORITHM}: with the keys out of reach FastAPI, Express, Hono and Next.js answer 5xx")


def main():
    if ALGORITHM == "HS256":
        by_secret()
        return
    subject, token = by_keys()
    if ALGORITHM == "ES256":  # the same code for all
        by_audience(subject, token)
        out_of_reach(token)


if __name__ == "__main__":
    main()
