"""Signs in to a running Doorward and reads its access tokens as the verifiers in the field do."""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from importlib.metadata import version

import jose.jwt
import jwt

BASE = os.environ["DOORWARD_URL"]
SECRET = os.environ["DOORWARD_SECRET"]
PASSWORD = "correct horse battery staple"


def call(method, path, body=None, token=None, form=None):
    headers = {}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        data = urllib.parse.urlencode(form).encode()
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(BASE + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r} instead of {wanted!r}")


def refused(what, decode):
    try:
        decode()
    except Exception:  # each library has its own hierarchy; any refusal will do
        return
    sys.exit(f"{what} was accepted")


def main():
    email = f"interop-{time.time_ns()}@example.com"
    status, user = call("POST", "/auth/register", {"email": email, "password": PASSWORD})
    expect("register", status, 201)
    status, by_json = call("POST", "/auth/login", {"email": email, "password": PASSWORD})
    expect("login", status, 200)
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    status, by_form = call("POST", "/auth/login", form=form)
    expect("form login", status, 200)
    status, refreshed = call("POST", "/auth/refresh", {"refresh_token": by_json["refresh_token"]})
    expect("refresh", status, 200)

    decoders = {
        f"PyJWT {version('PyJWT')}": jwt.decode,
        f"python-jose {version('python-jose')}": jose.jwt.decode,
    }
    for name, decode in decoders.items():
        for tokens in (by_json, by_form, refreshed):
            token = tokens["access_token"]
            claims = decode(token, SECRET, algorithms=["HS256"])
            expect(f"{name}: sub", claims["sub"], user["id"])
            expect(f"{name}: user_id", claims["user_id"], user["id"])
            expect(f"{name}: roles", claims["roles"], ["user"])
            expect(f"{name}: life", claims["exp"] - claims["iat"], tokens["expires_in"])
            refused(f"{name}: another secret", lambda: decode(token, SECRET + "x", algorithms=["HS256"]))
            refused(f"{name}: a cut token", lambda: decode(token[:-2], SECRET, algorithms=["HS256"]))
        print(f"{name}: reads the tokens of JSON login, form login and refresh")

    # The other way round: a token that shares the secret but is not Doorward's own is no way in.
    claims = jwt.decode(by_json["access_token"], SECRET, algorithms=["HS256"])
    header = jwt.get_unverified_header(by_json["access_token"])
    status, _ = call("GET", "/auth/me", token=by_json["access_token"])
    expect("me", status, 200)
    forged = {
        "without kid": jwt.encode(claims, SECRET),
        "without sid": jwt.encode({k: v for k, v in claims.items() if k != "sid"}, SECRET, headers=header),
        "of another session": jwt.encode({**claims, "sid": user["id"]}, SECRET, headers=header),
        "of another user": jwt.encode({**claims, "sub": claims["sid"], "user_id": claims["sid"]}, SECRET, headers=header),
        "of another issuer": jwt.encode({**claims, "iss": "other"}, SECRET, headers=header),
        "with HS512": jwt.encode(claims, SECRET, algorithm="HS512", headers={"kid": header["kid"]}),
        "with alg none": jwt.encode(claims, None, algorithm="none", headers={"kid": header["kid"]}),
    }
    for what, token in forged.items():
        status, problem = call("GET", "/auth/me", token=token)
        expect(f"a token {what}", (status, problem["code"]), (401, "invalid_token"))
    print(f"Doorward refuses {len(forged)} tokens that PyJWT made with the shared secret")


if __name__ == "__main__":
    main()
