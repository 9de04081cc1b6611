-- Tasks, each reachable by its owner alone. `due_sort` keeps tasks without a due date in keyset order;
-- the `…_search` columns are title and description folded for `q=`. Titles sort by their bytes on both
-- databases.
CREATE TABLE tasks (
    id           UUID        NOT NULL PRIMARY KEY,
    user_id      UUID        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
-- @postgres
    title        TEXT        COLLATE "C" NOT NULL,
-- @end
-- @sqlite
    title        TEXT        NOT NULL,
-- @end
    description  TEXT,
    completed    BOOLEAN     NOT NULL DEFAULT FALSE,
    completed_at TIMESTAMPTZ,
    priority     SMALLINT    NOT NULL DEFAULT 0,
    due_at       TIMESTAMPTZ,
    due_sort     TIMESTAMPTZ NOT NULL,
    title_search TEXT        NOT NULL,
    description_search TEXT,
    version      BIGINT      NOT NULL DEFAULT 1,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX tasks_created ON tasks (user_id, created_at, id);
CREATE INDEX tasks_updated ON tasks (user_id, updated_at, id);
CREATE INDEX tasks_due ON tasks (user_id, due_sort, id);
CREATE INDEX tasks_priority ON tasks (user_id, priority, id);
CREATE INDEX tasks_title ON tasks (user_id, title, id);
-- @postgres
-- Row-level security, enabled but not forced: forced, the owner's pg_dump would fail and data
-- migrations would silently touch nothing. The server reads through `own_tasks` only, and PostgreSQL
-- applies the policies of the view's owner, even to superusers.
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tasks ON tasks
    USING (user_id = nullif(current_setting('doorward.user_id', true), '')::uuid)
    WITH CHECK (user_id = nullif(current_setting('doorward.user_id', true), '')::uuid);
CREATE VIEW own_tasks AS SELECT id, user_id, title, description, completed, completed_at, priority,
    due_at, due_sort, title_search, description_search, version, created_at, updated_at FROM tasks;

-- The view's owner: a role that cannot sign in, is not the table's owner and does not bypass the
-- policy. Roles belong to the whole cluster, so it may exist already, or appear while we look.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'doorward_tenant') THEN
        CREATE ROLE doorward_tenant NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;
-- Since PostgreSQL 16 who creates a role may not yet act as it.
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'doorward_tenant', CASE WHEN
        current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
        GRANT doorward_tenant TO CURRENT_USER;
    END IF;
EXCEPTION WHEN unique_violation THEN
    NULL;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON tasks TO doorward_tenant;
-- A new owner needs CREATE on the schema, for that one statement. The login is granted the view by
-- its new owner, so that it need not inherit the role.
DO $$
DECLARE
    login name := current_user;
BEGIN
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO doorward_tenant', current_schema());
    ALTER VIEW own_tasks OWNER TO doorward_tenant;
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM doorward_tenant', current_schema());
    SET LOCAL ROLE doorward_tenant;
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON own_tasks TO %I', login);
    EXECUTE format('SET LOCAL ROLE %I', login);
END $$;
-- @end
