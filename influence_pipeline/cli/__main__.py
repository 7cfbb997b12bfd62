"""`python -m influence_pipeline.cli …`."""

import sys

from influence_pipeline.cli import main

sys.exit(main())
