"""What can go wrong, as a tree.

* WetdryError
  - RecipeError      a YAML recipe or training configuration says something impossible
  - AudioError       samples of the wrong shape, dtype, rate, range or length
  - CatalogError     a folder of stems cannot feed what was asked of it
  - AssetError       a file that a recipe names (an impulse response, a noise) is absent or changed
  - UsageError       what was asked for contradicts itself, or what is already there
  - ShardError       a shard, plan or manifest is missing, torn, altered or somebody else's
  - CheckpointError  a checkpoint or run folder does not fit the code or the question

Every message says where, what was wanted, what was found and how to cure it.
"""

__all__ = [
    "AssetError",
    "AudioError",
    "CatalogError",
    "CheckpointError",
    "RecipeError",
    "ShardError",
    "UsageError",
    "WetdryError",
]


class WetdryError(Exception):
    """Root of every error that this package raises on purpose."""


class RecipeError(WetdryError, ValueError):
    """A YAML recipe or training configuration says something impossible."""


class AudioError(WetdryError, ValueError):
    """Samples of the wrong shape, dtype, rate, range or length."""


class CatalogError(WetdryError, ValueError):
    """A folder of stems cannot feed what was asked of it."""


class AssetError(WetdryError, OSError):
    """A file that a recipe names is absent or not the one that was drawn."""


class UsageError(WetdryError, ValueError):
    """What was asked for contradicts itself, or what is already there."""


class ShardError(WetdryError, OSError):
    """A shard, plan or manifest is missing, torn, altered or somebody else's."""


class CheckpointError(WetdryError, ValueError):
    """A checkpoint or run folder does not fit the code or the question."""
