-- Networks that guessed lately while strangers had to wait: each may a little, so that nobody who takes
-- every guess as it becomes free keeps the owner out. A keyed hash of the network and a number, eight
-- characters an entry, forgotten after a day; `newcomer` is the entry that the last guess added.
ALTER TABLE login_guards ADD COLUMN newcomers TEXT NOT NULL DEFAULT '';
ALTER TABLE login_guards ADD COLUMN newcomer TEXT NOT NULL DEFAULT '';
ALTER TABLE login_guards ADD COLUMN newcomers_since TIMESTAMPTZ;
