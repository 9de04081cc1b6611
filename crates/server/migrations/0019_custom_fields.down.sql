ALTER TABLE users DROP COLUMN locale;
ALTER TABLE users DROP COLUMN app_metadata;
ALTER TABLE users DROP COLUMN user_metadata;
