"""Prints hashes of passwords, as the Python programs that people come from make them.

    make.py passwords.json                  as JSON: [{"by", "kind", "password", "stored"}, ...]
"""

import ctypes
import ctypes.util
import json
import sys
from importlib.metadata import version

import bcrypt
import django
from argon2 import low_level as argon2
from django.conf import settings
from django.contrib.auth import hashers as dj
from passlib import hash as pl
from werkzeug.security import generate_password_hash

settings.configure()
django.setup()
passwords = json.load(open(sys.argv[1]))
made = []


def add(by, kind, password, stored):
    stored = stored if isinstance(stored, str) else stored.decode()
    name = by if by == "libcrypt" else f"{by} {version(by)}"
    made.append({"by": name, "kind": kind, "password": password, "stored": stored})


def django_hash(cls, password, cheap, **args):
    hasher = type(cls.__name__, (cls,), cheap)()
    return hasher.encode(password, hasher.salt(), **args)


def for_password(password, defaults):
    """One hash of each kind; with the parameters of every day where `defaults` says so."""
    octets = password.encode()
    rounds = None if defaults else 1000
    scrypt = "scrypt" if defaults else "scrypt:1024:8:1"
    cheap = {} if defaults else {"rounds": 4}

    def passlib(handler, **values):
        return (handler if defaults else handler.using(**values)).hash(password)

    def argon(kind, version=19):
        m, t, p = (65536, 3, 4) if defaults else (64, 1, 1)
        return argon2.hash_secret(octets, bcrypt.gensalt(4)[:16], t, m, p, 32, kind, version)

    add("argon2-cffi", "Argon2", password, argon(argon2.Type.ID))
    add("argon2-cffi", "Argon2", password, argon(argon2.Type.I))
    add("argon2-cffi", "Argon2", password, argon(argon2.Type.D))
    add("argon2-cffi", "Argon2", password, argon(argon2.Type.ID, 16))
    add("passlib", "Argon2", password, passlib(pl.argon2, memory_cost=64, time_cost=1, parallelism=2))

    # These end at NUL, or refuse it.
    if "\0" not in password:
        cost = 12 if defaults else 4
        add("bcrypt", "bcrypt", password, bcrypt.hashpw(octets, bcrypt.gensalt(cost)))
        add("bcrypt", "bcrypt", password, bcrypt.hashpw(octets, bcrypt.gensalt(cost, b"2a")))
        add("passlib", "bcrypt", password, pl.bcrypt.using(rounds=cost, ident="2y").hash(password))
        salt = b"$2x$" + bcrypt.gensalt(cost)[4:]
        if libcrypt and (stored := libcrypt.crypt(octets, salt)) and stored.startswith(b"$2x"):
            add("libcrypt", "bcrypt", password, stored)
        stored = django_hash(dj.BCryptPasswordHasher, password, cheap)
        add("Django", "Django's bcrypt", password, stored)
    v1 = pl.bcrypt_sha256.using(version=1, rounds=12 if defaults else 4)
    add("passlib", "passlib's bcrypt-sha256", password, v1.hash(password))
    v1 = pl.bcrypt_sha256.using(version=1, ident="2a", rounds=12 if defaults else 4)
    add("passlib", "passlib's bcrypt-sha256", password, v1.hash(password))
    add("passlib", "passlib's bcrypt-sha256", password, passlib(pl.bcrypt_sha256, rounds=4))
    stored = django_hash(dj.BCryptSHA256PasswordHasher, password, cheap)
    add("Django", "Django's bcrypt-sha256", password, stored)

    for handler in (pl.pbkdf2_sha1, pl.pbkdf2_sha256, pl.pbkdf2_sha512):
        add("passlib", "passlib's PBKDF2", password, passlib(handler, rounds=1000))
    no_salt = pl.pbkdf2_sha256.using(rounds=1000, salt_size=0)
    add("passlib", "passlib's PBKDF2", password, no_salt.hash(password))
    for cls in (dj.PBKDF2PasswordHasher, dj.PBKDF2SHA1PasswordHasher):
        stored = django_hash(cls, password, {}, iterations=rounds)
        add("Django", "Django's PBKDF2", password, stored)
    for name in ("sha1", "sha256", "sha512"):
        method = f"pbkdf2:{name}" + ("" if defaults else ":1000")
        stored = generate_password_hash(password, method)
        add("Werkzeug", "Werkzeug's PBKDF2", password, stored)

    add("passlib", "passlib's scrypt", password, passlib(pl.scrypt, rounds=4, parallelism=2))
    add("passlib", "passlib's scrypt", password, pl.scrypt.using(rounds=4, salt_size=0).hash(password))
    stored = django_hash(dj.ScryptPasswordHasher, password, {}, n=None if defaults else 16)
    add("Django", "Django's scrypt", password, stored)
    add("Werkzeug", "Werkzeug's scrypt", password, generate_password_hash(password, scrypt))

    argon_cheap = {} if defaults else {"memory_cost": 64, "time_cost": 1, "parallelism": 1}
    stored = django_hash(dj.Argon2PasswordHasher, password, argon_cheap)
    add("Django", "Django's Argon2", password, stored)

    if "\0" not in password:
        for handler in (pl.sha256_crypt, pl.sha512_crypt):
            name = handler.name.replace("_crypt", "-crypt").replace("sha", "SHA-")
            add("passlib", name, password, passlib(handler, rounds=1000))
            # Without its number of rounds, which is 5 000 then.
            add("passlib", name, password, handler.using(rounds=5000).hash(password))
        for ident in ("P", "H"):
            handler = pl.phpass.using(ident=ident, rounds=13 if defaults else 7)
            add("passlib", "phpass", password, handler.hash(password))


libcrypt = None
if path := ctypes.util.find_library("crypt"):
    libcrypt = ctypes.CDLL(path)
    libcrypt.crypt.restype = ctypes.c_char_p
for number, password in enumerate(passwords):
    for_password(password, defaults=number == 0)
print(json.dumps(made, indent=1))
