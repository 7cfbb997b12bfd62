"""nginx with the configuration that is shipped, `deploy/nginx.conf`: only ports, the certificate's
files and the place of the logs are others."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.proxied import make_certificate

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"
_PACKAGE = "nginx-light"
_MAIN = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/main-error.log error;
events {{ worker_connections 8192; }}
http {{
    access_log {folder}/main.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/influence.conf;
}}
"""


class Nginx:
    """A running nginx. `url` is where deliveries go, `certificate` what vouches for it."""

    def __init__(self, folder: Path, port: int, certificate: Path) -> None:
        self.port = port
        self.url = f"https://127.0.0.1:{port}"
        self.certificate = certificate
        self._folder = folder

    def logs(self) -> str:
        """Everything that it has written anywhere."""
        return "\n".join(file.read_text() for file in sorted(self._folder.glob("*.log")))


def nginx_program(*, install: bool = False) -> str:
    """Give the program. Where it is missing: installed if `install`, else the test is skipped."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    found = shutil.which("nginx", path=path)
    if found is None and install and shutil.which("apt-get") and os.geteuid() == 0:
        # RUNLEVEL: the package starts no service.
        subprocess.run(
            ["apt-get", "install", "-y", "-q", _PACKAGE],
            env={**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
            capture_output=True,
        )
        found = shutil.which("nginx", path=path)
    if found is None:
        pytest.skip(f"nginx is not here; apt-get install {_PACKAGE}")
    return found


def write_configuration(folder: Path, port: int, receiver: int) -> Path:
    """Write the shipped file for these ports and a main file around it; give the main file."""
    certificate, key = make_certificate(folder)
    text = SHIPPED.read_text()
    for shipped, ours in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "    server 127.0.0.1:8090": f"    server 127.0.0.1:{receiver}",
        "/etc/nginx/tls/hooks.example.crt": str(certificate),
        "/etc/nginx/tls/hooks.example.key": str(key),
        "/var/log/nginx/influence.log": f"{folder}/influence.log",
        "/var/log/nginx/influence-error.log": f"{folder}/influence-error.log",
    }.items():
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, ours)
    (folder / "influence.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder, user=user))
    return main


@contextmanager
def nginx(folder: Path, receiver: int, *, install: bool = False) -> Iterator[Nginx]:
    """Run nginx in front of the receiver at this port, until the end of the block."""
    program = nginx_program(install=install)
    folder.mkdir()
    port = _free_port()
    main = write_configuration(folder, port, receiver)
    process = subprocess.Popen(
        [program, "-c", str(main), "-p", str(folder)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: process.poll() is not None or _listens(port), "nginx to listen")
        assert process.poll() is None, process.communicate()[1]
        yield Nginx(folder, port, folder / "certificate.pem")
    finally:
        process.terminate()
        process.communicate()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
