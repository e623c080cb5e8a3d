"""What was drawn and measured for every sample: schemas, tables, digests, versions."""

from .files import write_atomically, writing
from .redraws import Redraws, count_redraws
from .rows import effect_numbers, effect_rows
from .schema import manifest_schema, plan_schema
from .steps import label_table, step_table
from .tables import read_table, records, write_table
from .versions import FORMAT_VERSION, library_versions

__all__ = [
    "FORMAT_VERSION",
    "Redraws",
    "count_redraws",
    "effect_numbers",
    "effect_rows",
    "label_table",
    "library_versions",
    "manifest_schema",
    "plan_schema",
    "read_table",
    "records",
    "step_table",
    "write_atomically",
    "write_table",
    "writing",
]
