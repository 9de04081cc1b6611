DROP INDEX sessions_device;
ALTER TABLE sessions DROP COLUMN network;
ALTER TABLE sessions DROP COLUMN program;
