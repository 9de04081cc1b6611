//! An authenticator in software with the browser around it: makes passkeys and signs with them as WebAuthn
//! level 3 says, and lies where a test asks it to.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Client, Reply};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// Where the pages of tests are.
pub const ORIGIN: &str = "https://app.example.com";
/// What the application under test has to know of them.
pub const RP_ID: &str = "example.com";

/// One credential, and the page that asks for it.
pub struct Authenticator {
    key: EcdsaKeyPair,
    pkcs8: Vec<u8>,
    /// What the authenticator calls the credential.
    pub id: Vec<u8>,
    /// Whom it is for, once it was made.
    pub handle: Vec<u8>,
    /// What it counted last; it counts nothing while that is 0 and `counts` is false.
    pub counter: u32,
    /// Whether it counts its signatures.
    pub counts: bool,
    /// What it says of the user and of backups.
    pub flags: u8,
    /// The page's origin, as the browser signs it.
    pub origin: String,
    /// The domain that it signs for.
    pub rp_id: String,
    /// Whether the page is inside another site's.
    pub cross_origin: bool,
    /// Whether it attests what it makes, though nobody asked.
    pub attests: bool,
}

impl Authenticator {
    /// A security key, which counts.
    pub fn security_key() -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let pkcs8 = pkcs8.expect("a key").as_ref().to_vec();
        let mut id = vec![0; 32];
        aws_lc_rs::rand::fill(&mut id).expect("random bytes");
        Self {
            key: key(&pkcs8),
            pkcs8,
            id,
            handle: Vec::new(),
            counter: 0,
            counts: true,
            flags: USER_PRESENT | USER_VERIFIED,
            origin: ORIGIN.into(),
            rp_id: RP_ID.into(),
            cross_origin: false,
            attests: false,
        }
    }

    /// A synced passkey, which does not count.
    pub fn synced() -> Self {
        let one = Self::security_key();
        Self { counts: false, flags: one.flags | BACKUP_ELIGIBLE | BACKED_UP, ..one }
    }

    /// An exact copy.
    pub fn copy(&self) -> Self {
        Self {
            key: key(&self.pkcs8),
            pkcs8: self.pkcs8.clone(),
            id: self.id.clone(),
            handle: self.handle.clone(),
            origin: self.origin.clone(),
            rp_id: self.rp_id.clone(),
            ..*self
        }
    }

    /// Whether it verifies its user.
    pub fn verifies(&mut self, verifies: bool) {
        self.flags = self.flags & !USER_VERIFIED | if verifies { USER_VERIFIED } else { 0 };
    }

    /// What it says of backups.
    pub fn says_backed_up(&mut self, eligible: bool, backed_up: bool) {
        self.flags &= !(BACKUP_ELIGIBLE | BACKED_UP);
        self.flags |= if eligible { BACKUP_ELIGIBLE } else { 0 };
        self.flags |= if backed_up { BACKED_UP } else { 0 };
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["publicKey"]["challenge"];
        assert!(challenge.as_str().is_some_and(|text| text.len() >= 22), "{options}");
        let data = json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin});
        data.to_string().into_bytes()
    }

    fn authenticator_data(&mut self, more: u8) -> Vec<u8> {
        self.counter += u32::from(self.counts);
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(self.flags | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// What `navigator.credentials.create` makes of these options, as JSON.
    pub fn create(&mut self, options: &Value) -> Value {
        let point = self.key.public_key().as_ref();
        // COSE (RFC 9053 §7.1): {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        let start = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        let key = [&start[..], &point[1..33], &[0x22, 0x58, 0x20], &point[33..65]].concat();
        self.create_with(options, &key)
    }

    /// The same with another public key, in COSE.
    pub fn create_with(&mut self, options: &Value, key: &[u8]) -> Value {
        self.handle = decoded(&options["publicKey"]["user"]["id"]);
        let client_data = self.client_data("webauthn.create", options);
        let mut data = self.authenticator_data(ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("a length").to_be_bytes());
        data.extend(&self.id);
        data.extend(key);
        let mut object = if self.attests {
            // CBOR: {"fmt": "packed", "attStmt": {"alg": -7, "sig": signature}, "authData": data} (WebAuthn §8.2).
            let signed = [&data, digest(&SHA256, &client_data).as_ref()].concat();
            let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
            let length = u8::try_from(signature.as_ref().len()).expect("a length");
            let start = b"\xa3\x63fmt\x66packed\x67attStmt\xa2\x63alg\x26\x63sig\x58".as_slice();
            [start, &[length], signature.as_ref(), b"\x68authData\x59"].concat()
        } else {
            // CBOR: {"fmt": "none", "attStmt": {}, "authData": data}.
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec()
        };
        object.extend(u16::try_from(data.len()).expect("a length").to_be_bytes());
        object.extend(data);
        json!({
            "id": encoded(&self.id),
            "rawId": encoded(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": encoded(&client_data),
                "attestationObject": encoded(&object),
                "transports": ["usb", "internal"],
            },
        })
    }

    /// What `navigator.credentials.get` gives for these options, as JSON.
    pub fn get(&mut self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.authenticator_data(0);
        let hash = digest(&SHA256, &client_data);
        let signed = [data.as_slice(), hash.as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        json!({
            "id": encoded(&self.id),
            "rawId": encoded(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(&client_data),
                "authenticatorData": encoded(&data),
                "signature": encoded(signature.as_ref()),
                "userHandle": encoded(&self.handle),
            },
        })
    }

    /// Adds it to the client's account.
    pub async fn add_to(&mut self, client: &Client, name: &str) -> Value {
        let options = client.post_empty("/auth/passkeys/options").await.expect(200).json();
        let credential = self.create(&options);
        let body = json!({"ceremony": options["ceremony"], "credential": credential, "name": name});
        client.post("/auth/passkeys", body).await.expect(201).json()
    }

    /// Signs in with it.
    pub async fn sign_in(&mut self, client: &Client) -> Reply {
        let options = client.post_empty("/auth/login/passkey/options").await.expect(200).json();
        let credential = self.get(&options);
        let body = json!({"ceremony": options["ceremony"], "credential": credential});
        client.post("/auth/login/passkey", body).await
    }
}

fn key(pkcs8: &[u8]) -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).expect("a key")
}

/// As WebAuthn's JSON writes bytes.
pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes again.
pub fn decoded(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().expect("a text")).expect("base64url")
}
