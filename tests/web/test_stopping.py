"""A Stop on its way to a unit that says nothing; apart from browsers, whose loop runs in the same thread."""

import asyncio
import socket

from app.web.stopping import Stopping
from controller.appliance.live_state import SOCKET


def test_who_leaves_while_a_stop_is_on_its_way_takes_its_answer_from_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr("app.web.stopping.PATIENCE_S", 0.2)
    stopping = Stopping(tmp_path)

    async def two_ways():
        first, second = (asyncio.create_task(stopping.stop("tap")) for _ in range(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second.cancel()
        return await first, await stopping.stop("tap")

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / SOCKET))
        silent.listen()
        assert asyncio.run(two_ways()) == (False, False)
