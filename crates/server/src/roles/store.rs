//! Every statement on `roles`, `role_permissions` and who holds them, as administration runs them.

use uuid::Uuid;

use super::{Role, RoleName};
use crate::db::Database;
use crate::gate::Authority;
use crate::gate::Permission;
use crate::sql::{Result, Step};
use crate::{params, statements};

statements! {
    LIST = "SELECT r.name, r.description, r.built_in, (SELECT string_agg(p.permission, ' ' \
        ORDER BY p.permission) FROM role_permissions p WHERE p.role = r.name) AS permissions \
        FROM roles r ORDER BY r.built_in DESC, r.name";
    INSERT = "INSERT INTO roles (name, description, built_in) VALUES ($1, $2, FALSE)";
    INSERT_PERMISSION = "INSERT INTO role_permissions (role, permission) VALUES ($1, $2)";
    EXISTS = "SELECT doorward_refuse('not_found') \
        WHERE NOT EXISTS (SELECT 1 FROM roles WHERE name = $1)";
    NOT_BUILT_IN = "SELECT doorward_refuse('role_built_in') FROM roles WHERE name = $1 AND built_in";
    UPDATE = "UPDATE roles SET description = coalesce($2, description) WHERE name = $1";
    FIND = "SELECT r.name, r.description, r.built_in, (SELECT string_agg(p.permission, ' ' \
        ORDER BY p.permission) FROM role_permissions p WHERE p.role = r.name) AS permissions \
        FROM roles r WHERE r.name = $1";
    DELETE_PERMISSIONS = "DELETE FROM role_permissions WHERE role = $1";
    DELETE = "DELETE FROM roles WHERE name = $1";
    INSERT_HOLDER = "INSERT INTO user_roles (user_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    DELETE_HOLDER = "DELETE FROM user_roles WHERE user_id = $1 AND role = $2";
}

pub(super) async fn list(db: &Database, authority: Authority) -> Result<Vec<Role>> {
    db.read_by(authority, Step::new(LIST, Vec::new())).await
}

pub(super) fn insert(name: &RoleName, description: &str) -> Step {
    Step::new(INSERT, params![name.as_str(), description])
}

pub(super) fn insert_permission(name: &RoleName, permission: Permission) -> Step {
    Step::new(INSERT_PERMISSION, params![name.as_str(), permission.as_str()])
}

/// Refuses if there is no such role.
pub(super) fn exists(name: &RoleName) -> Step {
    Step::new(EXISTS, params![name.as_str()])
}

/// Refuses to touch `admin` and `user`.
pub(super) fn not_built_in(name: &RoleName) -> Step {
    Step::new(NOT_BUILT_IN, params![name.as_str()])
}

pub(super) fn update(name: &RoleName, description: Option<&str>) -> Step {
    Step::new(UPDATE, params![name.as_str(), description])
}

/// Takes every permission from a role.
pub(super) fn delete_permissions(name: &RoleName) -> Step {
    Step::new(DELETE_PERMISSIONS, params![name.as_str()])
}

/// Reads the role as it is at this point of the transaction.
pub(super) fn find(name: &RoleName) -> Step {
    Step::new(FIND, params![name.as_str()])
}

pub(super) fn delete(name: &RoleName) -> Step {
    Step::new(DELETE, params![name.as_str()])
}

pub(super) fn insert_holder(user: Uuid, name: &RoleName) -> Step {
    Step::new(INSERT_HOLDER, params![user, name.as_str()])
}

pub(super) fn delete_holder(user: Uuid, name: &RoleName) -> Step {
    Step::new(DELETE_HOLDER, params![user, name.as_str()])
}
