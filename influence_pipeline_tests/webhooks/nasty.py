"""What nobody should ever send: bodies, and requests that break the protocol itself."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator

from influence_pipeline.webhooks.intake import LARGEST_BODY
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.test_events import HOSTILE

_GOOD = encoded(redemption())


def bodies() -> dict[str, bytes]:
    """Give well over a hundred bodies, by what is wrong with them. All of them must be kept."""
    made = {name: body for name, (body, _) in HOSTILE.items()}
    made |= dict(_sizes())
    made |= dict(_encodings())
    made |= dict(_numbers())
    made |= dict(_shapes())
    made |= dict(_broken())
    return made


def _sizes() -> Iterator[tuple[str, bytes]]:
    for size in (0, 1, 2, 4095, 4096, 65_535, 65_536, 65_537, LARGEST_BODY - 1, LARGEST_BODY):
        yield f"{size} spaces", b" " * size
        yield f"{size} zero bytes", b"\0" * size
    padding = LARGEST_BODY - len(_GOOD)
    yield "an event of the largest size", _GOOD[:-1] + b" " * padding + b"}"


def _encodings() -> Iterator[tuple[str, bytes]]:
    text = _GOOD.decode()
    for name in ("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le", "utf-7", "cp500"):
        yield f"an event in {name}", text.encode(name)
    yield "gzip", gzip.compress(_GOOD, mtime=0)
    yield "deflate", zlib.compress(_GOOD)
    yield "bytes 0 to 255", bytes(range(256))
    yield "overlong UTF-8", b'{"id":"\xc0\xaf"}'
    yield "a surrogate in UTF-8", b'{"id":"\xed\xa0\x80"}'
    for escape in ("\\ud800", "\\udfff\\ud800", "\\u0000", "\\uffff", "\\u202e", "\\ud83d\\ude00"):
        for place in ("id", "couponCode", "ruleId", "rewardType"):
            yield (
                f"{escape} in {place}",
                json.dumps(redemption(**{place: "@"})).replace('"@"', f'"{escape}"').encode(),
            )
    yield "a byte-order mark inside", b'{"id": "\xef\xbb\xbfa"}'


def _numbers() -> Iterator[tuple[str, bytes]]:
    for name, text in {
        "5,001 digits": "9" * 5001,
        "100,000 digits": "1" * 100_000,
        "5,001 digits after the point": "0." + "1" * 5001,
        "1e999999999": "1e999999999",
        "-1e-999999999": "-1e-999999999",
        "1e400": "1e400",
        "minus zero": "-0",
        "NaN": "NaN",
        "minus infinity": "-Infinity",
        "a leading zero": "007",
        "hexadecimal": "0x10",
        "two to the 63": str(2**63),
        "Arabic digits": "١٢٣",
    }.items():
        for place in ("id", "points"):
            body = json.dumps(redemption(**{place: "@"}), ensure_ascii=False)
            yield f"{name} as {place}", body.replace('"@"', text).encode()


def _shapes() -> Iterator[tuple[str, bytes]]:
    for place in ("id", "customer", "couponCode", "ruleId", "points", "redeemRule"):
        for value in (None, True, [], {}, "", " ", [[]], {"id": {}}, "x" * 10_000, 1.5):
            yield f"{place} is {str(value)[:12]!r}", encoded(redemption(**{place: value}))
    for depth in (50, 1_000, 60_000):
        yield f"{depth} lists", b"[" * depth + b"]" * depth
        yield (
            f"an event with {depth} objects in it",
            (_GOOD[:-1] + b',"x":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}")[:LARGEST_BODY],
        )
    yield "10,000 names", encoded(redemption(**{f"n{n}": n for n in range(10_000)}))
    yield "a name twice", _GOOD[:-1] + b',"id":"another"}'
    yield "names that differ by case", _GOOD[:-1] + b',"ID":"another"}'
    yield "__proto__", _GOOD[:-1] + b',"__proto__":{"admin":true}}'
    yield "a name of 100,000 letters", encoded(redemption(**{"n" * 100_000: 1}))


def _broken() -> Iterator[tuple[str, bytes]]:
    for cut in range(1, len(_GOOD), max(1, len(_GOOD) // 20)):
        yield f"broken off after {cut}", _GOOD[:cut]
    for text in ("<xml/>", "id=1", "'a'", "{id:1}", '{"a":1,}', "// c\n{}", "\x1f", "%s%s%n", "🙂"):
        yield text, text.encode()
    yield "SQL", encoded(redemption(id="'; DROP TABLE inbox; --"))
    yield "two events", _GOOD + b"\n" + _GOOD


def requests_by_hand() -> dict[str, bytes]:
    """Give requests that no client would make."""
    start = f"POST /webhooks/influence/{TOKEN} HTTP/1.1\r\nHost: x\r\n".encode()
    close = b"Connection: close\r\n"
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    chunked = start + close + b"Transfer-Encoding: chunked\r\n\r\n"
    length = LARGEST_BODY + 1
    return {
        "one byte too many": start + close + b"Content-Length: %d\r\n\r\n" % length + b"x" * length,
        "chunked over the cap": chunked + chunk * 9 + b"0\r\n\r\n",
        "chunked without an end": chunked + chunk * 40,
        "a chunk whose size is no number": chunked + b"zz\r\nxx\r\n0\r\n\r\n",
        "a chunk of minus one": chunked + b"-1\r\nxx\r\n0\r\n\r\n",
        "a chunk of 2**70": chunked + b"f" * 18 + b"\r\nx",
        "a chunk longer than it says": chunked + b"2\r\nxxxxxxxx\r\n0\r\n\r\n",
        "a length of minus one": start + close + b"Content-Length: -1\r\n\r\nxx",
        "a length that is no number": start + close + b"Content-Length: ten\r\n\r\nxx",
        "a length of 5,000 digits": start
        + close
        + b"Content-Length: "
        + b"9" * 5000
        + b"\r\n\r\nx",
        "two lengths": start + close + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\nxx",
        "a length of 1 TB": start + close + b"Content-Length: %d\r\n\r\n{}" % 10**12,
        "gzip": start + close + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        "gzip, chunked": chunked.replace(b"chunked", b"gzip, chunked") + b"2\r\n{}\r\n0\r\n\r\n",
        "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10 + b"\r\n\r\n",
        "HTTP/0.9": f"POST /webhooks/influence/{TOKEN}\r\n\r\n".encode(),
        "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "NUL in a header": start + close + b"X-Webhook-Topic: a\0b\r\nContent-Length: 0\r\n\r\n",
        "a header of 200 kB": start + close + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        "10,000 headers": start + close + b"X: y\r\n" * 10_000 + b"\r\n",
        "a method that is none": start.replace(b"POST", b"\xff\xfe") + close + b"\r\n",
        "CONNECT": b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n" + close + b"\r\n",
        "an absolute address": start.replace(b" /web", b" http://y/x/web") + close + b"\r\n",
        "an upgrade": start + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    }
