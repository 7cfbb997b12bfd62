"""The project's definitions with another number of partitions in a run of the first import."""

from __future__ import annotations

import os

from influence_pipeline.assets import first_import
from influence_pipeline.definitions import build_definitions

# The asset's decorator reads it when the definitions are built.
first_import.PARTS_PER_RUN = int(os.environ["BENCHMARK_PARTS_PER_RUN"])

defs = build_definitions()
