//! The purposes of single-use secrets. A secret cannot be used for another purpose: it is part of the digest
//! and of every statement.

use crate::config::named;

named! {
    /// The purpose of a single-use secret; its name is that in the table.
    pub enum Purpose {
        /// Sets a new password. Bound to the old hash.
        ResetPassword = "reset_password",
        /// Verifies the address of an account. Bound to the address.
        VerifyEmail = "verify_email",
        /// Verifies the new address of an account. Bound to it and to the current one.
        ConfirmEmail = "confirm_email",
        /// Undoes an address change. Bound to the old address and the new one.
        UndoEmail = "undo_email",
        /// Signs the user in.
        SignIn = "sign_in",
        /// Continues a sign-in after the first step. Bound to the password hash and the address.
        SecondStep = "second_step",
        /// Activates an account that an operator created.
        Invitation = "invitation",
        /// Adds a passkey: a completed ceremony.
        PasskeyAdd = "passkey_add",
        /// Signs in with a passkey: a completed ceremony.
        PasskeySignIn = "passkey_sign_in",
    }
}
