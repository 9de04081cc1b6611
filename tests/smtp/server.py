"""A mail server for the tests: aiosmtpd, which behaves as the recipient's name says. What it takes is a file
each in the folder it is given. Usage: server.py FOLDER PORT [CERTIFICATE KEY [PASSWORD]]"""

import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
seen = {}


def first(what):
    seen[what] = seen.get(what, 0) + 1
    return seen[what] == 1


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name.startswith("refused"):
            return "550 5.1.1 No such mailbox here"
        if name.startswith("grey") and first(address):
            return "451 4.7.1 Greylisted, try again later"
        if name.startswith("busy") and first(address):
            return "421 4.3.2 Too busy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name.startswith("hang") and first(name):
            (folder / "hangs").touch()
            await asyncio.sleep(3600)
        if name.startswith("spam"):
            return "554 5.7.1 This looks like spam"
        kept = folder / f"{len(list(folder.glob('*.eml'))):04}-{name}.eml"
        part = kept.with_suffix(".part")
        part.write_bytes(envelope.original_content)
        part.rename(kept)
        if name.startswith("drop") and first(name):
            server.transport.abort()
        return "250 2.0.0 Queued"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password.decode() == sys.argv[5], handled=False)


async def main():
    more = {}
    if len(sys.argv) > 4:
        more["tls_context"] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        more["tls_context"].load_cert_chain(sys.argv[3], sys.argv[4])
    if len(sys.argv) > 5:
        more.update(authenticator=authenticate, auth_required=True)
    handler = Handler()
    make = lambda: SMTP(handler, enable_SMTPUTF8=False, **more)
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


asyncio.run(main())
