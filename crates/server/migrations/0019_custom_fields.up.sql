-- An app's own fields on an account, as the texts of JSON objects: those of its owner and those of administrators.
-- Null for none. And the language its owner reads, as a BCP 47 tag.
ALTER TABLE users ADD COLUMN user_metadata TEXT;
ALTER TABLE users ADD COLUMN app_metadata TEXT;
ALTER TABLE users ADD COLUMN locale TEXT;
