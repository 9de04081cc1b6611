"""The app that is left behind: FastAPI Users as its documentation sets it up, and todos.

Environment: DATABASE_URL, SECRET_KEY.
"""

import os
import uuid
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from pydantic import BaseModel
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

secret = os.environ["SECRET_KEY"]
engine = create_async_engine(os.environ["DATABASE_URL"])
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class Todo(Base):
    __tablename__ = "todos"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    is_completed: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = secret
    verification_token_secret = secret


class NewTodo(BaseModel):
    title: str


async def database():
    async with sessions() as session:
        yield session


async def manager(db: AsyncSession = Depends(database)):
    yield UserManager(SQLAlchemyUserDatabase(db, User))


backend = AuthenticationBackend(
    name="jwt",
    transport=BearerTransport(tokenUrl="auth/jwt/login"),
    get_strategy=lambda: JWTStrategy(secret=secret, lifetime_seconds=3600),
)
users = FastAPIUsers[User, uuid.UUID](manager, [backend])
current_user = users.current_user(active=True)


@asynccontextmanager
async def lifespan(_):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)
app.include_router(users.get_auth_router(backend), prefix="/auth/jwt")
app.include_router(users.get_register_router(schemas.BaseUser[uuid.UUID], schemas.BaseUserCreate), prefix="/auth")
app.include_router(users.get_users_router(schemas.BaseUser[uuid.UUID], schemas.BaseUserUpdate), prefix="/users")


@app.get("/todos")
async def todos(user: User = Depends(current_user), db: AsyncSession = Depends(database)):
    found = await db.scalars(select(Todo).where(Todo.owner_id == user.id).order_by(Todo.id))
    return [{"id": todo.id, "title": todo.title, "is_completed": todo.is_completed} for todo in found]


@app.post("/todos", status_code=201)
async def create(body: NewTodo, user: User = Depends(current_user), db: AsyncSession = Depends(database)):
    db.add(Todo(title=body.title, owner_id=user.id))
    await db.commit()


@app.get("/health")
async def health():
    return {"status": "healthy"}
