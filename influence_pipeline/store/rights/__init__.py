"""What this configuration needs in the store's database, exactly, and what a role has beyond it.

`parse_tree` asks Postgres itself which tables, columns and functions a statement touches. `needs`
adds that up over all statements of a mapping or of a coupon writer, `statements` says which these
are. `held` holds it against a role; `script` prints the SQL that makes roles of it.
"""

from influence_pipeline.store.rights.held import (
    Excess,
    Held,
    Lacking,
    excess_rights,
    lacking_rights,
    look,
)
from influence_pipeline.store.rights.needs import Needs, Right, needs_of
from influence_pipeline.store.rights.statements import (
    Asked,
    reader_needs,
    reader_statements,
    reads,
    writer_needs,
    written_out,
)

__all__ = [
    "Asked",
    "Excess",
    "Held",
    "Lacking",
    "Needs",
    "Right",
    "excess_rights",
    "lacking_rights",
    "look",
    "needs_of",
    "reader_needs",
    "reader_statements",
    "reads",
    "writer_needs",
    "written_out",
]
