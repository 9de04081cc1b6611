"""The app that is left behind: the tables, routes and answers of full-stack-fastapi-template.

Environment: DATABASE_URL, SECRET_KEY.
"""

import os
import uuid
from datetime import datetime, timedelta, timezone
from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlmodel import Field, Session, SQLModel, create_engine, func, select

engine = create_engine(os.environ["DATABASE_URL"])
secret = os.environ["SECRET_KEY"]
passwords = PasswordHash((Argon2Hasher(), BcryptHasher()))


def now() -> datetime:
    return datetime.now(timezone.utc)


class User(SQLModel, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    email: str = Field(unique=True, index=True, max_length=255)
    is_active: bool = True
    is_superuser: bool = False
    full_name: str | None = Field(default=None, max_length=255)
    hashed_password: str
    created_at: datetime | None = Field(default_factory=now)


class Item(SQLModel, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    title: str = Field(min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=255)
    owner_id: uuid.UUID = Field(foreign_key="user.id", nullable=False, ondelete="CASCADE")
    created_at: datetime | None = Field(default_factory=now)


class Registration(SQLModel):
    email: str
    password: str = Field(min_length=8, max_length=128)
    full_name: str | None = None


class NewPassword(SQLModel):
    current_password: str
    new_password: str = Field(min_length=8, max_length=128)


class ItemIn(SQLModel):
    title: str = Field(min_length=1, max_length=255)
    description: str | None = None


SQLModel.metadata.create_all(engine)
api = APIRouter(prefix="/api/v1")


def database():
    with Session(engine) as session:
        yield session


Database = Annotated[Session, Depends(database)]
Bearer = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="/api/v1/login/access-token"))]


def current_user(db: Database, token: Bearer) -> User:
    try:
        subject = jwt.decode(token, secret, algorithms=["HS256"])["sub"]
    except jwt.PyJWTError:
        raise HTTPException(403, "Could not validate credentials") from None
    user = db.get(User, uuid.UUID(subject))
    if not user:
        raise HTTPException(404, "User not found")
    if not user.is_active:
        raise HTTPException(400, "Inactive user")
    return user


Caller = Annotated[User, Depends(current_user)]


def by_email(db: Session, email: str) -> User | None:
    return db.exec(select(User).where(User.email == email)).first()


def shown(user: User):
    return user.model_dump(exclude={"hashed_password"})


@api.post("/login/access-token")
def login(db: Database, form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    user = by_email(db, form.username)
    if not user or not passwords.verify(form.password, user.hashed_password):
        raise HTTPException(400, "Incorrect email or password")
    if not user.is_active:
        raise HTTPException(400, "Inactive user")
    claims = {"exp": now() + timedelta(days=8), "sub": str(user.id)}
    return {"access_token": jwt.encode(claims, secret, algorithm="HS256"), "token_type": "bearer"}


@api.post("/users/signup")
def register(db: Database, body: Registration):
    if by_email(db, body.email):
        raise HTTPException(400, "The user with this email already exists in the system")
    user = User(email=body.email, full_name=body.full_name, hashed_password=passwords.hash(body.password))
    db.add(user)
    db.commit()
    db.refresh(user)
    return shown(user)


@api.get("/users/me")
def me(user: Caller):
    return shown(user)


@api.get("/users/")
def people(db: Database, user: Caller, skip: int = 0, limit: int = 100):
    if not user.is_superuser:
        raise HTTPException(403, "The user doesn't have enough privileges")
    count = db.exec(select(func.count()).select_from(User)).one()
    return {"data": [shown(one) for one in db.exec(select(User).offset(skip).limit(limit))], "count": count}


@api.patch("/users/me/password")
def change_password(db: Database, user: Caller, body: NewPassword):
    if not passwords.verify(body.current_password, user.hashed_password):
        raise HTTPException(400, "Incorrect password")
    user.hashed_password = passwords.hash(body.new_password)
    db.add(user)
    db.commit()
    return {"message": "Password updated successfully"}


@api.get("/items/")
def items(db: Database, user: Caller, skip: int = 0, limit: int = 100):
    own = select(Item).where(Item.owner_id == user.id)
    count = db.exec(select(func.count()).select_from(own.subquery())).one()
    return {"data": db.exec(own.order_by(Item.created_at).offset(skip).limit(limit)).all(), "count": count}


@api.post("/items/")
def create_item(db: Database, user: Caller, body: ItemIn):
    item = Item(title=body.title, description=body.description, owner_id=user.id)
    db.add(item)
    db.commit()
    db.refresh(item)
    return item


def own_item(db: Database, user: Caller, id: uuid.UUID) -> Item:
    item = db.get(Item, id)
    if not item:
        raise HTTPException(404, "Item not found")
    if item.owner_id != user.id:
        raise HTTPException(400, "Not enough permissions")
    return item


OwnItem = Annotated[Item, Depends(own_item)]


@api.put("/items/{id}")
def update_item(db: Database, item: OwnItem, body: ItemIn):
    item.sqlmodel_update(body.model_dump(exclude_unset=True))
    db.add(item)
    db.commit()
    db.refresh(item)
    return item


@api.delete("/items/{id}")
def delete_item(db: Database, item: OwnItem):
    db.delete(item)
    db.commit()
    return {"message": "Item deleted successfully"}


@api.get("/utils/health-check/")
def health():
    return True


app = FastAPI()
app.include_router(api)
app.add_api_route("/health", health)
