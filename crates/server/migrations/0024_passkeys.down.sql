DROP TABLE passkey_handles;
DROP TABLE passkeys;
