//! `row!`: declares a struct that is read from the database. Both its list of columns and its decoder are
//! generated from its fields, in order.

/// Declares a struct and `COLUMNS`, the columns to select or return for one.
///
/// A field is the column with its name, in `table` if the struct is `from` a joined one. `field: Kind =
/// "expression"` is computed, `field: Other = ..` is another such struct.
#[macro_export]
macro_rules! row {
    (@column [$table:expr] $field:ident $kind:ty) => { concat!($table, stringify!($field)) };
    (@column [$table:expr] $field:ident $kind:ty [..]) => { <$kind>::COLUMNS };
    (@column [$table:expr] $field:ident $kind:ty [$sql:expr]) => {
        $crate::text!($sql, " AS ", stringify!($field))
    };
    (@read $row:ident) => { $row.read()? };
    (@read $row:ident [..]) => { $crate::db::FromRow::from_row($row)? };
    (@read $row:ident [$sql:expr]) => { $row.read()? };
    (
        @declare [$table:expr]
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$about:meta])* $seen:vis $field:ident : $kind:ty $(= $how:tt)?),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$about])* $seen $field: $kind),+
        }

        impl $name {
            /// The columns to select or return.
            $vis const COLUMNS: &'static str = $crate::text!(
                @between ", ",
                [$($crate::row!(@column [$table] $field $kind $([$how])?)),+]
            );
        }

        impl $crate::db::FromRow for $name {
            fn from_row(row: &mut $crate::db::Columns<'_>) -> $crate::sql::Result<Self> {
                Ok(Self { $($field: $crate::row!(@read row $([$how])?)),+ })
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident from $table:ident $fields:tt) => {
        $crate::row! {
            @declare [concat!(stringify!($table), ".")] $(#[$meta])* $vis struct $name $fields
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident $fields:tt) => {
        $crate::row! { @declare [""] $(#[$meta])* $vis struct $name $fields }
    };
}

#[cfg(test)]
mod tests {
    use crate::db::{Database, FromRow};
    use crate::sql::Sql;
    use crate::{statement, step, text};

    row! {
        /// One and its double.
        #[derive(Debug, PartialEq, Eq)]
        struct Double from numbers {
            one: i64,
            double: i64 = "numbers.one * 2",
        }
    }

    row! {
        #[derive(Debug, PartialEq, Eq)]
        struct Named {
            number: Double = ..,
            names: Vec<String> = "'a,b'",
            absent: Option<String> = "NULL",
        }
    }

    const NUMBERS: Sql = statement!(
        "NUMBERS",
        text!(
            "SELECT ",
            Named::COLUMNS,
            " FROM (SELECT 1 AS one UNION ALL SELECT NULL) numbers ORDER BY numbers.one DESC"
        )
    );

    async fn numbers<T: FromRow>() -> crate::sql::Result<Vec<T>> {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_sqlite(&folder.path().join("numbers.db")).await?;
        database.query(step!(NUMBERS)).await
    }

    #[test]
    fn the_columns_are_the_fields_in_their_order_with_those_of_structs_inside() {
        assert_eq!(
            Named::COLUMNS,
            "numbers.one, numbers.one * 2 AS double, 'a,b' AS names, NULL AS absent"
        );
    }

    #[tokio::test]
    async fn fields_are_read_by_their_own_columns_and_null_at_the_start_is_no_row() {
        let named = Named {
            number: Double { one: 1, double: 2 },
            names: vec!["a".into(), "b".into()],
            absent: None,
        };
        assert_eq!(numbers::<Option<Named>>().await.unwrap(), [Some(named), None]);
    }

    #[tokio::test]
    async fn a_column_of_another_type_is_refused() {
        assert!(numbers::<Named>().await.is_err());
    }
}
