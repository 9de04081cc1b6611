-- How a session was authenticated: `amr` has a letter for each method, `auth_time` is when; null in rows that
-- an older binary writes, where it is `created_at`. A password is what older sessions began with.
ALTER TABLE sessions ADD COLUMN auth_time TIMESTAMPTZ;
ALTER TABLE sessions ADD COLUMN amr TEXT NOT NULL DEFAULT 'p';

-- What proves who somebody is besides the password. It counts once `confirmed_at` is set. The secret of an
-- authenticator app is sealed; no code of a step up to `last_step` counts again. `claim` names the request
-- that used it last: the claim is the write.
CREATE TABLE factors (
    id           UUID        NOT NULL PRIMARY KEY,
    user_id      UUID        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT        NOT NULL,
    name         TEXT,
    secret       BYTEA,
    last_step    BIGINT      NOT NULL DEFAULT 0,
    claim        UUID,
    created_at   TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ
);
CREATE INDEX factors_user_id ON factors (user_id);

-- Codes for the day the factors are lost, each good once. Only digests are kept.
CREATE TABLE recovery_codes (
    digest     BYTEA       NOT NULL PRIMARY KEY,
    user_id    UUID        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    claim      UUID,
    used_at    TIMESTAMPTZ
);
CREATE INDEX recovery_codes_user_id ON recovery_codes (user_id);
