-- @postgres
-- Better Auth's tables and columns, as they are called here: its own names, Drizzle's and Prisma's plural and
-- snake_case ones. The first schema of the search path that has both. JSON, ready to be put into a
-- statement; null if there are none. Doorward's own tables have other columns.
CREATE FUNCTION doorward_better_auth_tables() RETURNS TEXT
LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'sessions', format('%I.%I', n.nspname, s.relname), 'users', format('%I.%I', n.nspname, u.relname),
        'user_id', quote_ident(owner.attname), 'expires_at', quote_ident(until.attname),
        'email_verified', quote_ident(proven.attname))::text
    FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (name, place)
    JOIN pg_namespace n ON n.nspname = path.name
    JOIN pg_class s ON s.relnamespace = n.oid AND s.relname IN ('session', 'sessions')
    JOIN pg_attribute token ON token.attrelid = s.oid AND token.attname = 'token'
    JOIN pg_attribute owner ON owner.attrelid = s.oid AND owner.attname IN ('userId', 'user_id')
    JOIN pg_attribute until ON until.attrelid = s.oid AND until.attname IN ('expiresAt', 'expires_at')
    JOIN pg_class u ON u.relnamespace = n.oid AND u.relname IN ('user', 'users')
    JOIN pg_attribute proven ON proven.attrelid = u.oid AND proven.attname IN ('emailVerified', 'email_verified')
    WHERE s.relkind IN ('r', 'p', 'v', 'm', 'f') AND u.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT 1 FROM pg_attribute own WHERE own.attrelid = u.oid AND own.attname = 'email_key')
    ORDER BY path.place, s.relname, u.relname, owner.attname, until.attname, proven.attname LIMIT 1
$$;
CREATE OR REPLACE FUNCTION doorward_better_auth_session(asked TEXT, present TIMESTAMPTZ) RETURNS TEXT
LANGUAGE plpgsql STABLE SET timezone = 'UTC' AS $$
DECLARE
    named JSON := doorward_better_auth_tables();
    answer TEXT;
BEGIN
    IF named IS NULL THEN
        RETURN json_build_object('unreadable', 'no schema of the search path has tables session (or sessions) '
            'and user (or users) with the columns of Better Auth')::text;
    END IF;
    EXECUTE format('SELECT json_build_object(''subject'', s.%1$s::text, ''email'', u.email, '
        '''name'', u.name, ''email_verified'', u.%2$s)::text '
        'FROM %3$s s JOIN %4$s u ON u.id = s.%1$s '
        'WHERE s.token = $1 AND s.%5$s > $2', named->>'user_id', named->>'email_verified',
        named->>'sessions', named->>'users', named->>'expires_at') INTO answer USING asked, present;
    RETURN answer;
EXCEPTION WHEN undefined_table OR undefined_column OR insufficient_privilege THEN
    RETURN json_build_object('unreadable', SQLERRM)::text;
END $$;
-- @end
