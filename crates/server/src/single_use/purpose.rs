//! What a single-use secret is for. It opens this and nothing else: the purpose is part of what is
//! hashed and part of every statement.

use crate::config::named;

named! {
    /// What a single-use secret is for. Its name is that in the table.
    pub enum Purpose {
        /// Sets a new password. Bound to the old one's hash.
        ResetPassword = "reset_password",
        /// Proves the address of an account. Bound to the address.
        VerifyEmail = "verify_email",
        /// Proves the address that an account shall get. Bound to it and to the present one.
        ConfirmEmail = "confirm_email",
        /// Takes a change of address back. Bound to the old address and to the new one.
        UndoEmail = "undo_email",
        /// Sign in
        SignIn = "sign_in",
        /// Goes on with a sign-in whose first step is done. Bound to the password's hash and the address.
        SecondStep = "second_step",
        /// Opens an account that an operator made for somebody.
        Invitation = "invitation",
        /// Adds a passkey: a ceremony that was completed.
        PasskeyAdd = "passkey_add",
        /// Signs in by a passkey: the same.
        PasskeySignIn = "passkey_sign_in",
    }
}
