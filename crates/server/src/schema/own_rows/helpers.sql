-- Row-level security for your own tables, by the user whom a verified token names. Printed by
-- `doorward db rls-sql` for PostgreSQL; run it as the owner of the tables. Running it again changes nothing.
--
-- Who says who is calling:
--   * PostgREST and Neon's Data API verify a token, and then put its claims into the setting
--     request.jwt.claims of each transaction. They take no SQL from callers.
--   * Where the extension pg_session_jwt is installed, its auth.session() is asked. If the connection was
--     opened with a key (pg_session_jwt.jwk), it verifies the token itself; else it reads the same setting.
--
-- What can be forged: request.jwt.claims is an ordinary setting. Whoever can send SQL of their own as
-- {role}, also through an injection in your backend, can run
--   SELECT set_config('request.jwt.claims', '{"sub": "somebody else"}', true)
-- and is then that user. So give nobody a password of a login that may become {role}, and let only
-- PostgREST, the Data API or a backend that verifies tokens connect. With pg_session_jwt and a key a forged
-- token is an error, but whoever chooses the parameters of the connection chooses the key.
-- Superusers, roles with BYPASSRLS (Neon's default ones) and the owner of a table see all of its rows.

BEGIN;

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {role_text}) THEN
        CREATE ROLE {role_name} NOLOGIN;
    END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS doorward;
GRANT USAGE ON SCHEMA doorward TO {role_name};

-- The claims of the caller's token; null without one, if it has expired, or if it cannot be read.
CREATE OR REPLACE FUNCTION doorward.claims() RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    said jsonb;
    is_present boolean;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_session_jwt') THEN
        EXECUTE 'SELECT auth.session()' INTO said;
    ELSE
        said := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    END IF;
    is_present := jsonb_typeof(said) = 'object'{issuer}
        AND (said -> 'exp' IS NULL OR (said ->> 'exp')::numeric > extract(epoch FROM statement_timestamp()) - 60);
    RETURN CASE WHEN is_present THEN said END;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;

-- The user's id as text; null without one.
CREATE OR REPLACE FUNCTION doorward.user_id() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT nullif(said.claims ->> 'sub', '') FROM (SELECT doorward.claims() AS claims) said
    WHERE jsonb_typeof(said.claims -> 'sub') = 'string'
$$;

-- The user's id as UUID, as Doorward's and Neon Auth's tokens have it; null without one.
CREATE OR REPLACE FUNCTION doorward.uid() RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT CASE WHEN said.id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN said.id::uuid END
    FROM (SELECT doorward.user_id() AS id) said
$$;
