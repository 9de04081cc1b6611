#!/usr/bin/env python3
"""Draws docs/pictures/*.svg from the sources: the rooms with their imports, the life of a request, and
what runs where, and from docs/peers.tsv how many requests a second. `--check` fails if a picture is out of date. Needs nothing but Python."""

import math
import pathlib
import re
import sys
from html import escape

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "crates/server/src"
STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 12px; fill: #59636e }
  .title { font-weight: 600 }
  .box { fill: #f6f8fa; stroke: #8c959f }
  .feature { fill: #ddf4ff; stroke: #54aeff }
  .data { fill: #dafbe1; stroke: #4ac26b }
  .outside { fill: #fff8c5; stroke: #d4a72c }
  .group { fill: none; stroke: #d1d9e0; stroke-dasharray: 4 4 }
  path { fill: none; stroke: #8c959f }
  marker path { fill: #8c959f; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 }
    .box { fill: #151b23; stroke: #656c76 } .feature { fill: #0d2d4e; stroke: #1f6feb }
    .data { fill: #0f2d19; stroke: #238636 } .outside { fill: #3a2d08; stroke: #9e6a03 }
    .group { stroke: #3d444d } path { stroke: #656c76 } marker path { fill: #656c76 }
  }
"""
ARROWHEAD = (
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker></defs>'
)


class Picture:
    """Boxes, texts and arrows on a page of a given size."""

    def __init__(self, width, height, title):
        self.size, self.title, self.parts = (width, height), title, []

    def box(self, x, y, width, height, text, kind="box", small=None):
        self.parts.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')
        middle, lines = x + width / 2, small.split("\n") if small else []
        first = y + height / 2 + 5 - 8 * len(lines)
        self.text(middle, first, text, "title", "middle")
        for number, line in enumerate(lines):
            self.text(middle, first + 17 * (number + 1), line, "small", "middle")

    def text(self, x, y, text, kind="", anchor="start"):
        self.parts.append(f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>')

    def arrow(self, path, both=False):
        start = ' marker-start="url(#a)"' if both else ""
        self.parts.append(f'<path d="{path}" marker-end="url(#a)"{start}/>')

    def svg(self):
        width, height = self.size
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-label="{escape(self.title)}">\n'
            f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n{ARROWHEAD}\n"
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )


def order():
    """The rooms from the lowest to the highest, as the guard keeps them."""
    guard = (ROOT / "crates/server/tests/guards/architecture.rs").read_text()
    listed = re.search(r"const ORDER[^=]*= \[(.*?)\];", guard, re.S).group(1)
    names = re.findall(r'"([a-z_]+)"', listed)
    return [name for name in names if (SOURCE / name).is_dir() or (SOURCE / f"{name}.rs").exists()]


def imports(rooms):
    """For each room the others that its code names, tests apart."""
    uses = {room: set() for room in rooms}
    for path in sorted(SOURCE.rglob("*.rs")):
        room = path.relative_to(SOURCE).parts[0].removesuffix(".rs")
        if room not in uses:
            continue
        code = path.read_text().split("#[cfg(test)]")[0]
        lines = [line for line in code.splitlines() if not line.lstrip().startswith("//")]
        named = set(re.findall(r"crate::([a-z_]+)", "\n".join(lines)))
        uses[room] |= (named & uses.keys()) - {room}
    return uses


def reduced(uses):
    """The same without what follows from others: where a uses b and b uses c, a's use of c is not drawn."""
    def reach(room, seen):
        for other in uses[room]:
            if other not in seen:
                seen.add(other)
                reach(other, seen)
        return seen
    return {
        room: {one for one in direct if not any(one in reach(other, set()) for other in direct - {one})}
        for room, direct in uses.items()
    }


GROUND = ["clock", "timestamp", "recent", "error"]
DATA = {"sql", "gate", "db", "schema"}
ENTRY = {"lib", "main"}


def layers(names, drawn):
    """Rows from the lowest up; in each, rooms stand near those that they use."""
    level = {}
    for name in names:
        level[name] = 1 + max((level[other] for other in drawn[name] if other in level), default=-1)
    rows = [[name for name in names if level[name] == number] for number in range(max(level.values()) + 1)]
    spot = {}
    for row in rows:
        def wanted(name):
            used = sorted(spot[other] for other in drawn[name] if other in spot)
            return sum(used) / len(used) if used else 0.5
        row.sort(key=lambda name: (wanted(name), names.index(name)))
        spot |= {name: (column + 0.5) / len(row) for column, name in enumerate(row)}
    return rows


def rooms():
    names = [name for name in order() if name not in ENTRY and name not in GROUND]
    drawn = reduced({room: used & set(names) for room, used in imports(order()).items() if room in names})
    rows = layers(names, drawn)
    high, wide, tall, gap = 74, 104, 34, 16
    width = max(max(len(row) for row in rows) * (wide + gap) + 40, 640)
    picture = Picture(width, len(rows) * high + 70, "The rooms of the server: each uses those below it")
    place = {}
    for number, row in enumerate(rows):
        step = (width - 40) / len(row)
        for column, name in enumerate(row):
            place[name] = (20 + step * (column + 0.5) - wide / 2, 15 + (len(rows) - 1 - number) * high)
    for name in names:
        for other in sorted(drawn[name]):
            (x, y), (to_x, to_y) = place[name], place[other]
            start, end = (x + wide / 2, y + tall), (to_x + wide / 2, to_y - 2)
            bend = max(18, (end[1] - start[1]) / 2)
            picture.arrow(
                f"M{start[0]:g} {start[1]:g}C{start[0]:g} {start[1] + bend:g} "
                f"{end[0]:g} {end[1] - bend:g} {end[0]:g} {end[1]:g}"
            )
    for name, (x, y) in place.items():
        feature = name.endswith("s") and (SOURCE / name).is_dir()
        picture.box(round(x, 1), y, wide, tall, name, "data" if name in DATA else "feature" if feature else "box")
    ground = " · ".join(name for name in order() if name in GROUND)
    picture.box(20, len(rows) * high + 10, width - 40, tall, f"{ground}: used everywhere")
    return picture


STEPS = [
    ("connection", "accept/server.rs", "share of the client, deadlines, HTTP/1.1 and HTTP/2"),
    ("envelope", "http/layer/envelope.rs", "request id, client address, CORS, headers, log line"),
    ("routing", "app.rs", "which endpoint answers; 404 and 405"),
    ("guard", "http/layer/guard.rs", "a place, the client's share, 20 s, panics"),
    ("limiter", "limiter/mod.rs", "requests of this client and group per minute"),
    ("decide first", "keys/caller/decided_first.rs", "a refusal of a dead session is 401, whatever else is wrong"),
    ("caller", "keys/caller/mod.rs", "the token's signature and times: no database yet"),
    ("body", "http/extract/body.rs", "read only now; all problems at once"),
    ("use case", "tasks/create.rs", "free of HTTP; the command line calls it too"),
    ("store", "tasks/store.rs", "one SQL text, owner id first"),
    ("gate and work", "db/database.rs", "live session, permission, row-level security and the work: one round trip"),
]


def request():
    tall, gap, wide = 44, 16, 560
    picture = Picture(wide + 240, len(STEPS) * (tall + gap) + 70, "The life of a request")
    for number, (name, file, what) in enumerate(STEPS):
        if not (SOURCE / file).exists():
            sys.exit(f"scripts/pictures.py: {file} is gone; correct STEPS")
        y = 15 + number * (tall + gap)
        kind = "data" if number >= len(STEPS) - 2 else "feature" if number == len(STEPS) - 3 else "box"
        picture.box(20, y, wide, tall, f"{name} · {file}", kind, what)
        picture.arrow(f"M{20 + wide / 2:g} {y + tall}V{y + tall + gap - 1}")
    y = 15 + len(STEPS) * (tall + gap)
    picture.box(20, y, wide, 34, "PostgreSQL or SQLite", "outside")
    early = [(3, "503"), (4, "429"), (6, "401"), (7, "400 413 415 422"), (10, "401 403 404")]
    for number, status in early:
        middle = 15 + number * (tall + gap) + tall / 2
        picture.arrow(f"M{20 + wide} {middle:g}H{wide + 70}")
        picture.text(wide + 80, middle + 5, status)
    return picture


def deployment():
    picture = Picture(860, 330, "What runs where")
    picture.box(20, 40, 170, 56, "front end", "outside", "browser, app, Next.js")
    picture.box(20, 150, 170, 56, "your services", "outside", "FastAPI, Node, Go, axum")
    picture.box(20, 250, 170, 56, "operator", "outside", "terminal")
    picture.box(330, 60, 220, 130, "doorward serve", "feature", "one process, one binary\naccounts, sessions, tokens,\nroles, tasks; as many as you like")
    picture.box(330, 250, 220, 56, "doorward …", "feature", "the same binary, its commands")
    picture.box(660, 40, 180, 56, "PostgreSQL", "data", "Neon or your own")
    picture.box(660, 120, 180, 56, "or a SQLite file", "data", "embedded, the default")
    picture.box(660, 230, 180, 56, "Redis (optional)", "box", "rate limits shared by replicas")
    picture.arrow("M190 68H328")
    picture.text(200, 60, "HTTPS, by your proxy", "small")
    picture.arrow("M328 165H192", both=False)
    picture.text(200, 157, "keys: JWKS or secret", "small")
    picture.arrow("M190 278H328")
    picture.arrow("M550 90L658 70")
    picture.arrow("M550 130L658 146")
    picture.arrow("M550 165C610 190 610 220 658 245")
    picture.arrow("M550 278C600 278 570 120 658 84")
    return picture


def performance():
    """Requests a second of Doorward and of what teams use instead, from docs/peers.tsv, on a logarithmic scale."""
    notes, figures = [], {}
    for line in (ROOT / "docs/peers.tsv").read_text().splitlines():
        if line.startswith("#"):
            notes.append(line.lstrip("# "))
            continue
        what, name, figure = line.split("\t")
        figures.setdefault(what, []).append((name, float(figure)))
    left, right, bar = 170, 720, 18
    most = math.ceil(math.log10(max(figure for rows in figures.values() for _, figure in rows)))
    at = lambda figure: left + (right - left) * math.log10(max(figure, 1)) / most
    height = 50 + sum(34 + (bar + 6) * len(rows) for rows in figures.values()) + 22
    picture = Picture(820, height, "Requests a second: Doorward, FastAPI with SQLModel, FastAPI Users, Better Auth and PocketBase")
    picture.text(20, 26, "Requests a second, logarithmic", "title")
    for power in range(most + 1):
        x = at(10**power)
        picture.parts.append(f'<path d="M{x:.0f} 40V{height - 30}" stroke-dasharray="2 4"/>')
        picture.text(x, height - 12, f"{10**power:,}".replace(",", " "), "small", "middle")
    y = 50
    for what, rows in figures.items():
        picture.text(20, y + 14, what[0].upper() + what[1:], "title")
        y += 24
        for name, figure in rows:
            kind = "feature" if name.startswith("Doorward") else "box"
            picture.parts.append(
                f'<rect class="{kind}" x="{left}" y="{y}" width="{at(figure) - left:.0f}" height="{bar}" rx="3"/>'
            )
            picture.text(left - 8, y + 13, name, "small", "end")
            shown = f"{figure:,.0f}".replace(",", " ") if figure >= 100 else f"{figure:.1f}"
            picture.text(at(figure) + 6, y + 13, shown, "small")
            y += bar + 6
        y += 10
    return picture


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: scripts/pictures.py [--check]")
    stale = []
    drawn = [rooms, request, deployment]
    # Only a run of scripts/peers.sh makes the figures.
    if (ROOT / "docs/peers.tsv").exists():
        drawn.append(performance)
    for draw in drawn:
        path = ROOT / f"docs/pictures/{draw.__name__}.svg"
        text = draw().svg()
        if check and (not path.exists() or path.read_text() != text):
            stale.append(path.name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        sys.exit(f"Out of date: {', '.join(stale)}. Run scripts/pictures.py and commit what it writes.")


main()
