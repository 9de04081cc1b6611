//! Compile-time processing of statement texts: joins fragments, and translates parameters (`:owner`) and the
//! owner's view (`{own_tasks}`) for each engine. Nothing is left to do at run time.

/// The engine that a statement is written for.
#[derive(Clone, Copy, Debug)]
pub enum Dialect {
    /// Numbers parameters `$1`; row-level security applies to the owner's view.
    Postgres,
    /// Numbers parameters `?1`, because it would number `$1` by first use; has only the table.
    Sqlite,
}

impl Dialect {
    const fn mark(self) -> u8 {
        match self {
            Self::Postgres => b'$',
            Self::Sqlite => b'?',
        }
    }

    /// The name for `{own_tasks}`.
    const fn view(self, name: &'static str) -> &'static str {
        let (prefix, table) = name.as_bytes().split_at(if name.len() < 4 { 0 } else { 4 });
        if !equal(prefix, b"own_") {
            refuse("an owner's view is called own_…, not ", name);
        }
        match self {
            Self::Postgres => name,
            Self::Sqlite => as_text(table),
        }
    }
}

/// More parameters than any statement has.
const MOST: usize = 32;
const DIGITS: &[u8; 10] = b"0123456789";

/// The length of the parts, joined with `between`.
pub const fn joined_length(parts: &[&str], between: &str) -> usize {
    let (mut length, mut part) = (0, 0);
    while part < parts.len() {
        length += parts[part].len() + if part == 0 { 0 } else { between.len() };
        part += 1;
    }
    length
}

/// The parts, joined with `between`.
pub const fn joined<const LENGTH: usize>(parts: &[&str], between: &str) -> [u8; LENGTH] {
    let mut text = Buffer::<LENGTH>::new();
    let mut part = 0;
    while part < parts.len() {
        if part > 0 {
            text.push_all(between.as_bytes());
        }
        text.push_all(parts[part].as_bytes());
        part += 1;
    }
    text.bytes
}

/// The bytes from [`joined`] or [`spelled`] as text.
pub const fn as_text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a statement is UTF-8"),
    }
}

/// The names of a statement's parameters, in order of first use: `$1` is the first.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    all: [&'static str; MOST],
    count: usize,
}

impl Names {
    /// Those of this statement.
    pub const fn of(source: &'static str) -> Self {
        let mut names = Self { all: [""; MOST], count: 0 };
        let mut pieces = Pieces::of(source);
        while let Some(piece) = pieces.next() {
            if let Piece::Name(name) = piece
                && position(names.as_slice(), name).is_none()
            {
                assert!(names.count < MOST, "the statement has too many parameters");
                names.all[names.count] = name;
                names.count += 1;
            }
        }
        names
    }

    /// The names.
    pub const fn as_slice(&self) -> &[&'static str] {
        self.all.split_at(self.count).0
    }
}

/// Whether the statement uses the owner's view.
pub const fn is_owned(source: &'static str) -> bool {
    let mut pieces = Pieces::of(source);
    while let Some(piece) = pieces.next() {
        if let Piece::View(_) = piece {
            return true;
        }
    }
    false
}

/// Whether the statement is a `SELECT`.
pub const fn is_read(source: &str) -> bool {
    match source.as_bytes().trim_ascii_start().split_first_chunk::<6>() {
        Some((word, _)) => equal(word, b"SELECT"),
        None => false,
    }
}

/// The length of [`spelled`].
pub const fn spelled_length(source: &'static str, names: &Names, dialect: Dialect) -> usize {
    let mut pieces = Pieces::of(source);
    let mut length = 0;
    while let Some(piece) = pieces.next() {
        length += match piece {
            Piece::Byte(_) => 1,
            Piece::Name(name) => match position(names.as_slice(), name) {
                Some(0..9) => 2,
                _ => 3,
            },
            Piece::View(name) => dialect.view(name).len(),
        };
    }
    length
}

