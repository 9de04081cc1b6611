DROP INDEX single_use_mailbox;
ALTER TABLE single_use DROP COLUMN client;
ALTER TABLE single_use DROP COLUMN mailbox;
