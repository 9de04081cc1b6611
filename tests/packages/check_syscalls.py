"""What the server asked of the kernel, held against the unit's SystemCallFilter: systemd would refuse the rest.
Usage: check_syscalls.py UNIT TRACE, the trace being strace's of a server that signed somebody in."""

import re
import subprocess
import sys

unit, trace = (open(path).read() for path in sys.argv[1:3])
shown = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], check=True, capture_output=True, text=True)
groups, name = {}, None
for line in re.sub(r"\x1b\[[0-9;]*m", "", shown.stdout).splitlines():
    word = line.strip()
    if line.startswith("@"):
        name = word
        groups[name] = []
    elif name and word and not word.startswith("#"):
        groups[name].append(word)


def expand(word):
    if not word.startswith("@"):
        return {word}
    return set().union(*(expand(one) for one in groups[word]))


allowed = set()
for text in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
    words = set().union(*(expand(word) for word in text.lstrip("~").split()))
    allowed = allowed - words if text.startswith("~") else allowed | words
# What came before is the way into the root folder.
_, _, ours = trace.partition('execve("/usr/bin/doorward"')
asked = set(re.findall(r"^\d+ +([a-z_0-9]+)\(", ours, re.MULTILINE))
assert len(asked) > 40, f"that is no trace of a server: {asked}"
refused = asked - allowed
assert not refused, f"the unit would refuse {sorted(refused)}"
writable = [line for line in ours.splitlines() if "PROT_WRITE|PROT_EXEC" in line]
assert not writable, f"MemoryDenyWriteExecute would refuse {writable}"
print(len(asked), "of", len(allowed))
