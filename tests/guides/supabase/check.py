"""What docs/guides/from-supabase-auth.md says is checked: in the tables of Supabase Auth, and at Doorward by
@supabase/auth-js (client.mjs beside this file).

    check.py STEP

Environment: NEW_URL (where Doorward listens), OLD_DATABASE_URL, CLIENT (client.mjs beside its packages).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import bcrypt
import psycopg

FIRST, SECOND = "violet kettle drum 41", "eleven quiet lanterns 7"


def sql(statement, *values):
    with psycopg.connect(os.environ["OLD_DATABASE_URL"]) as database:
        done = database.execute(statement, values or None)
        return done.fetchall() if done.description else None


def person(name, *providers, **more):
    """As Supabase Auth makes one; its passwords are bcrypt of cost 10."""
    email = f"{name}@example.com"
    about = json.dumps({"sub": "", "email": email, "full_name": name.title(), "theme": "dark", "email_verified": True})
    ((user,),) = sql(
        """INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
        confirmation_token, recovery_token, email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data,
        created_at, updated_at, banned_until) VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(),
        'authenticated', 'authenticated', %s, crypt(%s, gen_salt('bf', 10)), now(), '', '', '', '', %s, %s, now(), now(), %s)
        RETURNING id""",
        email,
        FIRST,
        json.dumps({"provider": "email", "providers": ["email", *providers]}),
        about,
        more.get("banned_until"),
    )
    for provider in ["email", *providers]:
        sql(
            "INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at) "
            "VALUES (%s, %s, %s, %s, now(), now())",
            str(user) if provider == "email" else f"{provider}-{name}",
            user,
            json.dumps({"sub": str(user), "email": email}),
            provider,
        )
    return user


def keep(user, *tasks):
    for task in tasks:
        sql("INSERT INTO todos (user_id, task) VALUES (%s, %s)", user, task)


def kept(name):
    rows = sql(
        "SELECT task FROM todos JOIN auth.users u ON user_id = u.id WHERE u.email = %s ORDER BY todos.id", f"{name}@example.com"
    )
    return [task for (task,) in rows]


def in_the_browser(step, **more):
    known = {"FIRST": FIRST, "SECOND": SECOND, **more}
    subprocess.run(["node", os.environ["CLIENT"], step], env=os.environ | known, check=True)


def begun():
    sql(Path(__file__).with_name("schema.sql").read_text())
    keep(person("ada", "google"), "Write notes", "Ada's engine")
    keep(person("grace"), "Find the moth")
    person("alan", banned_until="2999-01-01")


def copied():
    ids = dict(sql("SELECT email, id::text FROM auth.users"))
    in_the_browser("copied", IDS=json.dumps(ids))


def meanwhile():
    keep(person("lin"), "Late")


def switched():
    in_the_browser("switched")


def back():
    assert kept("mary") == ["It's new; DROP TABLE todos;"], kept("mary")
    assert kept("ada") == ["Write notes", "Ada's engine", "A third"], kept("ada")
    assert (kept("grace"), kept("lin")) == (["Find the moth"], ["Late"])
    hashes = dict(sql("SELECT email, encrypted_password FROM auth.users"))
    fits = {email: [bcrypt.checkpw(word.encode(), hash.encode()) for word in (FIRST, SECOND)] for email, hash in hashes.items()}
    assert fits.pop("ada@example.com") == [False, True], fits
    assert len(fits) == 4 and all(one == [True, False] for one in fits.values()), fits
    rows = sql("SELECT email, provider FROM auth.identities WHERE email = 'mary@example.com'")
    assert rows == [("mary@example.com", "email")], rows
    ((about, nulls),) = sql(
        "SELECT raw_user_meta_data, num_nulls(aud, role, instance_id, confirmation_token, recovery_token, email_change, "
        "email_change_token_new, raw_app_meta_data, created_at) FROM auth.users WHERE email = 'mary@example.com'"
    )
    assert (about["first_name"], nulls) == ("Mary", 0), (about, nulls)
    assert sql("SELECT count(*) FROM auth.users") == [(5,)]


globals()[sys.argv[1]]()
print(f"from Supabase Auth: {sys.argv[1]}")
