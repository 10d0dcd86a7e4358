"""A number of bytes, asked for over a loopback socket → so many bytes, 10 ms later.

    python -m benchmarks.race.server      prints its port, serves until its standard input ends

It runs in a process of its own: whoever waits for it gets no share of its work.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

DELAY = 0.010
_PATTERN = bytes(range(256)) * 4096


async def _reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = int(await reader.readline())
    await asyncio.sleep(DELAY)
    writer.write(_PATTERN[:size])
    await writer.drain()
    writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_reply, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextmanager
def running() -> Iterator[int]:
    """Run the server and give its port."""
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(_serve())
