"""What a script does: `requests` in a pool of threads, a session each; nothing written down.

python -m benchmarks.peers.requests_threads URL RECORDS THREADS
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.peers.body import BODY, HEADERS, address, tell

_own = threading.local()


def main() -> None:
    url, records, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    began = time.time()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda number: _put(address(url, number)), range(records)):
            pass
    tell(began, records)


def _put(url: str) -> None:
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
        _own.session.headers.update(HEADERS)
    _own.session.put(url, data=BODY, timeout=30).raise_for_status()


if __name__ == "__main__":
    main()
