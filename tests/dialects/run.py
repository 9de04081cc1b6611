#!/usr/bin/env python3
"""Plays what a public front end sends, and checks what it reads from the answers.

    run.py DIALECT.json --url URL [--secret S]    against a fresh server that already runs
    run.py --all DIR --binary BIN [-v]            starts a fresh SQLite server for each dialect below DIR

Beside NAME.json may be NAME.env, the settings that its operator writes. waiting.txt names the calls that need
what the server does not serve yet; one of them that passes is a failure too, so that the list stays true.

A dialect is {"name", "about", "env", "profile", "origin", "calls", ...}. A call is what the client sends
(method, path, query, headers, auth, bearer, json | form | multipart) and

  expect.status   the statuses it takes for success, or for the failure that it can show
  expect.paths    what it reads: dotted path -> type or {type, equals, one_of, not_equals, length, min_length,
                  matches, date, all, absent}. "a || b" is the first that exists, "." the whole body,
                  "access_token#sub" a claim of the JWT there. "string?" may be null or missing.
  expect.shows    path of the text it shows to the person: must be a non-empty string
  expect.json     true: it parses the body whatever the status
  expect.headers  header -> text it must contain
  stored          {"path", "at", "fields"}: a later read must show the fields that were sent
  save            placeholder -> path
  preflight       {"method", "path", "headers"}: what a browser asks first
  mint            claims of a token that the app makes itself with the shared secret (not counted)

If a client gets no token, user or task by its own calls, the runner makes one by the server's own routes and
says so, so that the later calls still tell something. Every answer is held against the document that the server
serves: its path, status, content type and schema.
"""
import argparse, base64, hashlib, hmac, json, os, re, secrets, socket, subprocess, sys, tempfile, time
from datetime import datetime, timezone
from pathlib import Path
import httpx
import jsonschema

NONE = object()
KINDS = {"string": str, "boolean": bool, "array": list, "object": dict, "number": (int, float), "integer": int,
         "null": type(None), "any": object}


class Needs(Exception):
    """A placeholder that no earlier answer filled."""


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(token):
    try:
        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except Exception:
        return NONE


def look(value, path):
    for one in path.split(" || "):
        found = look_one(value, one.strip())
        if found is not NONE:
            return found
    return NONE


def look_one(value, path):
    path, _, claim = path.partition("#")
    for step in re.findall(r"\[\d+\]|[^.\[\]]+", path):
        if step[0] == "[":
            i = int(step[1:-1])
            value = value[i] if isinstance(value, list) and i < len(value) else NONE
        else:
            value = value[step] if isinstance(value, dict) and step in value else NONE
        if value is NONE:
            return NONE
    return look_one(claims_of(value), claim) if claim else value


def is_kind(value, kinds):
    optional = kinds.endswith("?")
    if value is NONE or value is None and optional:
        return optional
    for kind in kinds.rstrip("?").split("|"):
        if isinstance(value, bool) and kind in ("number", "integer"):
            continue
        if kind == "text" and isinstance(value, str) and value.strip():
            return True
        if kind == "time" and moment(value):
            return True
        if kind in KINDS and isinstance(value, KINDS[kind]):
            return True
    return False


def moment(text):
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return when if when.tzinfo else when.replace(tzinfo=timezone.utc)
    except (ValueError, TypeError, AttributeError):
        return None


def same_date(sent, got):
    if len(sent) == 10:
        return isinstance(got, str) and got[:10] == sent
    return moment(sent) is not None and moment(sent) == moment(got)


def short(value):
    return "missing" if value is NONE else json.dumps(value, ensure_ascii=False)[:70]


def check(value, want, where):
    """The reasons why a value is not what the client relies on."""
    if not isinstance(want, dict):
        want = {"type": want}
    if want.get("absent"):
        return [] if value is NONE else [f"{where} should be absent"]
    bad = []
    if "type" in want and not is_kind(value, want["type"]):
        bad.append(f"{where} is {short(value)}, wants {want['type']}")
    if "equals" in want and want["equals"] is None and value is NONE:
        return bad  # to JavaScript, null and missing are alike
    if "equals" in want and (value != want["equals"] or isinstance(value, bool) != isinstance(want["equals"], bool)):
        bad.append(f"{where} is {short(value)}, wants {short(want['equals'])}")
    if "one_of" in want and value not in want["one_of"]:
        bad.append(f"{where} is {short(value)}, wants one of {short(want['one_of'])}")
    if "not_equals" in want and (value is NONE or value == want["not_equals"]):
        bad.append(f"{where} is {short(value)}, wants another")
    absent = (value is NONE or value is None) and want.get("type", "").endswith("?")
    if "matches" in want and not absent and not (isinstance(value, str) and re.search(want["matches"], value)):
        bad.append(f"{where} is {short(value)}, wants {want['matches']}")
    if "date" in want and not same_date(want["date"], value):
        bad.append(f"{where} is {short(value)}, wants {want['date']}")
    size = len(value) if isinstance(value, (list, str, dict)) else None
    if "length" in want and size != want["length"]:
        bad.append(f"{where} has length {size}, wants {want['length']}")
    if "min_length" in want and (size is None or size < want["min_length"]):
        bad.append(f"{where} has length {size}, wants at least {want['min_length']}")
    if "all" in want:
        rows = value if isinstance(value, list) else []
        for row in rows:
            for field, wish in want["all"].items():
                if why := check(look(row, field), wish, f"{where}[].{field}"):
                    return bad + why
    return bad


