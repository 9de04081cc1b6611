"""The verifiers that read Doorward's tokens: PyJWT, python-jose, joserfc, and the FastAPI, Node and Go
files of the documents. os.environ holds what they are told."""

import importlib.util
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import jose.jwt
import jwt
from fastapi.testclient import TestClient
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet, OctKey

ALGORITHM = os.environ["DOORWARD_ALGORITHM"]
NODE = os.environ["DOORWARD_NODE"]
GO = os.environ.get("DOORWARD_GO")
BASE = os.environ["DOORWARD_URL"]
FASTAPI = os.path.join(os.path.dirname(__file__), "../../docs/examples/fastapi_auth.py")


def ask(path, body=None, token=None):
    """Status and JSON."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    try:
        request = urllib.request.Request(BASE + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def published():
    return ask("/.well-known/jwks.json")[1]


def fastapi():
    """The file of the documents with os.environ as it is now; each time a new module."""
    spec = importlib.util.spec_from_file_location("fastapi_auth", FASTAPI)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    client = TestClient(module.app)
    return module, lambda t: client.get("/whoami", headers={"Authorization": f"Bearer {t}"})


def by_fastapi():
    module, get = fastapi()

    def verify(token):
        answer = get(token)
        if answer.status_code != 200:
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            raise ValueError(answer.text)
        return answer.json()["user"]

    return module, verify


def verifiers():
    """Name and function; a function raises, or returns the subject."""
    secret, audience = os.environ.get("DOORWARD_SECRET"), os.environ.get("DOORWARD_AUDIENCE")
    if secret:
        joserfc_key, jose_key = OctKey.import_key(secret), secret
        pyjwt_key = lambda token: secret
    else:
        document = published()
        joserfc_key, jose_key = KeySet.import_key_set(document), document
        pyjwt_key = jwt.PyJWKClient(BASE + "/.well-known/jwks.json").get_signing_key_from_jwt
    wanted = {"aud": {"essential": True, "value": audience}} if audience else {}

    def by_joserfc(token):
        claims = joserfc_jwt.decode(token, joserfc_key, algorithms=[ALGORITHM]).claims
        joserfc_jwt.JWTClaimsRegistry(**wanted).validate(claims)
        return claims["sub"]

    known = {"algorithms": [ALGORITHM], "audience": audience}
    yield "FastAPI", by_fastapi()[1]
    yield "PyJWT", lambda t: jwt.decode(t, pyjwt_key(t), **known)["sub"]
    yield "joserfc", by_joserfc
    if ALGORITHM != "EdDSA":  # which python-jose does not know
        options = {"require_aud": bool(audience)}
        yield "python-jose", lambda t: jose.jwt.decode(t, jose_key, **known, options=options)["sub"]


def must_take(name, verify, token, subject):
    found = verify(token)
    if found != subject:
        sys.exit(f"{name}: {found} instead of {subject}")


def must_refuse(name, verify, token):
    try:
        verify(token)
    except Exception:  # each library has its own hierarchy; any refusal will do
        return
    sys.exit(f"{name} took {token}")


def check(subject, taken, refused, unfit=(), **told):
    """Every verifier takes and refuses these tokens, told this besides DOORWARD_URL; the files of the
    documents refuse those that are signed but unfit."""
    os.environ.update(told, DOORWARD_SUBJECT=subject)
    names = []
    for name, verify in verifiers():
        for token in taken:
            must_take(name, verify, token, subject)
        for token in [*refused, *(unfit if name == "FastAPI" else ())]:
            must_refuse(name, verify, token)
        names.append(name)
    arguments = [f"+{token}" for token in taken] + [f"-{token}" for token in [*refused, *unfit]]
    node = ["node", "check.mjs", *arguments]
    if subprocess.run(node, cwd=NODE, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(1)  # it has said why
    names.append("jose in Express, Hono and Next.js")
    if GO:
        asked = os.environ | {"DOORWARD_TOKENS": " ".join(arguments)}
        done = subprocess.run(
            ["./tokens.test"], cwd=GO, text=True, stdout=subprocess.PIPE, env=asked
        )
        if done.returncode != 0:
            sys.exit(done.stdout)
        names.append("golang-jwt")
    for name in told:
        del os.environ[name]
    return ", ".join(names)
