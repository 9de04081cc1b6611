// The README's lines, checked by the compiler and run as they are.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { scene } from "./scene.mjs";

const file = (name) => new URL(name, import.meta.url).pathname;

/** What a program prints. */
async function run(args) {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: file(".") });
  return stdout;
}

test("the README's lines compile and do what they say", async () => {
  const stage = await scene();
  try {
    const readme = readFileSync(file("../node_modules/doorward-client/README.md"), "utf8");
    const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]);
    assert.equal(blocks.length, 4);
    writeFileSync(file("readme.mts"), blocks.join("\n").replaceAll("http://127.0.0.1:8000", stage.url));
    const compiler = file("../node_modules/typescript/bin/tsc");
    const options = "--noEmit --strict --target ES2022 --lib ES2022,DOM --module NodeNext".split(" ");
    await run([compiler, ...options, "readme.mts"]);
    const stdout = await run(["readme.mts"]);
    assert.deepEqual(stdout.trim().split("\n"), [
      "hello, Ada", "Buy milk", "1 no more pages", "must not be blank", "200", "1 sessions", "signed out by this_client",
    ]);
  } finally {
    await stage.stop();
  }
});
