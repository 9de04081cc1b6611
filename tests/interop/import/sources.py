"""Databases as SQLModel, FastAPI Users, full-stack-fastapi-template and Django make them themselves, with people in them.

    sources.py KIND URL    makes the tables and the people of one of them

Every person's password is `violet kettle drum 41`.
"""

import sys
import uuid
from datetime import datetime, timezone

PASSWORD = "violet kettle drum 41"


def sqlmodel(url):
    """The models of a usual tutorial: integer ids, bcrypt."""
    import bcrypt
    from sqlmodel import Field, Session, SQLModel, create_engine

    class User(SQLModel, table=True):
        __tablename__ = "users"
        id: int | None = Field(default=None, primary_key=True)
        email: str = Field(unique=True, index=True)
        hashed_password: str
        full_name: str | None = None
        is_active: bool = True
        created_at: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))

    class Task(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        user_id: int = Field(foreign_key="users.id", index=True)
        title: str = Field(max_length=255)
        description: str | None = None
        completed: bool = False
        priority: str = "medium"
        due_date: datetime | None = None
        created_at: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))

    engine = create_engine(url)
    SQLModel.metadata.create_all(engine)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    with Session(engine) as session:
        ada = User(email="ada@example.com", hashed_password=hashed, full_name="Ada")
        session.add(ada)
        session.commit()
        session.add(Task(user_id=ada.id, title="Write notes", priority="high", due_date=datetime(2026, 1, 5, tzinfo=timezone.utc)))
        session.commit()


def fastapi_template(url):
    """The models of full-stack-fastapi-template: UUIDs, items."""
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher
    from sqlmodel import Field, Session, SQLModel, create_engine

    class User(SQLModel, table=True):
        id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
        email: str = Field(unique=True, index=True, max_length=255)
        is_active: bool = True
        is_superuser: bool = False
        full_name: str | None = Field(default=None, max_length=255)
        hashed_password: str

    class Item(SQLModel, table=True):
        id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
        title: str = Field(min_length=1, max_length=255)
        description: str | None = Field(default=None, max_length=255)
        owner_id: uuid.UUID = Field(foreign_key="user.id", nullable=False, ondelete="CASCADE")

    engine = create_engine(url)
    SQLModel.metadata.create_all(engine)
    hashed = PasswordHash((Argon2Hasher(),)).hash(PASSWORD)
    with Session(engine) as session:
        ada = User(email="ada@example.com", hashed_password=hashed, full_name="Ada", is_superuser=True)
        session.add(ada)
        session.commit()
        session.add(Item(owner_id=ada.id, title="Write notes"))
        session.commit()


def fastapi_users(url):
    """FastAPI Users' own table and its own hashes (Argon2id)."""
    from fastapi_users.db import SQLAlchemyBaseUserTableUUID
    from fastapi_users.password import PasswordHelper
    from sqlalchemy import ForeignKey, String, create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

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

    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        ada = User(email="ada@example.com", hashed_password=PasswordHelper().hash(PASSWORD), is_verified=True)
        session.add(ada)
        session.commit()
        session.add(Todo(owner_id=ada.id, title="Write notes"))
        session.commit()


def django(url):
    """Django's own tables, by its own migrations, and its own hashes."""
    import types

    import django
    from django.conf import settings

    if url.startswith("sqlite"):
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": url.split(":///")[1]}
    else:
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        database = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path[1:],
            "USER": parts.username,
            "HOST": parts.hostname,
            "PORT": parts.port,
        }
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "todo"],
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    package = types.ModuleType("todo")
    package.__path__ = ["todo"]
    package.__file__ = "todo/__init__.py"
    sys.modules["todo"] = package
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection, models

    class Task(models.Model):
        title = models.CharField(max_length=200)
        done = models.BooleanField(default=False)
        owner = models.ForeignKey(User, on_delete=models.CASCADE)
        created = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label = "todo"

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Task)
    ada = User.objects.create_user("ada", "ada@example.com", PASSWORD, first_name="Ada", last_name="Lovelace")
    User.objects.create_user("grace", "grace@example.com")
    Task.objects.create(title="Write notes", owner=ada)


if __name__ == "__main__":
    kind, url = sys.argv[1:]
    {"sqlmodel": sqlmodel, "fastapi-template": fastapi_template, "fastapi-users": fastapi_users, "django": django}[kind](url)
