-- Secrets that work once: what the links and codes in mails carry. Only digests are kept, so nothing in
-- this table opens anything. `claim` names the request that used the secret: the claim is the write.
-- `bound` is what must still be true, or what shall become true, when it is used.
CREATE TABLE single_use (
    digest     BYTEA       NOT NULL PRIMARY KEY,
    purpose    TEXT        NOT NULL,
    user_id    UUID        REFERENCES users (id) ON DELETE CASCADE,
    bound      TEXT,
    code_owner BYTEA,
    code       BYTEA,
    attempts   BIGINT      NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL,
    works_until TIMESTAMPTZ NOT NULL,
    claim      UUID,
    used_at    TIMESTAMPTZ
);
CREATE INDEX single_use_user_id ON single_use (user_id);
CREATE INDEX single_use_works_until ON single_use (works_until);
CREATE INDEX single_use_code_owner ON single_use (code_owner) WHERE code_owner IS NOT NULL;