class Contract:
    """The document that the server serves, which every answer is held against."""

    def __init__(self, document):
        self.document, self.unlike = document, []
        self.paths = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path.count("{"), item)
                      for path, item in document.get("paths", {}).items()]

    def hold(self, answer):
        method, path = answer.request.method.lower(), answer.request.url.path.rstrip("/") or "/"
        found = sorted(((parts, item) for form, parts, item in self.paths if form.fullmatch(path) and method in item),
                       key=lambda one: one[0])
        if not found:
            return
        response = found[0][1][method]["responses"].get(str(answer.status_code))
        why = None
        if response is None:
            why = f"status {answer.status_code} is not described"
        elif answer.content:
            kind = answer.headers.get("content-type", "").partition(";")[0]
            content = response.get("content", {}).get(kind)
            if content is None:
                why = f"status {answer.status_code} is not described as {kind}"
            elif "schema" in content:
                schema = content["schema"] | {"components": self.document["components"]}
                error = next(jsonschema.Draft202012Validator(schema).iter_errors(answer.json()), None)
                why = error and f"{'.'.join(map(str, error.absolute_path))}: {error.message[:150]}"
        elif response.get("content"):
            why = f"status {answer.status_code} has no body, but one is described"
        if why:
            self.unlike.append(f"{method.upper()} {path}: {why}")


