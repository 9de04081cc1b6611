-- Codes to sign in. `mailbox` is a keyed hash of the address that a code is mailed to, `code_owner` one of
-- what the client that asked was given, and `client` one of where it asked from: whoever has neither cannot
-- guess. A code that another took the place of keeps its row for a while, since its guesses count.
ALTER TABLE single_use ADD COLUMN mailbox BYTEA;
ALTER TABLE single_use ADD COLUMN client BYTEA;
CREATE INDEX single_use_mailbox ON single_use (mailbox) WHERE mailbox IS NOT NULL;
