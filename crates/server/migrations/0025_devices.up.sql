-- What a session was begun with, so that a sign-in from a new device can be told of: the program without
-- its version, such as `Firefox, Linux`, and the network of the client, widely cut. Null where nobody is
-- told. Forgotten with the session.
ALTER TABLE sessions ADD COLUMN program TEXT;
ALTER TABLE sessions ADD COLUMN network TEXT;
CREATE INDEX sessions_device ON sessions (user_id, program, network) WHERE program IS NOT NULL;
