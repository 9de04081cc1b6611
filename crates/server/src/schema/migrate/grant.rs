//! The privileges for the server's login if another one owns the tables: exactly those that statements use,
//! granted by `db migrate --grant-to`, or as SQL for an administrator.

use std::fmt::Write as _;

use crate::schema::fitness::{CALLS, Lack, USES, lacking};
use crate::schema::migrate::error::{MigrateError, MigrateResult};
use crate::schema::migrate::postgres::PostgresMigrator;

/// The view's owner grants its privileges.
const OF_THE_VIEW: &str = " ON own_tasks";

impl PostgresMigrator {
    /// Grants the login what it lacks, in one transaction; returns each as `SELECT, INSERT ON users`.
    pub(in crate::schema) async fn grant(&self, login: &str) -> MigrateResult<Vec<String>> {
        let name = quoted(login);
        if login == self.tenant {
            return Err(MigrateError::Refused(format!(
                "{login} owns the view for row-level security and must not be the server's login: name the login in DATABASE_URL."
            )));
        }
        let text = login.replace('\'', "''");
        let found = format!(
            "SELECT quote_ident(current_schema()), \
             has_schema_privilege(rolname, current_schema(), 'USAGE') FROM pg_roles WHERE rolname = '{text}'"
        );
        self.begin().await?;
        let Some(row) = self.rows(&found).await?.pop() else {
            return Err(MigrateError::Refused(format!(
                "There is no login {login}: make it first (CREATE ROLE {name} LOGIN PASSWORD '…')."
            )));
        };
        let mut granted = Vec::new();
        if let [Some(schema), Some(uses)] = row.as_slice()
            && uses != "t"
        {
            granted.push(format!("USAGE ON SCHEMA {schema}"));
        }
        granted.extend(self.lack_of(login).await?.privileges);
        for privilege in &granted {
            let grant = format!("GRANT {privilege} TO {name}");
            let statement = if privilege.ends_with(OF_THE_VIEW) {
                format!("SET LOCAL ROLE \"{}\"; {grant}; RESET ROLE", self.tenant)
            } else {
                grant
            };
            self.client.batch_execute(&statement).await?;
        }
        // PostgreSQL only warns if the grantor lacks the right to grant.
        let left = self.lack_of(login).await?;
        if !left.privileges.is_empty() {
            return Err(MigrateError::Refused(format!(
                "This login may not grant {}: run it as the owner of the tables. Nothing was granted.",
                left.privileges.join("; ")
            )));
        }
        self.client.batch_execute("COMMIT").await?;
        Ok(granted)
    }

    async fn lack_of(&self, login: &str) -> MigrateResult<Lack> {
        let found = self.rows(&lacking(login)).await?;
        let found = found.into_iter().flatten().flatten().next().unwrap_or_default();
        Ok(Lack::read(&quoted(login), &found))
    }
}

/// The same as a script, for all tables of the newest schema.
pub(in crate::schema) fn script(login: &str, tenant: &str) -> String {
    let name = quoted(login);
    let mut text = format!(
        "\n-- What the login {} needs to serve\nBEGIN;\nDO $$ BEGIN\n    \
         EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), '{}');\nEND $$;\n",
        login.replace(char::is_control, " "),
        login.replace('\'', "''")
    );
    for [table, privileges] in pairs(USES) {
        let grant = format!("GRANT {privileges} ON {table} TO {name};");
        let _ = if table == "own_tasks" {
            writeln!(text, "SET LOCAL ROLE \"{tenant}\";\n{grant}\nRESET ROLE;")
        } else {
            writeln!(text, "{grant}")
        };
    }
    for function in CALLS.split('\'').skip(1).step_by(2) {
        let _ = writeln!(text, "GRANT EXECUTE ON FUNCTION {function} TO {name};");
    }
    text + "COMMIT;\n"
}

/// Each table and its privileges.
fn pairs(list: &'static str) -> impl Iterator<Item = [&'static str; 2]> {
    let mut texts = list.split('\'').skip(1).step_by(2);
    std::iter::from_fn(move || Some([texts.next()?, texts.next()?]))
}

/// The name quoted for SQL.
fn quoted(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_grants_each_table_once_and_the_view_as_its_owner() {
        let text = script("o'Brien", "doorward_tenant");
        assert_eq!(text.matches(" ON users TO \"o'Brien\";").count(), 1);
        let view = "SET LOCAL ROLE \"doorward_tenant\";\nGRANT SELECT, INSERT, UPDATE, DELETE ON own_tasks";
        assert!(text.contains(view), "{text}");
        assert!(text.contains("'o''Brien'") && !text.contains(" ON tasks "), "{text}");
        assert!(text.contains("GRANT EXECUTE ON FUNCTION doorward_refuse(text) TO"), "{text}");
    }
}
