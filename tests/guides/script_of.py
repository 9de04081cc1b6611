"""The commands of a guide as a script: script_of.py GUIDE. `<!-- check NAME -->` calls the function `check`;
what starts with `doorward serve &` is waited for."""

import re
import shlex
import sys
from pathlib import Path

in_block = continued = False
print("set -euo pipefail")
for line in Path(sys.argv[1]).read_text().splitlines():
    if line.startswith("```"):
        in_block = line == "```console"
    elif in_block and (continued or line.startswith("$ ")):
        command = line if continued else line.removeprefix("$ ")
        if not continued:
            print("echo", shlex.quote(f">> {command}"), ">&2")
        print(command)
        continued = line.endswith("\\")
        if command.startswith("doorward serve &"):
            print("serving")
    elif check := re.fullmatch(r"<!-- check (\w+) -->", line):
        print("check", check[1])
