//! What a single-use secret is for. It opens this and nothing else: the purpose is part of what is
//! hashed and part of every statement.

macro_rules! purposes {
    ($($(#[doc = $about:literal])+ $name:ident = $text:literal;)+) => {
        /// What a single-use secret is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Purpose { $($(#[doc = $about])+ $name,)+ }

        impl Purpose {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name in the table.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

purposes! {
    /// Sets a new password. Bound to the old one's hash.
    ResetPassword = "reset_password";
    /// Proves the address of an account. Bound to the address.
    VerifyEmail = "verify_email";
    /// Proves the address that an account shall get. Bound to it and to the present one.
    ConfirmEmail = "confirm_email";
    /// Takes a change of address back. Bound to the old address and to the new one.
    UndoEmail = "undo_email";
    /// Signs in.
    SignIn = "sign_in";
    /// Goes on with a sign-in whose first step is done. Bound to the password's hash and the address.
    SecondStep = "second_step";
    /// Opens an account that an operator made for somebody.
    Invitation = "invitation";
    /// Adds a passkey: a ceremony that was completed.
    PasskeyAdd = "passkey_add";
    /// Signs in by a passkey: the same.
    PasskeySignIn = "passkey_sign_in";
}
