-- Accounts. E-mail addresses are unique without regard to ASCII case.
CREATE TABLE users (
    id              UUID        NOT NULL PRIMARY KEY,
    email           TEXT,
    email_key       TEXT,
    email_verified  BOOLEAN     NOT NULL DEFAULT FALSE,
    name            TEXT,
    hashed_password TEXT,
    is_active       BOOLEAN     NOT NULL DEFAULT TRUE,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX users_email_key ON users (email_key);
CREATE INDEX users_created_at ON users (created_at, id);
