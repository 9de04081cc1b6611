-- Passkeys: what a browser or a security key signs in with. `credential` is the public key with what WebAuthn keeps of
-- it, as JSON. `counter` is what the authenticator counted last, and 0 where it counts nothing. `address_proven` says
-- whether the account's address was proven when the passkey was added: whoever proves it later may be somebody else.
CREATE TABLE passkeys (
    id                UUID        NOT NULL PRIMARY KEY,
    user_id           UUID        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_digest BYTEA       NOT NULL,
    credential        TEXT        NOT NULL,
    counter           BIGINT      NOT NULL,
    backup_eligible   BOOLEAN     NOT NULL,
    backed_up         BOOLEAN     NOT NULL,
    address_proven    BOOLEAN     NOT NULL,
    name              TEXT        NOT NULL,
    created_at        TIMESTAMPTZ NOT NULL,
    last_used_at      TIMESTAMPTZ
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_digest);
CREATE INDEX passkeys_user_id ON passkeys (user_id);
-- What authenticators know a user by: random, the same for all of a user's passkeys, and made with the first.
CREATE TABLE passkey_handles (
    user_id UUID  NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    handle  BYTEA NOT NULL
);
CREATE UNIQUE INDEX passkey_handles_handle ON passkey_handles (handle);