class Play:
    def __init__(self, dialect, url, secret=None):
        self.dialect, self.secret, self.helped = dialect, secret, []
        tag = secrets.token_hex(4)
        self.vars = {"email": f"ada.{tag}@example.com", "new_email": f"ada.new.{tag}@example.com",
                     "username": f"ada{tag}", "name": "Ada Example", "password": "Correct-Horse-9-Battery",
                     "new_password": "Another-Horse-8-Battery", "wrong_password": "Wrong-Horse-7-Battery",
                     "foreign_id": secrets.token_hex(16), "stale_token": "not.a.token"}
        self.origin = dialect.get("origin", "http://localhost:3000")
        self.http = httpx.Client(base_url=url, timeout=20, follow_redirects=True, trust_env=False)

        self.contract = Contract(self.http.get("/openapi.json").json())

    # placeholders

    def fill(self, value):
        if isinstance(value, dict):
            return {self.fill(k): self.fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if not isinstance(value, str):
            return value
        if re.fullmatch(r"\{\w+\}", value):
            return self.get(value[1:-1])
        return re.sub(r"\{(\w+)\}", lambda m: str(self.get(m[1])), value)

    def get(self, name):
        if name not in self.vars and re.fullmatch(r"x\d+", name):
            return "x" * int(name[1:])
        if name not in self.vars:
            self.help(name)
        if name not in self.vars:
            raise Needs(f"needs {{{name}}}, which no earlier answer gave")
        return self.vars[name]

    def help(self, name):
        """Gets a token, user or task by the server's own routes."""
        env = self.dialect.get("env", {})
        auth, tasks = env.get("AUTH_PATH", "/auth"), env.get("TASKS_PATH", "/api/tasks")
        account = {"email": self.vars["email"], "password": self.vars["password"]}
        try:
            if name in ("account", "token", "user_id", "refresh_token"):
                answer = self.http.post(auth + "/register", json=account | {"name": self.vars["name"]})
                if name == "account" and answer.status_code in (200, 201):
                    self.helped.append(name)
            if name in ("token", "user_id", "refresh_token"):
                body = self.http.post(auth + "/login", json=account).json()
                self.vars.setdefault("token", body["access_token"])
                self.vars.setdefault("refresh_token", body.get("refresh_token"))
                me = self.http.get(auth + "/me", headers={"Authorization": "Bearer " + body["access_token"]}).json()
                self.vars.setdefault("user_id", look(me, "id || user.id"))
            elif name == "task_id":
                body = self.http.post(self.fill(tasks), json={"title": "made by the runner"},
                                      headers={"Authorization": "Bearer " + self.get("token")}).json()
                found = look(body, "id || task.id || data.id")
                if found is not NONE:
                    self.vars["task_id"] = found
            if name in self.vars:
                self.helped.append(name)
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            pass

    # one call

    def send(self, call):
        headers = dict(self.fill(call.get("headers", {})))
        if self.origin:
            headers["Origin"] = self.origin
        if call.get("auth") or "bearer" in call:
            headers["Authorization"] = "Bearer " + self.fill(call.get("bearer", "{token}"))
        args = {}
        if "json" in call:
            args["json"] = self.fill(call["json"])
        if "form" in call:
            args["data"] = self.fill(call["form"])
        if "multipart" in call:
            args["files"] = {k: (None, v) for k, v in self.fill(call["multipart"]).items()}
        query = [(k, self.fill(v)) for k, vs in call.get("query", {}).items() for v in (vs if isinstance(vs, list) else [vs])]
        path = self.fill(call["path"])
        answer = self.http.request(call["method"], path, params=query or None, headers=headers, **args)
        self.contract.hold(answer)
        return answer

    def preflight(self, wish):
        asked = [h.lower() for h in wish.get("headers", [])]
        answer = self.http.options(self.fill(wish["path"]), headers={
            "Origin": self.origin, "Access-Control-Request-Method": wish["method"],
            "Access-Control-Request-Headers": ",".join(asked)})
        if answer.status_code >= 300:
            return [f"status {answer.status_code}"]
        words = lambda h: [w.strip().lower() for w in answer.headers.get("access-control-allow-" + h, "").split(",")]
        bad = self.cors(answer)
        if wish["method"].lower() not in words("methods") + ["get", "post", "head"]:
            bad.append(f"method {wish['method']} not allowed")
        return bad + [f"header {h} not allowed" for h in asked if h not in words("headers")]

    def cors(self, answer):
        if not self.origin:
            return []
        bad, cookies = [], self.dialect.get("credentials")
        allowed = answer.headers.get("access-control-allow-origin")
        if allowed != self.origin and (cookies or allowed != "*"):
            bad.append("the browser may not read this answer (CORS)")
        if cookies and answer.headers.get("access-control-allow-credentials") != "true":
            bad.append("no CORS credentials")
        return bad

    def play(self, call):
        if "preflight" in call:
            return self.preflight(call["preflight"])
        for _ in range(call.get("repeat", 1)):
            answer = self.send(call)
        expect = call.get("expect", {})
        status = expect.get("status", [200, 201, 204])
        bad = [] if answer.status_code in status else [f"status {answer.status_code}, wants {'/'.join(map(str, status))}"]
        bad += self.cors(answer)
        if bad:
            return bad + ([answer.text[:100]] if answer.status_code >= 400 else [])
        for header, wish in expect.get("headers", {}).items():
            if self.fill(wish).lower() not in answer.headers.get(header, "").lower():
                bad.append(f"header {header} is {answer.headers.get(header)!r}, wants {wish!r}")
        paths, shows, body = expect.get("paths", {}), expect.get("shows"), NONE
        if paths or shows or expect.get("json") or call.get("save"):
            try:
                body = answer.json()
            except ValueError:
                return bad + [f"status {answer.status_code} with no JSON body, which the client parses"]
            if "json" not in answer.headers.get("content-type", ""):
                bad.append(f"content-type {answer.headers.get('content-type')!r} is not JSON")
        for path, want in paths.items():
            bad += check(look(body, path), self.fill(want), path)
        if shows:
            bad += check(look(body, shows), "text", shows)
        for name, path in call.get("save", {}).items():
            if (found := look(body, path)) is not NONE and found is not None:
                self.vars[name] = found
        return bad + (self.stored(call["stored"]) if "stored" in call else [])

    def stored(self, wish):
        read = {"method": "GET", "path": wish["path"], "query": wish.get("query", {}), "auth": True}
        answer = self.send(read)
        try:
            row = look(answer.json(), wish.get("at", "."))
        except ValueError:
            row = NONE
        if answer.status_code != 200:
            return [f"cannot read it back: status {answer.status_code}"]
        if isinstance(row, list):
            row = next((r for r in row if str(look(r, "id")) == str(self.get("task_id"))), NONE)
        if row is NONE:
            return ["cannot find it in the later read"]
        return ["not stored: " + w for f, want in wish["fields"].items()
                for w in check(look(row, f), self.fill(want if isinstance(want, dict) else {"equals": want}), f)]

    def mint(self, call):
        if not self.secret:
            return ["needs --secret"]
        now = int(time.time())
        claims = {"iat": now, "exp": now + call.get("lives", 900), **self.fill(call["mint"])}
        text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(claims).encode())
        mac = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).digest()
        self.vars[call.get("as", "token")] = text + "." + b64(mac)
        self.vars.setdefault("user_id", claims.get("sub"))
        return []

    def run(self, say):
        passed, failed = 0, []
        for call in self.dialect["calls"]:
            before = len(self.helped)
            try:
                bad = self.mint(call) if "mint" in call else self.play(call)
            except Needs as e:
                bad = [str(e)]
            except httpx.HTTPError as e:
                bad = [f"no answer: {type(e).__name__}"]
            if bad and call["name"] in ("sign up", "sign up, which signs in"):
                self.help("account")
            for name in self.helped[before:]:
                say(f"note the runner made {name} by the server's own routes")
            if "mint" in call and not bad:
                continue
            if bad:
                failed.append((call["name"], "; ".join(bad[:9])))
                say(f"FAIL {call['name']}: {failed[-1][1]}")
            else:
                passed += 1
                say(f"ok {call['name']}")
        self.http.close()
        return passed, failed


