"""The bill of materials, read by another maker's program: it is CycloneDX, and has each crate that it should.
Usage: check_sbom.py SBOM Cargo.lock"""

import json
import sys
import tomllib

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = open(sys.argv[1]).read()
trouble = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
assert trouble is None, trouble
document = json.loads(text)
locked = {(it["name"], it["version"]): it.get("checksum") for it in tomllib.load(open(sys.argv[2], "rb"))["package"]}
found = {(it["name"], it["version"]): it for it in document["components"]}
for name, it in found.items():
    assert it["licenses"], f"{name} has no licence"
    assert it.get("hashes", [{}])[0].get("content") == locked[name], f"{name} has another checksum"
for name in ["tokio", "rustls", "aws-lc-rs", "rusqlite", "libsqlite3-sys", "tokio-postgres", "doorward-verify"]:
    assert any(own == name for own, _ in found), f"{name} is missing"
for name in ["assert_cmd", "proptest", "insta"]:
    assert not any(own == name for own, _ in found), f"{name} is for tests alone"
refs = {it["bom-ref"] for it in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
assert {it["ref"] for it in document["dependencies"]} == refs
assert len(found) > 200, len(found)
