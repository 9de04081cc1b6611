-- @postgres
-- A refresh changes no indexed column. With room for it on the row's page, PostgreSQL writes the new version there and
-- to no index (a heap-only tuple). Pages that are full already stay so until their rows change.
ALTER TABLE sessions SET (fillfactor = 85);
-- @end
