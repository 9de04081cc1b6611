-- Who of another issuer is which user here. Made at the first valid sight of a token; gone with the user.
CREATE TABLE identities (
    id         UUID        NOT NULL PRIMARY KEY,
    issuer     TEXT        NOT NULL,
    subject    TEXT        NOT NULL,
    user_id    UUID        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject);
CREATE INDEX identities_user_id ON identities (user_id);
-- @postgres

-- Whose Better Auth session a token is, as JSON; null if nobody's or expired. Its tables may come later,
-- or never, and the login may lack the right to read them: a reason to say so, not to fail. A column
-- without time zone holds UTC.
CREATE FUNCTION doorward_better_auth_session(asked TEXT, present TIMESTAMPTZ) RETURNS TEXT
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
-- @end
