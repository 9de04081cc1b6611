
-- {table}: {role} reads and writes rows whose {owner} is the caller, and no others. Policies add up: another
-- one on this table may show more. An identity or serial column needs USAGE on its sequence besides. To fill in
-- the owner: ALTER TABLE {table} ALTER COLUMN {owner} SET DEFAULT {caller};
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS doorward_own_rows ON {table};
CREATE POLICY doorward_own_rows ON {table} FOR ALL TO {role_name}
    USING ({owner} = (SELECT {caller})) WITH CHECK ({owner} = (SELECT {caller}));
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role_name};
