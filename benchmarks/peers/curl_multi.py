"""The ceiling: a bare loop over pycurl's CurlMulti, nothing read, nothing written down.

python -m benchmarks.peers.curl_multi URL RECORDS IN_FLIGHT
"""

from __future__ import annotations

import sys
import time

import pycurl

from benchmarks.peers.body import BODY, HEADERS, address, tell


def main() -> None:
    url, records, in_flight = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, in_flight)
    idle = [_handle() for _ in range(in_flight)]
    sent = done = 0
    began = time.time()
    while done < records:
        while idle and sent < records:
            handle = idle.pop()
            handle.setopt(pycurl.URL, address(url, sent))
            multi.add_handle(handle)
            sent += 1
        multi.perform()
        queued, succeeded, failed = multi.info_read()
        assert not failed, failed
        for handle in succeeded:
            assert handle.getinfo(pycurl.RESPONSE_CODE) == 200
            multi.remove_handle(handle)
            idle.append(handle)
            done += 1
        if not succeeded and not queued:
            multi.select(1.0)
    tell(began, records)


def _handle() -> pycurl.Curl:
    handle = pycurl.Curl()
    handle.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in HEADERS.items()])
    handle.setopt(pycurl.CUSTOMREQUEST, "PUT")
    handle.setopt(pycurl.POSTFIELDS, BODY)
    handle.setopt(pycurl.WRITEFUNCTION, lambda _chunk: None)
    handle.setopt(pycurl.TCP_NODELAY, 1)
    return handle


if __name__ == "__main__":
    main()
