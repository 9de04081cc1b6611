-- Devices that stand for the second step of a sign-in, for a time. Of the token that a device holds only a
-- digest is kept. `bound` is of the password and the address at the time: with others it counts no more.
CREATE TABLE trusted_devices (
    id           UUID        NOT NULL PRIMARY KEY,
    user_id      UUID        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest       BYTEA       NOT NULL,
    bound        TEXT        NOT NULL,
    name         TEXT        NOT NULL,
    ip           TEXT,
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    expires_at   TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX trusted_devices_digest ON trusted_devices (user_id, digest);
CREATE INDEX trusted_devices_expires_at ON trusted_devices (expires_at);
