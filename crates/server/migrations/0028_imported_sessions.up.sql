-- Sessions that an import brought from another issuer: each is a row of `sessions`, and this says which token
-- opens it. Of issuer and token only a digest is kept. `seen_at` is the latest import that found it at its source.
CREATE TABLE imported_sessions (
    digest     BYTEA       NOT NULL PRIMARY KEY,
    session_id UUID        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issuer     TEXT        NOT NULL,
    seen_at    TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX imported_sessions_session_id ON imported_sessions (session_id);
CREATE INDEX imported_sessions_issuer ON imported_sessions (issuer, seen_at);