def start(binary, dialect, folder, secret):
    """A fresh server; gives (process, url, COMPAT taken or not)."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    env |= {f"RATE_LIMIT_{n}": "off" for n in ("LOGIN", "REGISTER", "REFRESH", "AUTH", "API")}
    env |= {"BETTER_AUTH_SECRET": secret, "DATABASE_URL": f"sqlite:{folder}/d.db", "HOST": "127.0.0.1",
            "PORT": str(port), "ALLOWED_ORIGINS": "http://localhost:3000", "DRAIN_TIMEOUT": "1s",
            "PASSWORD_HASH": "argon2id:m=19456,t=2,p=1",
            # Mail is on; nobody listens there, so what is to be sent stays in the outbox.
            "SMTP_URL": "smtp://127.0.0.1:9", "PUBLIC_URL": "http://127.0.0.1:9", "MAIL_FROM": "Doorward <no-reply@example.com>"}
    env |= dialect.get("env", {})
    profile = dialect.get("profile")
    for compat in ([profile, None] if profile else [None]):
        with open(f"{folder}/log", "w") as log:
            process = subprocess.Popen([binary, "serve", "--migrate"], cwd=folder, stdout=log, stderr=log,
                                       env=env | ({"COMPAT": compat} if compat else {}))
        for _ in range(200):
            if process.poll() is not None:
                break
            try:
                if httpx.get(url + "/livez", timeout=2, trust_env=False).status_code == 200:
                    return process, url, compat
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        stop(process)
    raise SystemExit(f"{dialect['name']}: the server did not start: {Path(folder, 'log').read_text()[-600:]}")


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("dialect", nargs="?")
    args.add_argument("--url")
    args.add_argument("--secret", default=os.environ.get("BETTER_AUTH_SECRET"))
    args.add_argument("--all", metavar="DIR")
    args.add_argument("--binary")
    args.add_argument("-v", "--verbose", action="store_true")
    a = args.parse_args()
    if a.dialect and a.url:
        passed, failed = Play(json.loads(Path(a.dialect).read_text()), a.url, a.secret).run(print)
        print(f"{passed} passed, {len(failed)} failed")
        return 1 if failed else 0
    if not (a.all and a.binary):
        args.error("either DIALECT.json --url URL, or --all DIR --binary BIN")
    waiting = set(Path(a.all, "waiting.txt").read_text().splitlines()) if Path(a.all, "waiting.txt").exists() else set()
    total = good = 0
    wrong = []
    for file in sorted(Path(a.all).rglob("*.json")):
        dialect = json.loads(file.read_text())
        settings = file.with_suffix(".env")
        if settings.exists():
            lines = [line.partition("=") for line in settings.read_text().splitlines() if "=" in line]
            dialect["env"] = dialect.get("env", {}) | {name: value for name, _, value in lines}
        with tempfile.TemporaryDirectory() as folder:
            secret = secrets.token_hex(32)
            process, url, compat = start(str(Path(a.binary).resolve()), dialect, folder, secret)
            try:
                play = Play(dialect, url, secret)
                passed, failed = play.run(lambda line: a.verbose and print("  " + line))
            finally:
                stop(process)
        names = {f"{file.stem}: {name}" for name, _ in failed}
        wrong += [f"{file.stem}: {name}: {why}" for name, why in failed if f"{file.stem}: {name}" not in waiting]
        wrong += [f"{one}: passes, so take it off waiting.txt" for one in waiting
                  if one.startswith(f"{file.stem}: ") and one not in names]
        wrong += [f"{file.stem}: not as the document says: {why}" for why in dict.fromkeys(play.contract.unlike)]
        count = passed + len(failed)
        note = f" (asked for COMPAT={compat})" if compat else ""
        note += f" (the runner made {', '.join(dict.fromkeys(play.helped))})" if play.helped else ""
        print(f"{dialect['name']}: {passed}/{count}{note}", flush=True)
        total, good = total + count, good + passed
    print(f"total: {good}/{total}, {len(waiting)} waiting for what is not served yet")
    for line in wrong:
        print("WRONG " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
