import logging
import os
import subprocess
import sys
import traceback
import warnings
from traceback import format_exc

import psycopg2
import requests
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from influence_pipeline.errors import StoreError, describe_database_error
from influence_pipeline.words import redact

log = logging.getLogger(__name__)


class Receiver:
    def payloads(self, request, body, row, payload):
        # ruleid: payload-shown
        log.info("got %s", body)
        # ruleid: payload-shown
        self._log.debug(f"sent {payload!r}")
        # ruleid: payload-shown
        logging.warning("from %r", dict(request.headers))
        # ruleid: payload-shown
        print(request.json())
        head = dict(request.headers.items())
        shown = repr(head)
        # ruleid: payload-shown
        log.log(10, "heads: %s", shown)
        # ruleid: payload-shown
        warnings.warn(f"{row.body}")
        # ruleid: payload-shown
        sys.stderr.write(str(row.raw))

    def no_payloads(self, request, body):
        # ok: payload-shown
        log.info("got %d bytes", len(body))
        # ok: payload-shown
        log.info("it said: %s", redact(request.json()["message"]))
        # ok: payload-shown
        log.info("a key is there: %s", "x-api-key" in request.headers)


class Holder:
    # ruleid: secret-in-repr
    api_key: str
    # ruleid: secret-in-repr
    state_url: str | None = None
    # ok: secret-in-repr
    api_url: str = ""


class OwnWords:
    # ok: secret-in-repr
    api_key: str

    def __repr__(self):
        key = self.settings.api_key.get_secret_value()
        # ruleid: secret-shown
        return f"<Holder {key}>"


def secrets(settings, password):
    url = settings.secret("store_url")
    if not password:
        # ruleid: secret-shown
        raise StoreError(f"cannot open {url}")
    # ruleid: secret-shown
    log.error("tried with %s", password)
    # ruleid: secret-shown
    subprocess.run(["psql", settings.secret("store_url")], check=True)
    # ruleid: secret-shown
    print(dict(os.environ))


def no_secrets(settings):
    url = settings.secret("store_url")
    # ok: secret-shown
    subprocess.run(["psql"], env={"DSN": url}, check=True)
    if url is None:
        # ok: secret-shown
        raise StoreError("INFLUENCE_STORE_URL is not set")
    # ok: secret-shown
    print(len(url))


def driver(connection):
    try:
        connection.execute(sa.text("SELECT 1"))
    except psycopg2.Error as error:
        # ruleid: driver-error-shown
        log.warning("it said %s", error)
    except DBAPIError as error:
        words = str(error.orig)
        # ruleid: driver-error-shown
        raise StoreError(f"the store: {words}") from None


def driver_in_company(connection):
    try:
        connection.execute(sa.text("SELECT 1"))
    except (DBAPIError, psycopg2.Error) as error:
        # ruleid: driver-error-chained
        raise StoreError("the store is away") from error
    except (OSError, requests.RequestException) as problem:
        # ruleid: driver-error-shown
        print(f"no reply: {problem}")


def driver_in_words(connection):
    try:
        connection.execute(sa.text("SELECT 1"))
    except psycopg2.Error as error:
        # ok: driver-error-shown, driver-error-chained
        raise StoreError(describe_database_error(error)) from None
    except Exception as error:
        # ok: driver-error-shown
        log.warning("%s while reading", type(error).__name__)


def traces(error):
    # ruleid: traceback-shown
    log.exception("it broke")
    # ruleid: traceback-shown
    log.error("it broke", exc_info=True)
    # ruleid: traceback-shown
    log.error("it broke", exc_info=error)
    # ruleid: traceback-shown
    print(traceback.format_exc())
    # ruleid: traceback-shown
    print(format_exc())
    # ok: traceback-shown
    frame = traceback.extract_tb(error.__traceback__)[-1]
    # ok: traceback-shown
    log.error("%s at %s", type(error).__name__, frame.name)
