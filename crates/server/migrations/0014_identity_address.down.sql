ALTER TABLE identities DROP COLUMN address_proven;
