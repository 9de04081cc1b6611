"""pyotp, an authenticator of another language, against a running server: it reads what the picture says and
its codes sign in, each once. Needs DOORWARD_URL."""

import json
import os
import time
import urllib.error
import urllib.request

import pyotp

URL = os.environ["DOORWARD_URL"]
ACCOUNT = {"email": "pyotp@example.com", "password": "violet kettle drum 41"}


def call(path, body=None, token=None):
    """Status and document of a POST."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else b""
    request = urllib.request.Request(URL + path, data=data, headers=headers, method="POST")
    if body is None:
        request.remove_header("Content-type")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def expect(done, status):
    assert done[0] == status, done
    return done[1]


expect(call("/auth/register", ACCOUNT), 201)
token = expect(call("/auth/login", ACCOUNT), 200)["access_token"]
made = expect(call("/auth/mfa/totp", token=token), 201)

phone = pyotp.parse_uri(made["otpauth_url"])
assert phone.secret == made["secret"], "the picture and the text say the same"
assert (phone.digits, phone.interval, phone.name) == (6, 30, ACCOUNT["email"]), vars(phone)
assert phone.issuer and phone.digest().name == "sha1", vars(phone)

# What follows takes a few seconds of one step.
while time.time() % 30 > 15:
    time.sleep(1)
# The step before is still taken, and so leaves the present one for the sign-in.
before = phone.at(time.time() - 30)
done = expect(call("/auth/mfa/totp/confirm", {"id": made["id"], "code": before}, token), 200)
assert len(done["recovery_codes"]) == 10

asked = expect(call("/auth/login", ACCOUNT), 403)
assert asked["code"] == "mfa_required" and asked["methods"] == ["recovery_code", "totp"], asked
second = {"mfa_token": asked["mfa_token"], "code": before}
assert expect(call("/auth/mfa/verify", second), 403)["code"] == "wrong_code", "used before"
second["code"] = phone.now()
expect(call("/auth/mfa/verify", second), 200)

asked = expect(call("/auth/login", ACCOUNT), 403)
again = {"mfa_token": asked["mfa_token"], "code": second["code"]}
assert expect(call("/auth/mfa/verify", again), 403)["code"] == "wrong_code", "each once"
early = {"mfa_token": asked["mfa_token"], "code": phone.at(time.time() + 30)}
expect(call("/auth/mfa/verify", early), 200)
print("pyotp: its codes sign in, each once")
