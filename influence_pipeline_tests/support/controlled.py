"""A program of the tests with a control port, a JSON object a line: its own side of it, and ours."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from influence_pipeline_tests.sandbox.platform_fixtures import until

Handle = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


async def be_controlled(port: int, handle: Handle, ports: str) -> None:
    """Answer what is asked at a control port, for ever. Its number and `port`, at which the program
    serves, are written into the file `ports`: then it is ready."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await handle(json.loads(line))).encode() + b"\n")
            await writer.drain()
        writer.close()

    control = await asyncio.start_server(talk, "127.0.0.1", 0)
    draft = Path(ports + ".draft")
    draft.write_text(json.dumps({"port": port, "control": control.sockets[0].getsockname()[1]}))
    draft.replace(ports)
    await control.serve_forever()


class Control:
    """The control port of a running program. `port`: where it serves."""

    def __init__(self, ports: dict[str, int], stderr: Path) -> None:
        self.port = ports["port"]
        self._control = socket.create_connection(("127.0.0.1", ports["control"]), timeout=60)
        self._answers = self._control.makefile("rb")
        self._stderr = stderr

    def ask(self, what: dict[str, Any]) -> dict[str, Any]:
        self._control.sendall(json.dumps(what).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def close(self) -> None:
        self._answers.close()
        self._control.close()
        # A connection that breaks while the program ends may be told there; a failing test shows it.
        sys.stderr.write(self._stderr.read_text())


@contextmanager
def controlled(module: str, folder: Path, settings: dict[str, Any]) -> Iterator[Control]:
    """Run a module of the tests that serves until it is killed, at the end of the block. Its one
    argument is a file with the settings, `ports` among them."""
    ports, stderr, file = (folder / name for name in ("ports", "stderr", "settings.json"))
    file.write_text(json.dumps({**settings, "ports": str(ports)}))
    with stderr.open("wb") as errors:
        process = subprocess.Popen([sys.executable, "-m", module, str(file)], stderr=errors)
    try:
        until(lambda: ports.exists() or process.poll() is not None, f"{module} to be ready", 180)
        assert process.poll() is None, stderr.read_text()
        control = Control(json.loads(ports.read_text()), stderr)
        yield control
        control.close()
    finally:
        process.kill()
        process.wait()
