-- @postgres
CREATE OR REPLACE FUNCTION doorward_better_auth_session(asked TEXT, present TIMESTAMPTZ) RETURNS TEXT
LANGUAGE plpgsql STABLE SET timezone = 'UTC' AS $$
DECLARE
    answer TEXT;
BEGIN
    EXECUTE 'SELECT json_build_object(''subject'', s."userId"::text, ''email'', u.email, '
        '''name'', u.name, ''email_verified'', u."emailVerified")::text '
        'FROM session s JOIN "user" u ON u.id = s."userId" '
        'WHERE s.token = $1 AND s."expiresAt" > $2' INTO answer USING asked, present;
    RETURN answer;
EXCEPTION WHEN undefined_table OR undefined_column OR insufficient_privilege THEN
    RETURN json_build_object('unreadable', SQLERRM)::text;
END $$;
DROP FUNCTION doorward_better_auth_tables();
-- @end
