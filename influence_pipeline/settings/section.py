"""What every table of influence.toml has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of influence.toml. Unknown keys are mistakes, so they are refused.

    The text under a field is its description: an editor shows it by the JSON Schema (`schema`), so
    the reason of a setting is written once. Pydantic is not asked to collect these texts
    (use_attribute_docstrings): that reads the source of every class at each start, 90 ms.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
