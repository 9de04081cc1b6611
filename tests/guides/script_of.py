"""The commands of a guide as a script: script_of.py GUIDE. `<!-- check NAME -->` calls the function `check`;
what starts with `doorward serve &` is waited for, and a rehearsal runs until the check behind it is done."""

import re
import shlex
import sys
from pathlib import Path

in_block = continued = in_rehearsal = False
print("set -euo pipefail")
for line in Path(sys.argv[1]).read_text().splitlines():
    if line.startswith("```"):
        in_block = line == "```console"
    elif in_block and (continued or line.startswith("$ ")):
        command = line if continued else line.removeprefix("$ ")
        if not continued:
            print("echo", shlex.quote(f">> {command}"), ">&2")
        rehearses = command.startswith("doorward shadow --upstream")
        print(f"{command} & rehearsal=$!; listening" if rehearses else command)
        in_rehearsal = in_rehearsal or rehearses
        continued = line.endswith("\\")
        if command.startswith("doorward serve &"):
            print("serving")
    elif check := re.fullmatch(r"<!-- check (\w+) -->", line):
        print("check", check[1])
        if in_rehearsal:
            print('kill -TERM "$rehearsal"; wait "$rehearsal"')
            in_rehearsal = False
