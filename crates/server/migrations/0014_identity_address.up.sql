-- Whether the issuer said, when the tie was made, that the account's address is this person's. Nobody else is
-- linked to an account that somebody opens without that.
ALTER TABLE identities ADD COLUMN address_proven BOOLEAN NOT NULL DEFAULT FALSE;
