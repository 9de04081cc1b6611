-- Keys for programs. The id is a digest of the key (SHA-256, cut to a UUID of version 8), so a key is found by
-- its primary key and nothing stored opens anything. `scopes` begins and ends with a comma, and has one
-- between each two. A restricted key counts only from its networks, whose first and last addresses are
-- IPv6 ones of 16 bytes.
CREATE TABLE api_keys (
    id            UUID        NOT NULL PRIMARY KEY,
    user_id       UUID        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name          TEXT        NOT NULL,
    scopes        TEXT        NOT NULL,
    is_restricted BOOLEAN     NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    expires_at    TIMESTAMPTZ,
    last_used_at  TIMESTAMPTZ,
    last_used_ip  TEXT
);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at);
CREATE TABLE api_key_networks (
    key_id  UUID  NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    network TEXT  NOT NULL,
    lowest  BYTEA NOT NULL,
    highest BYTEA NOT NULL,
    PRIMARY KEY (key_id, network)
);
-- Accounts of programs: no password and no address ever, so there is nothing to sign in with but keys.
ALTER TABLE users ADD COLUMN is_service BOOLEAN NOT NULL DEFAULT FALSE
    CHECK (NOT is_service OR (hashed_password IS NULL AND email IS NULL AND username IS NULL));
