-- @postgres
-- The same where the tables are known already (doorward_better_auth_tables): looking for them in the catalog
-- takes hundreds of times as long as reading the session.
CREATE FUNCTION doorward_better_auth_session_of(asked TEXT, present TIMESTAMPTZ, tables TEXT) RETURNS TEXT
LANGUAGE plpgsql STABLE SET timezone = 'UTC' AS $$
DECLARE
    named JSON := tables::json;
    answer TEXT;
BEGIN
    EXECUTE format('SELECT json_build_object(''subject'', s.%1$s::text, ''email'', u.email, '
        '''name'', u.name, ''email_verified'', u.%2$s)::text '
        'FROM %3$s s JOIN %4$s u ON u.id = s.%1$s '
        'WHERE s.token = $1 AND s.%5$s > $2', named->>'user_id', named->>'email_verified',
        named->>'sessions', named->>'users', named->>'expires_at') INTO answer USING asked, present;
    RETURN answer;
EXCEPTION WHEN undefined_table OR undefined_column OR invalid_schema_name OR insufficient_privilege THEN
    RETURN json_build_object('unreadable', SQLERRM)::text;
END $$;
-- @end
