-- Key pairs that sign access tokens where TOKEN_ALGORITHM is not HS256. `sealed` is the private part
-- under a key derived from the server's secret, so nothing in this table signs by itself. A key is
-- published from its first day, signs from `active_at` until `retired_at`, verifies until `remove_at`.
CREATE TABLE signing_keys (
    kid        TEXT        NOT NULL PRIMARY KEY,
    algorithm  TEXT        NOT NULL,
    public_jwk TEXT        NOT NULL,
    sealed     BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    active_at  TIMESTAMPTZ NOT NULL,
    retired_at TIMESTAMPTZ,
    remove_at  TIMESTAMPTZ
);
