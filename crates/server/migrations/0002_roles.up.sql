-- Roles, who holds them, and what they allow: one row a permission, so that "nobody gives more than
-- they hold" is a set difference in SQL.
CREATE TABLE roles (
    name        TEXT        NOT NULL PRIMARY KEY,
    description TEXT        NOT NULL,
    built_in    BOOLEAN     NOT NULL DEFAULT FALSE
);
CREATE TABLE user_roles (
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role    TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role)
);
CREATE INDEX user_roles_role ON user_roles (role, user_id);
CREATE TABLE role_permissions (
    role       TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (role, permission)
);
INSERT INTO roles (name, description, built_in) VALUES
    ('admin', 'Every permission', TRUE),
    ('user', 'Own account and own tasks', TRUE);
INSERT INTO role_permissions (role, permission) VALUES ('admin', '*');
