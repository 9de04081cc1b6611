ALTER TABLE login_guards DROP COLUMN newcomers_since;
ALTER TABLE login_guards DROP COLUMN newcomer;
ALTER TABLE login_guards DROP COLUMN newcomers;
