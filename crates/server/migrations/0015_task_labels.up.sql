-- Tags, one a line with a line end before the first and after the last, so that one of them is found as text;
-- and an app's own fields, as the text of a JSON object. Null for none.
ALTER TABLE tasks ADD COLUMN tags TEXT;
ALTER TABLE tasks ADD COLUMN metadata TEXT;
-- @postgres
-- Replacing a view needs its owner and, for that one statement, CREATE on the schema.
DO $$
DECLARE
    login name := current_user;
    place name := current_schema();
BEGIN
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO doorward_tenant', place);
    SET LOCAL ROLE doorward_tenant;
    EXECUTE format('CREATE OR REPLACE VIEW %1$I.own_tasks AS SELECT id, user_id, title, description, completed, completed_at, priority,
    due_at, due_sort, title_search, description_search, version, created_at, updated_at, tags, metadata FROM %1$I.tasks', place);
    EXECUTE format('SET LOCAL ROLE %I', login);
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM doorward_tenant', place);
END $$;

-- RFC 7396 on the texts of two objects, the members in the order of their names. Refuses what has more bytes
-- than `most`; an object inside has fewer than the whole, so asking there too changes nothing.
CREATE FUNCTION doorward_merge_patch(target TEXT, patch TEXT, most INTEGER) RETURNS TEXT
LANGUAGE plpgsql AS $$
DECLARE
    merged TEXT;
BEGIN
    IF patch IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT '{' || coalesce(string_agg(to_json(name)::text || ':' || member, ',' ORDER BY name COLLATE "C"), '')
        || '}' INTO merged
    FROM (
        SELECT coalesce(kept.key, given.key) AS name, CASE
            WHEN given.key IS NULL THEN kept.value::text
            WHEN json_typeof(given.value) = 'object' THEN doorward_merge_patch(
                CASE WHEN json_typeof(kept.value) = 'object' THEN kept.value::text END, given.value::text, most)
            ELSE given.value::text END AS member
        FROM json_each(coalesce(target, '{}')::json) kept
        FULL JOIN json_each(patch::json) given ON given.key = kept.key
        WHERE given.key IS NULL OR json_typeof(given.value) <> 'null'
    ) members;
    IF octet_length(merged) > most THEN
        PERFORM doorward_refuse('metadata_too_large');
    END IF;
    RETURN merged;
END $$;
-- @end
