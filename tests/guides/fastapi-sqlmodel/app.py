"""The app that is left behind: FastAPI, SQLModel, bcrypt and PyJWT, as teams build it by hand.

Environment: DATABASE_URL, SECRET_KEY.
"""

import os
from datetime import datetime, timedelta, timezone
from typing import Annotated

import bcrypt
import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Field, Session, SQLModel, create_engine, select

engine = create_engine(os.environ["DATABASE_URL"])
secret = os.environ["SECRET_KEY"]


def now() -> datetime:
    return datetime.now(timezone.utc)


class User(SQLModel, table=True):
    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True, index=True)
    hashed_password: str
    name: str | None = None
    created_at: datetime = Field(default_factory=now)


class Task(SQLModel, table=True):
    __tablename__ = "tasks"
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    title: str
    description: str | None = None
    completed: bool = False
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class Credentials(SQLModel):
    email: str
    password: str
    name: str | None = None


class NewTask(SQLModel):
    title: str
    description: str | None = None


SQLModel.metadata.create_all(engine)
app = FastAPI()


def database():
    with Session(engine) as session:
        yield session


Database = Annotated[Session, Depends(database)]


def current_user(db: Database, bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> User:
    try:
        subject = jwt.decode(bearer.credentials, secret, algorithms=["HS256"])["sub"]
    except jwt.PyJWTError:
        raise HTTPException(401, "Could not validate credentials") from None
    if user := db.get(User, int(subject)):
        return user
    raise HTTPException(401, "Could not validate credentials")


Caller = Annotated[User, Depends(current_user)]


@app.post("/api/auth/register", status_code=201)
def register(body: Credentials, db: Database):
    if db.exec(select(User).where(User.email == body.email)).first():
        raise HTTPException(409, "Email already registered")
    hashed = bcrypt.hashpw(body.password.encode(), bcrypt.gensalt(int(os.environ.get("BCRYPT_ROUNDS", 4)))).decode()
    user = User(email=body.email, hashed_password=hashed, name=body.name)
    db.add(user)
    db.commit()
    return {"id": user.id, "email": user.email, "name": user.name}


@app.post("/api/auth/login")
def login(body: Credentials, db: Database):
    user = db.exec(select(User).where(User.email == body.email)).first()
    if not user or not bcrypt.checkpw(body.password.encode(), user.hashed_password.encode()):
        raise HTTPException(401, "Incorrect email or password")
    token = jwt.encode({"sub": str(user.id), "exp": now() + timedelta(days=7)}, secret, "HS256")
    return {"access_token": token, "token_type": "bearer"}


@app.get("/api/auth/me")
def me(user: Caller):
    return {"id": user.id, "email": user.email, "name": user.name}


@app.get("/api/tasks")
def tasks(user: Caller, db: Database):
    return db.exec(select(Task).where(Task.user_id == user.id).order_by(Task.id)).all()


@app.post("/api/tasks", status_code=201)
def create(body: NewTask, user: Caller, db: Database):
    task = Task(user_id=user.id, title=body.title, description=body.description)
    db.add(task)
    db.commit()
    db.refresh(task)
    return task


@app.get("/health")
def health():
    return {"status": "healthy"}
