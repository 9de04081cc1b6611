#!/usr/bin/env python3
"""Prints the bill of materials of the doorward binary as CycloneDX 1.5 JSON: every crate that is compiled in, with
its version, licence and the checksum of Cargo.lock, and which needs which.

`sbom.py TARGET`, such as x86_64-unknown-linux-gnu. Reads `cargo metadata`; nothing but Python and cargo is needed."""

import json
import os
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone

ROOT = os.path.join(os.path.dirname(__file__), "..")


def metadata(target):
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


def checksums():
    with open(os.path.join(ROOT, "Cargo.lock"), "rb") as lock:
        packages = tomllib.load(lock)["package"]
    return {(package["name"], package["version"]): package.get("checksum") for package in packages}


def compiled_in(nodes, root):
    """What is reached from the binary without dependencies of tests alone; those of builds count, they run here."""
    found, left = {}, [root]
    while left:
        name = left.pop()
        if name in found:
            continue
        kinds = lambda dependency: {kind["kind"] for kind in dependency["dep_kinds"]}
        found[name] = sorted(
            dependency["pkg"] for dependency in nodes[name]["deps"] if kinds(dependency) - {"dev"}
        )
        left += found[name]
    return found


def component(package, checksum):
    purl = f"pkg:cargo/{package['name']}@{package['version']}"
    this = {"type": "library", "bom-ref": purl, "name": package["name"], "version": package["version"], "purl": purl}
    licence = package.get("license")
    if licence:
        # Older crates write a slash for OR.
        alternatives = [one.strip() for one in licence.split("/")]
        this["licenses"] = [{"expression": " OR ".join(alternatives)}]
    if checksum:
        this["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return this


def main(target):
    found = metadata(target)
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    root = next(id for id, package in packages.items() if package["name"] == "doorward")
    needs, sums = compiled_in(nodes, root), checksums()
    of = lambda id: component(packages[id], sums.get((packages[id]["name"], packages[id]["version"])))
    components = {id: of(id) for id in needs}
    ref = lambda id: components[id]["bom-ref"]
    own = {**components.pop(root), "type": "application"}
    components[root] = own
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    others = sorted((it for id, it in components.items() if id != root), key=lambda it: it["bom-ref"])
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": own,
            "properties": [{"name": "doorward:target", "value": target}],
        },
        "components": others,
        "dependencies": sorted(
            ({"ref": ref(id), "dependsOn": sorted({ref(it) for it in below})} for id, below in needs.items()),
            key=lambda it: it["ref"],
        ),
    }
    # The same content has the same number, so that a build can be repeated.
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
