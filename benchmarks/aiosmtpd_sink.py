"""aiosmtpd as it is, with an in-memory sink."""

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.kept import Kept
from benchmarks.listening import BACKLOG, LOOPBACK, announcement


class KeepingHandler:
    """Keeps every mail.

    Args:
        kept: where the mails go.

    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def handle_DATA(  # noqa: D102 - aiosmtpd's name for the end of data
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self._kept.keep(content)
        return "250 OK"


async def serve(kept: Kept) -> None:
    """Serve on a free loopback port, say which, and run until terminated."""
    handler = KeepingHandler(kept)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="aiosmtpd.test", loop=loop),
        host=LOOPBACK,
        port=0,
        backlog=BACKLOG,
    )
    print(announcement(server.sockets[0].getsockname()[1]), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    mails = Kept()
    mails.forget_on_signal()
    asyncio.run(serve(mails))
