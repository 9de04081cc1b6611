"""FastAPI: who is calling, by Doorward's published keys or by the shared secret (HS256)."""

import os
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer

DOORWARD = os.environ.get("DOORWARD_URL", "http://127.0.0.1:8000")
ISSUER = os.environ.get("DOORWARD_ISSUER", "doorward")
SECRET = os.environ.get("DOORWARD_SECRET")  # only where TOKEN_ALGORITHM is HS256
if SECRET is not None and len(SECRET.encode()) < 32:  # with an empty one anybody can make tokens
    raise SystemExit("DOORWARD_SECRET needs at least 32 bytes; leave it unset to use the published keys")
# What TOKEN_AUDIENCE is. Without it PyJWT refuses a token that has an `aud`: it is for somebody else.
AUDIENCE = os.environ.get("DOORWARD_AUDIENCE") or None

bearer = OAuth2PasswordBearer(tokenUrl=f"{DOORWARD}/auth/login")
keys = jwt.PyJWKClient(f"{DOORWARD}/.well-known/jwks.json", lifespan=300)


def current_user(token: Annotated[str, Depends(bearer)]) -> str:
    try:
        key = SECRET or keys.get_signing_key_from_jwt(token)
        algorithms = ["HS256"] if SECRET else ["EdDSA", "ES256", "RS256"]
        required = {"require": ["exp", "iat", "iss", "sub", "sid"]}
        claims = jwt.decode(
            token, key, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE, options=required
        )
    except jwt.PyJWKClientConnectionError:  # says nothing of the token: a 401 would sign people out
        raise HTTPException(503, "Could not fetch the keys")
    except jwt.PyJWTError:
        raise HTTPException(401, "Could not validate credentials", {"WWW-Authenticate": "Bearer"})
    return claims["sub"]


app = FastAPI()


@app.get("/whoami")
def whoami(user: Annotated[str, Depends(current_user)]) -> dict[str, str]:
    return {"user": user}