/// The statement for this engine, with numbers instead of names.
pub const fn spelled<const LENGTH: usize>(
    source: &'static str,
    names: &Names,
    dialect: Dialect,
) -> [u8; LENGTH] {
    let mut text = Buffer::<LENGTH>::new();
    let mut pieces = Pieces::of(source);
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Byte(byte) => text.push(byte),
            Piece::Name(name) => {
                let Some(at) = position(names.as_slice(), name) else { refuse(UNKNOWN, name) };
                text.push(dialect.mark());
                if at >= 9 {
                    text.push(DIGITS[(at + 1) / 10]);
                }
                text.push(DIGITS[(at + 1) % 10]);
            }
            Piece::View(name) => text.push_all(dialect.view(name).as_bytes()),
        }
    }
    text.bytes
}

const UNKNOWN: &str = "the statement has no parameter ";

/// The position of each given value. Does not compile unless exactly the statement's parameters are given.
pub const fn order<const COUNT: usize>(params: &[&str], given: [&str; COUNT]) -> [usize; COUNT] {
    let mut order = [0; COUNT];
    let mut one = 0;
    while one < COUNT {
        let Some(at) = position(params, given[one]) else { refuse(UNKNOWN, given[one]) };
        order[one] = at;
        one += 1;
    }
    one = 0;
    while one < params.len() {
        if position(&given, params[one]).is_none() {
            refuse("no value is given for the parameter ", params[one]);
        }
        one += 1;
    }
    assert!(params.len() == COUNT, "a parameter is given twice");
    order
}

/// Whether two statements have the same parameters in the same order.
pub const fn same(one: &[&str], other: &[&str]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if !equal(one[at].as_bytes(), other[at].as_bytes()) {
            return false;
        }
        at += 1;
    }
    one.len() == other.len()
}

