"""What was drawn and measured for every sample: schemas, tables, digests, versions."""

from .files import write_atomically, writing
from .rows import effect_numbers, effect_rows
from .schema import manifest_schema, plan_schema
from .tables import read_table, records, write_table
from .versions import FORMAT_VERSION, library_versions

__all__ = [
    "FORMAT_VERSION",
    "effect_numbers",
    "effect_rows",
    "library_versions",
    "manifest_schema",
    "plan_schema",
    "read_table",
    "records",
    "write_atomically",
    "write_table",
    "writing",
]
