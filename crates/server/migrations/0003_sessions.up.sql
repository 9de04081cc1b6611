-- One row a sign-in. The refresh token's MAC key is derived from the server's secret and `salt`, so
-- nothing in this table signs anybody in. `expires_at` is the idle limit, never past `max_expires_at`.
CREATE TABLE sessions (
    id              UUID        NOT NULL PRIMARY KEY,
    user_id         UUID        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    counter         BIGINT      NOT NULL DEFAULT 0,
    confirmed       BIGINT      NOT NULL DEFAULT 0,
    salt            BYTEA       NOT NULL,
    ip              TEXT,
    user_agent      TEXT,
    created_at      TIMESTAMPTZ NOT NULL,
    rotated_at      TIMESTAMPTZ NOT NULL,
    last_seen_at    TIMESTAMPTZ NOT NULL,
    expires_at      TIMESTAMPTZ NOT NULL,
    max_expires_at  TIMESTAMPTZ NOT NULL,
    ended_at        TIMESTAMPTZ,
    end_reason      TEXT
);
CREATE INDEX sessions_user_id ON sessions (user_id, created_at);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
