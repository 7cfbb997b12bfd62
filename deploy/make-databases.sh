#!/bin/sh
# Run once by the postgres image, when its folder is empty: a second database beside the state's.
set -eu
createdb --username "$POSTGRES_USER" dagster
