-- The outbox. A row is written in the transaction of the change that causes a mail and delivered later.
-- `contents` is sealed with the server's secret: first what was asked for, then the letter itself, and
-- nothing once it is sent. `mailbox` and `asker` are keyed hashes of the recipient and of the client that
-- asks, to count by. `slot` numbers the mails of one kind to one mailbox, so that two requests at the same
-- time cannot both be the last one allowed. `due_at` is when somebody should next look at the row: the end
-- of a lease while it is being delivered, nothing once it is done.
CREATE TABLE mail (
    id         UUID        NOT NULL PRIMARY KEY,
    kind       TEXT        NOT NULL,
    mailbox    BYTEA       NOT NULL,
    slot       BIGINT,
    asker      BYTEA,
    user_id    UUID        REFERENCES users (id) ON DELETE CASCADE,
    state      TEXT        NOT NULL CHECK (state IN ('asked', 'waiting', 'sent', 'failed', 'void')),
    contents   BYTEA,
    attempts   BIGINT      NOT NULL,
    due_at     TIMESTAMPTZ,
    claim      UUID,
    expires_at TIMESTAMPTZ,
    last_error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    done_at    TIMESTAMPTZ
);
CREATE UNIQUE INDEX mail_slots ON mail (mailbox, kind, slot);
CREATE INDEX mail_by_asker ON mail (asker, created_at) WHERE asker IS NOT NULL;
CREATE INDEX mail_by_user ON mail (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX mail_due ON mail (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mail_done ON mail (done_at) WHERE done_at IS NOT NULL;
