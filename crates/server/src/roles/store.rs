//! Administration's statements on `roles`, `role_permissions` and grants.

use uuid::Uuid;

use super::{Role, RoleName};
use crate::db::Database;
use crate::gate::Authority;
use crate::gate::Permission;
use crate::sql::{Result, Step};
use crate::{statements, step, text};

statements! {
    LIST = text!("SELECT ", Role::COLUMNS, " FROM roles ORDER BY roles.built_in DESC, roles.name");
    INSERT = "INSERT INTO roles (name, description, built_in) VALUES (:name, :description, FALSE)";
    INSERT_PERMISSION = "INSERT INTO role_permissions (role, permission) VALUES (:name, :permission)";
    EXISTS = "SELECT doorward_refuse('not_found') \
        WHERE NOT EXISTS (SELECT 1 FROM roles WHERE name = :name)";
    NOT_BUILT_IN = "SELECT doorward_refuse('role_built_in') FROM roles WHERE name = :name AND built_in";
    UPDATE = "UPDATE roles SET description = coalesce(:description, description) WHERE name = :name";
    FIND = text!("SELECT ", Role::COLUMNS, " FROM roles WHERE roles.name = :name");
    DELETE_PERMISSIONS = "DELETE FROM role_permissions WHERE role = :name";
    DELETE = "DELETE FROM roles WHERE name = :name";
    INSERT_HOLDER = "INSERT INTO user_roles (user_id, role) VALUES (:user, :name) ON CONFLICT DO NOTHING";
    DELETE_HOLDER = "DELETE FROM user_roles WHERE user_id = :user AND role = :name";
}

pub(super) async fn list(db: &Database, authority: Authority) -> Result<Vec<Role>> {
    db.read_by(authority, step!(LIST)).await
}

pub(super) fn insert(name: &RoleName, description: &str) -> Step {
    step!(INSERT { name: name.as_str(), description })
}

pub(super) fn insert_permission(name: &RoleName, permission: Permission) -> Step {
    step!(INSERT_PERMISSION { name: name.as_str(), permission: permission.as_str() })
}

/// Fails if the role does not exist.
pub(super) fn exists(name: &RoleName) -> Step {
    step!(EXISTS { name: name.as_str() })
}

/// Fails for `admin` and `user`.
pub(super) fn not_built_in(name: &RoleName) -> Step {
    step!(NOT_BUILT_IN { name: name.as_str() })
}

pub(super) fn update(name: &RoleName, description: Option<&str>) -> Step {
    step!(UPDATE { name: name.as_str(), description })
}

/// Removes all permissions from a role.
pub(super) fn delete_permissions(name: &RoleName) -> Step {
    step!(DELETE_PERMISSIONS { name: name.as_str() })
}

/// Reads the role at this point of the transaction.
pub(super) fn find(name: &RoleName) -> Step {
    step!(FIND { name: name.as_str() })
}

pub(super) fn delete(name: &RoleName) -> Step {
    step!(DELETE { name: name.as_str() })
}

pub(super) fn insert_holder(user: Uuid, name: &RoleName) -> Step {
    step!(INSERT_HOLDER { user, name: name.as_str() })
}

pub(super) fn delete_holder(user: Uuid, name: &RoleName) -> Step {
    step!(DELETE_HOLDER { user, name: name.as_str() })
}
