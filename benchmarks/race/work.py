"""What branches do: add, wait for a reply over a socket, compute, sum an array. The same functions for everyone.

`add_1 … add_64`, `wait_1 …`, `cpu_1 …`, `data_1 …` (which is `cpu_1` of some bytes) and `array_1 …` take one
value, and `awaiting_1 …` is `wait_1 …` for asyncio. They are functions of a module, so that every kind of
process pool finds them.
Nothing but the standard library is imported: this runs in the environments of all competitors.
"""

import asyncio
import os
import socket
import zlib

MOST = 64


def port():
    """Return the port of the server of this run."""
    return int(os.environ["RACE_PORT"])


def steps():
    """Return how many steps of the computation take 50 ms on this machine."""
    return int(os.environ["RACE_STEPS"])


def compute(seed, count):
    """Return the `count`-th number of a linear congruential generator."""
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
    return seed


def fetch(size):
    """Ask the server for `size` bytes, which it sends after 10 ms, and return their checksum."""
    with socket.create_connection(("127.0.0.1", port())) as connection:
        connection.sendall(b"%d\n" % size)
        checksum = 0
        while part := connection.recv(65536):
            checksum = zlib.crc32(part, checksum)
    return checksum


async def fetch_async(size):
    """Do as `fetch` does, in an event loop."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port())
    writer.write(b"%d\n" % size)
    checksum = 0
    while part := await reader.read(65536):
        checksum = zlib.crc32(part, checksum)
    writer.close()
    return checksum


def _add(number):
    def add(value):
        return value + number

    return add


def _wait(number):
    def wait(size):
        return fetch(size) + number

    return wait


def _awaiting(number):
    async def awaiting(size):
        return await fetch_async(size) + number

    return awaiting


def _cpu(number):
    def cpu(value):
        return compute(value + number, steps())

    return cpu


def _data(number):
    def data(value):
        return compute(zlib.crc32(value) + number, steps())

    return data


def _array(number):
    def array(values):
        return float(values.sum()) + number

    return array


def _define():
    for make in (_add, _wait, _awaiting, _cpu, _data, _array):
        for number in range(1, MOST + 1):
            function = make(number)
            name = f"{function.__name__}_{number}"
            function.__name__ = function.__qualname__ = name
            globals()[name] = function


_define()


def functions(kind, count):
    """Return the first functions of a kind."""
    return [globals()[f"{kind}_{number}"] for number in range(1, count + 1)]
