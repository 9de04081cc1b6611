//! Closed lists of named values, for the database, files and commands.

/// Declares an enum with a name per value, `ALL` and `as_str`.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $Enum:ident { $($(#[$about:meta])+ $name:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Enum { $($(#[$about])+ $name,)+ }

        impl $Enum {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}
pub(crate) use named;
