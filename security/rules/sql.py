import pandas as pd
import psycopg2.extras
import sqlalchemy as sa
from psycopg2.extras import execute_values as put
from sqlalchemy import text
from sqlalchemy import text as words

from influence_pipeline.postgres import run
from influence_pipeline.postgres import run as go

CONSTANT = "SELECT 1 FROM orders WHERE id = :id"


def built_in_place(cursor, connection, name):
    # ruleid: sql-built
    cursor.execute(f"SELECT * FROM {name}")
    # ruleid: sql-built
    cursor.execute("SELECT * FROM %s" % name)
    # ruleid: sql-built
    cursor.execute("SELECT * FROM " + name)
    # ruleid: sql-built
    cursor.execute("SELECT * FROM {}".format(name))
    # ruleid: sql-built
    connection.exec_driver_sql(f"SET search_path = {name}")
    # ruleid: sql-built
    connection.execute(sa.text(f"SELECT {name}"))
    # ruleid: sql-built
    run(connection, f"SELECT {name}", {})
    # ruleid: sql-built
    connection.ask(f"SELECT {name}")
    # ruleid: sql-built
    cursor.copy_expert(f"COPY ({name}) TO STDOUT", None)
    # ruleid: sql-built
    pd.read_sql(f"SELECT {name}", connection)


def under_another_name(cursor, connection, name):
    # ruleid: sql-built
    connection.execute(text(f"SELECT {name}"))
    # ruleid: sql-built
    connection.execute(words("SELECT " + name))
    # ruleid: sql-built
    go(connection, f"SELECT {name}")
    # ruleid: sql-built
    put(cursor, f"INSERT INTO {name} VALUES %s", [])
    # ruleid: sql-built
    psycopg2.extras.execute_batch(cursor, "INSERT INTO %s" % name, [])


def built_before(cursor, name, parts):
    sql = f"SELECT * FROM {name}"
    later = sql
    if parts:
        # ruleid: sql-built
        cursor.execute(later)
    grown = "SELECT 1"
    grown += name
    # ruleid: sql-built
    cursor.execute(grown)
    # ruleid: sql-built
    cursor.execute(" AND ".join(parts))
    asked = "SELECT X FROM t".replace("X", name)
    # ruleid: sql-built
    cursor.execute(asked.strip())
    for one in [f"DROP TABLE {name}"]:
        # ruleid: sql-built
        cursor.execute(one)


def bound(self, cursor, connection, name):
    # ok: sql-built
    cursor.execute("SELECT * FROM orders WHERE id = %(id)s", {"id": f"{name}"})
    # ok: sql-built
    connection.execute(sa.text(CONSTANT), {"id": "a" + name})
    # ok: sql-built
    run(connection, CONSTANT, {"id": name})
    # ok: sql-built
    self.ask(f"Which one, {name}?")
