-- Wrong passwords in a row, counted before they are tried: the claim is the write. A row for each
-- account and source: '' is anybody, the others are places known to the account (networks it has
-- signed in from, as keyed hashes; its sessions), which are counted apart so that strangers cannot
-- keep the owner out. Addresses without an account share a fixed number of rows.
CREATE TABLE login_guards (
    account  UUID        NOT NULL,
    source   TEXT        NOT NULL,
    failures BIGINT      NOT NULL,
    retry_at TIMESTAMPTZ NOT NULL,
    last_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account, source)
);
