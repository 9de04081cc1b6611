//! [`Sql`], a statement that a store declares once for both engines, and [`Step`], a statement with parameter
//! values. Both are created by macros that the compiler checks.

use super::Value;

/// A store's statement. Only created by [`statements!`], so that a guard test can prepare all of them on both
/// engines.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// The constant's name, for logs and tests.
    pub name: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// Whether it uses the owner's view, which has row-level security on PostgreSQL.
    pub is_owned: bool,
    /// Whether it is a `SELECT`, which can be sent together with the gate.
    pub is_read: bool,
    /// The parameter names, in the order of their numbers.
    pub params: &'static [&'static str],
    /// For a page: the size of a row in bytes, as an expression.
    pub weight: Option<&'static str>,
}

/// The address and length of a statement's text in the binary.
pub(crate) type TextPlace = (usize, usize);

impl Sql {
    /// A statement without parameters.
    pub const fn constant(name: &'static str, text: &'static str) -> Self {
        let is_read = super::text::is_read(text);
        Self {
            name,
            postgres: text,
            sqlite: text,
            is_owned: false,
            is_read,
            params: &[],
            weight: None,
        }
    }

    /// The same as a page, with this row size.
    #[must_use]
    pub const fn weighed(mut self, weight: &'static str) -> Self {
        self.weight = Some(weight);
        self
    }

    /// Identifies statements without comparing texts: they are constants.
    pub(crate) fn place(self) -> TextPlace {
        (self.postgres.as_ptr() as usize, self.postgres.len())
    }
}

/// Concatenates texts at compile time: literals, constants, and the results of other macros.
#[macro_export]
macro_rules! text {
    (@between $between:literal, $parts:expr) => {{
        const PARTS: &[&str] = &$parts;
        const LENGTH: usize = $crate::sql::text::joined_length(PARTS, $between);
        const TEXT: [u8; LENGTH] = $crate::sql::text::joined(PARTS, $between);
        $crate::sql::text::as_text(&TEXT)
    }};
    ($($part:expr),+ $(,)?) => { $crate::text!(@between "", [$($part),+]) };
}

/// A statement with this name. Parameters are written `:owner`; `{own_tasks}` is the view with row-level
/// security on PostgreSQL, and the table itself on SQLite.
#[macro_export]
macro_rules! statement {
    ($name:expr, $text:expr) => {{
        const SOURCE: &str = $text;
        const NAMES: $crate::sql::text::Names = $crate::sql::text::Names::of(SOURCE);
        const fn length(dialect: $crate::sql::text::Dialect) -> usize {
            $crate::sql::text::spelled_length(SOURCE, &NAMES, dialect)
        }
        const POSTGRES: [u8; length($crate::sql::text::Dialect::Postgres)] =
            $crate::sql::text::spelled(SOURCE, &NAMES, $crate::sql::text::Dialect::Postgres);
        const SQLITE: [u8; length($crate::sql::text::Dialect::Sqlite)] =
            $crate::sql::text::spelled(SOURCE, &NAMES, $crate::sql::text::Dialect::Sqlite);
        $crate::sql::Sql {
            name: $name,
            postgres: $crate::sql::text::as_text(&POSTGRES),
            sqlite: $crate::sql::text::as_text(&SQLITE),
            is_owned: $crate::sql::text::is_owned(SOURCE),
            is_read: $crate::sql::text::is_read(SOURCE),
            params: NAMES.as_slice(),
            weight: None,
        }
    }};
}

/// Declares the statements of one store and `STATEMENTS`, the list of all of them. `NAME = text, weighed
/// expression;` declares a page.
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:expr $(, weighed $weight:expr)?;)+) => {
        $($(#[$meta])* pub(super) const $name: $crate::sql::Sql =
            $crate::statement!(stringify!($name), $text)$(.weighed($weight))?;)+
        /// Every statement of this store, prepared on both engines by a guard test.
        pub const STATEMENTS: &[$crate::sql::Sql] = &[$($name),+];
    };
}

/// One statement of a batch.
#[derive(Clone, Debug)]
pub struct Step {
    /// The statement.
    pub sql: Sql,
    /// Its parameters, by number.
    pub params: Vec<Value>,
}

/// A statement with its parameters by name, as a [`Step`]: `step!(FIND { owner: gate.user_id, id })`. A
/// missing, unknown or duplicate name does not compile. `step!(ANY[n] { … })` takes one of a constant array
/// of statements, which must all have the same parameters in the same order.
#[macro_export]
macro_rules! step {
    (@value $name:ident) => { $name };
    (@value $name:ident $value:expr) => { $value };
    ($sql:ident) => { $crate::sql::Step { sql: $sql, params: Vec::new() } };
    ($sql:ident { $($name:ident $(: $value:expr)?),+ $(,)? }) => {{
        const GIVEN: &[&str] = &[$(stringify!($name)),+];
        const ORDER: [usize; GIVEN.len()] = $crate::sql::text::order($sql.params, [$(stringify!($name)),+]);
        let given = [$($crate::sql::Value::from($crate::step!(@value $name $($value)?))),+];
        $crate::sql::Step { sql: $sql, params: $crate::sql::arranged(given, ORDER) }
    }};
    ($any:ident[$at:expr] { $($fields:tt)+ }) => {{
        const FIRST: $crate::sql::Sql = $any[0];
        const _: () = {
            let mut at = 1;
            while at < $any.len() {
                assert!(
                    $crate::sql::text::same($any[at].params, FIRST.params),
                    "these statements differ in their parameters"
                );
                at += 1;
            }
        };
        let first = $crate::step!(FIRST { $($fields)+ });
        $crate::sql::Step { sql: $any[$at], params: first.params }
    }};
}

/// The values in the order of the statement's parameters.
pub fn arranged<const COUNT: usize>(given: [Value; COUNT], order: [usize; COUNT]) -> Vec<Value> {
    let mut values = vec![Value::Null; COUNT];
    for (value, at) in given.into_iter().zip(order) {
        values[at] = value;
    }
    values
}
