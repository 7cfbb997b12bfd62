"""An API that is never the limit: nginx, as a separate process, answers the contract's calls.

It needs nginx and its echo module (Debian: `apt-get install nginx-light libnginx-mod-http-echo`),
and runs beside any nginx that is there: own folder, own port, own process id, nothing written
outside. Every call is a line of its log, so what the senders claim is checked from outside.

python -m benchmarks.sink [--ms 50] [--trouble 5] [--port 8098]     runs one until Ctrl-C
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_ECHO = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
_INSTALL = "apt-get install nginx-light libnginx-mod-http-echo"
# nginx keeps log lines this long in memory; whoever reads the log waits a little longer.
_FLUSH_SECONDS = 0.1

_CONFIG = """
load_module {module};
{user}
worker_processes 1;
worker_rlimit_nofile 8192;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
daemon off;
events {{ worker_connections 4000; multi_accept on; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  tcp_nodelay on;
  log_format call '$msec $request_time $status $request_method $request_uri $http_idempotency_key';
  access_log {folder}/calls.log call buffer=256k flush={flush_ms}ms;
  # $request_id is chance, so which calls are refused is chance too.
  split_clients "$request_id" $trouble {{ {trouble} * ""; }}
  server {{
    listen 127.0.0.1:{port} backlog=4000;
    location /v1/ {{
      if ($trouble) {{ rewrite ^ /trouble/$trouble last; }}
      {answer}
    }}
    location = /trouble/429 {{ internal; {refusal_429} }}
    location = /trouble/500 {{ internal; {refusal_500} }}
  }}
}}
"""
_BODY = '{"customer":{"id":"c","externalId":"e","pointBalance":0}}'
_REFUSALS = {429: '{"message":"Too Many Requests"}', 500: '{"message":"Internal server error"}'}


@dataclass(frozen=True)
class Called:
    """One call as nginx saw it. `ended`: seconds since 1970; `seconds`: from its first byte on.

    `record`: which one it tells of: its idempotency key, else its path. `status` is 499 where the
    sender left before the answer.
    """

    ended: float
    seconds: float
    status: int
    method: str
    record: str

    @property
    def began(self) -> float:
        return self.ended - self.seconds


class Sink:
    """A running sink."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self._log = folder / "calls.log"
        self._process = process
        self.url = f"http://127.0.0.1:{port}"
        self._read_to = 0

    @property
    def pid(self) -> int:
        """The process id of nginx's master; the worker is its child."""
        return self._process.pid

    def forget(self) -> None:
        """Leave out of the next `calls` what has come until now."""
        time.sleep(_FLUSH_SECONDS * 2)
        self._read_to = self._log.stat().st_size

    def calls(self) -> list[Called]:
        """Give every call since `forget`, in the order of their ends."""
        time.sleep(_FLUSH_SECONDS * 2)
        with self._log.open(encoding="utf-8", errors="replace") as lines:
            lines.seek(self._read_to)
            return [_called(line) for line in lines]

    def count(self) -> int:
        """Count the calls since `forget` that nginx has written down, at once."""
        with self._log.open("rb") as lines:
            lines.seek(self._read_to)
            return sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(1 << 20), b""))

    def accepted(self) -> Counter[str]:
        """Count, since `forget`, how often each record was answered 200."""
        return Counter(call.record for call in self.calls() if call.status == 200)


def _called(line: str) -> Called:
    ended, seconds, status, method, path, key = line.rstrip("\n").split(" ", 5)
    return Called(float(ended), float(seconds), int(status), method, path if key == "-" else key)


@contextmanager
def sink(*, ms: int = 0, trouble_percent: float = 0.0, port: int = 0) -> Iterator[Sink]:
    """Run one. `ms`: each answer's delay. `trouble_percent`: so many of 100 answers are 500 or 429,
    half and half, with the same delay. Raises RuntimeError where nginx is missing or ends."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None or not _ECHO.exists():
        raise RuntimeError(f"The sink is nginx with its echo module: {_INSTALL}")
    folder = Path(tempfile.mkdtemp(prefix="benchmark-sink-"))
    port = port or _free_port()
    (folder / "nginx.conf").write_text(_config(folder, port, ms, trouble_percent))
    process = subprocess.Popen(
        [nginx, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"],
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(process, port, folder)
        yield Sink(folder, port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _config(folder: Path, port: int, ms: int, trouble_percent: float) -> str:
    half = f"{trouble_percent / 2:.2f}%"
    return _CONFIG.format(
        module=_ECHO,
        # As root the worker would become somebody who may not enter the folder.
        user="user root;" if os.geteuid() == 0 else "",
        folder=folder,
        port=port,
        flush_ms=int(_FLUSH_SECONDS * 1000),
        trouble=f"{half} 500; {half} 429;" if trouble_percent else "",
        answer=_answer(200, _BODY, ms),
        refusal_429=_answer(429, _REFUSALS[429], ms),
        refusal_500=_answer(500, _REFUSALS[500], ms),
    )


def _answer(status: int, body: str, ms: int) -> str:
    # Without a delay nginx's own `return` is the cheapest there is. echo does not take the body off
    # the connection by itself.
    if not ms:
        return f"return {status} '{body}';"
    return (
        f"echo_read_request_body; echo_status {status}; echo_sleep {ms / 1000}; echo -n '{body}';"
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return
        time.sleep(0.02)
    log = folder / "error.log"
    words = log.read_text() if log.exists() else "it wrote no log"
    raise RuntimeError(f"nginx did not start: {words}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ms", type=int, default=0, help="delay of each answer")
    parser.add_argument("--trouble", type=float, default=0.0, help="percent answered 500 or 429")
    parser.add_argument("--port", type=int, default=8098)
    given = parser.parse_args()
    with sink(ms=given.ms, trouble_percent=given.trouble, port=given.port) as running:
        print(f"{running.url}, process {running.pid}; Ctrl-C ends it", flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()
        calls = running.calls()
        print(f"{len(calls):,} calls, by status {dict(Counter(call.status for call in calls))}")


if __name__ == "__main__":
    main()
