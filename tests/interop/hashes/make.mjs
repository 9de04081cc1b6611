// Prints hashes of passwords, as the JavaScript programs that people come from make them:
//   node make.mjs passwords.json           as JSON: [{"by", "kind", "password", "stored"}, …]
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import bcrypt from "bcryptjs";
import { hashPassword } from "@better-auth/utils/password";
import { FirebaseScrypt } from "firebase-scrypt";
import { generateLuciaPasswordHash } from "lucia/utils";

const passwords = JSON.parse(readFileSync(process.argv[2], "utf8"));
const versions = JSON.parse(readFileSync(new URL("package.json", import.meta.url))).dependencies;
const made = [];
const add = (by, kind, password, stored) =>
  made.push({ by: `${by} ${versions[by]}`, kind, password, stored });

const separator = randomBytes(1).toString("base64");
const key = randomBytes(64).toString("base64");
const firebase = new FirebaseScrypt({
  signerKey: key, saltSeparator: separator, rounds: 8, memCost: 14,
});
for (const password of passwords) {
  add("@better-auth/utils", "Better Auth's scrypt", password, await hashPassword(password));
  add("lucia", "Lucia's scrypt", password, await generateLuciaPasswordHash(password));
  if (password) {
    const salt = randomBytes(10).toString("base64");
    const hash = await firebase.hash(password, salt);
    add("firebase-scrypt", "Firebase's scrypt", password,
      `$fbscrypt$v=1,n=14,r=8,p=1,ss=${separator},sk=${key}$${salt}$${hash}`);
  }
  if (!password.includes("\0")) {
    add("bcryptjs", "bcrypt", password, await bcrypt.hash(password, 4));
  }
}
console.log(JSON.stringify(made, null, 1));
