-- Bans. A ban without an end is one until the last instant there is.
ALTER TABLE users ADD COLUMN banned_until TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN ban_reason TEXT;
-- @postgres

-- Ends a transaction whose precondition fails, inside the one message that carries it all.
-- SQLite has the function from the server itself.
CREATE FUNCTION doorward_refuse(reason TEXT) RETURNS TEXT LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'DW001', MESSAGE = reason;
END $$;
-- @end