/// A literal byte, the name of a parameter, or that of the owner's view.
enum Piece {
    Byte(u8),
    Name(&'static str),
    View(&'static str),
}

/// A parser for a statement's text.
struct Pieces {
    rest: &'static [u8],
    is_quoted: bool,
    /// After the first colon of PostgreSQL's `::`.
    is_cast: bool,
}

impl Pieces {
    const fn of(source: &'static str) -> Self {
        Self { rest: source.as_bytes(), is_quoted: false, is_cast: false }
    }

    const fn next(&mut self) -> Option<Piece> {
        let bytes = self.rest;
        let Some(&first) = bytes.first() else { return None };
        if first == b'\'' {
            self.is_quoted = !self.is_quoted;
        }
        let begins_name = match first {
            _ if self.is_quoted => false,
            b':' => !self.is_cast,
            b'{' => true,
            b'$' | b'?' => panic!("a statement names its parameters: `:owner`"),
            _ => false,
        };
        let mut end = 1;
        while begins_name && end < bytes.len() && matches!(bytes[end], b'a'..=b'z' | b'_') {
            end += 1;
        }
        self.is_cast = begins_name && first == b':' && end == 1;
        let (piece, rest) = bytes.split_at(end);
        let name = piece.split_at(1).1;
        self.rest = rest;
        Some(match rest.split_first() {
            _ if !begins_name => Piece::Byte(first),
            Some((b'}', rest)) if first == b'{' => {
                self.rest = rest;
                Piece::View(as_text(name))
            }
            _ if first == b'{' => refuse("a brace is not closed after ", as_text(name)),
            _ if name.is_empty() => Piece::Byte(first),
            _ => Piece::Name(as_text(name)),
        })
    }
}

/// A text under construction.
struct Buffer<const LENGTH: usize> {
    bytes: [u8; LENGTH],
    filled: usize,
}

impl<const LENGTH: usize> Buffer<LENGTH> {
    const fn new() -> Self {
        Self { bytes: [0; LENGTH], filled: 0 }
    }

    const fn push(&mut self, byte: u8) {
        self.bytes[self.filled] = byte;
        self.filled += 1;
    }

    const fn push_all(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            self.push(bytes[at]);
            at += 1;
        }
    }
}

const fn position(names: &[&str], name: &str) -> Option<usize> {
    let mut at = 0;
    while at < names.len() {
        if equal(names[at].as_bytes(), name.as_bytes()) {
            return Some(at);
        }
        at += 1;
    }
    None
}

const fn equal(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    one.len() == other.len()
}

/// Fails to compile, with what is wrong and where.
const fn refuse(what: &str, name: &str) -> ! {
    let mut text = Buffer::<128>::new();
    text.push_all(what.as_bytes());
    text.push_all(name.as_bytes());
    match std::str::from_utf8(text.bytes.split_at(text.filled).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("wrong parameters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Sql, Value};
    use crate::{step, text};

    const BOTH: Sql = crate::statement!(
        "BOTH",
        text!("SELECT ':no', :b, ", "'it''s :no', :a, :b::text WHERE x = ':' || :long_name")
    );

    #[test]
    fn names_become_numbers_in_the_order_they_appear_and_quoted_text_stays() {
        assert_eq!(BOTH.params, ["b", "a", "long_name"]);
        assert_eq!(
            BOTH.postgres,
            "SELECT ':no', $1, 'it''s :no', $2, $1::text WHERE x = ':' || $3"
        );
        assert_eq!(BOTH.sqlite, "SELECT ':no', ?1, 'it''s :no', ?2, ?1::text WHERE x = ':' || ?3");
    }

    #[test]
    fn the_tenth_parameter_has_two_digits() {
        const TEN: Sql =
            crate::statement!("TEN", "SELECT :a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :a");
        assert_eq!(TEN.postgres, "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $1");
    }

    #[test]
    fn the_owners_view_is_a_view_on_postgresql_and_the_table_on_sqlite() {
        const OWNED: Sql =
            crate::statement!("OWNED", "SELECT '{own_tasks}' FROM {own_tasks} WHERE id = :id");
        assert_eq!(OWNED.postgres, "SELECT '{own_tasks}' FROM own_tasks WHERE id = $1");
        assert_eq!(OWNED.sqlite, "SELECT '{own_tasks}' FROM tasks WHERE id = ?1");
        assert_eq!([OWNED.is_owned, BOTH.is_owned], [true, false]);
    }

    #[test]
    fn a_number_another_brace_and_another_view_are_refused() {
        for wrong in
            ["SELECT $1", "SELECT ?1", "SELECT ?", "FROM {own_tasks", "FROM {tasks}", "FROM {}"]
        {
            let spelled = std::panic::catch_unwind(|| {
                spelled_length(wrong, &Names::of(wrong), Dialect::Postgres)
            });
            assert!(spelled.is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_go_where_their_names_are_whatever_the_order_they_are_given_in() {
        let long_name = "text";
        let step = step!(BOTH { a: 1_i64, long_name, b: true });
        assert_eq!(step.params, [Value::Bool(true), Value::Int(1), Value::from("text")]);
    }

    #[test]
    fn a_missing_an_unknown_and_a_repeated_name_are_refused() {
        let refused = |given: [&'static str; 2]| {
            let refused = std::panic::catch_unwind(|| order(&["owner", "id"], given));
            *refused.unwrap_err().downcast::<String>().unwrap_or_default()
        };
        assert_eq!(refused(["owner", "it"]), "the statement has no parameter it");
        assert_eq!(refused(["owner", "owner"]), "no value is given for the parameter id");
        assert_eq!(order(&["owner", "id"], ["id", "owner"]), [1, 0]);
        let twice = std::panic::catch_unwind(|| order(&["id"], ["id", "id"]));
        assert!(twice.is_err());
    }

    #[test]
    fn only_equal_lists_are_the_same() {
        assert!(same(&["a", "b"], &["a", "b"]));
        assert!(!same(&["a", "b"], &["b", "a"]) && !same(&["a"], &["a", "b"]));
    }
}
