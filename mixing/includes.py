"""Includes: a recipe that begins with another one, and says what is different."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ..degradations.language.distributions import NAMES
from ..degradations.language.yaml_tree import Node, read_text, read_yaml
from ..errors import RecipeError

__all__ = ["Source", "find_recipe", "preset_names", "read_recipe", "recipe_about"]

DEEPEST = 8
"""Recipes that include one another in a row."""


@dataclass(frozen=True)
class Source:
    """The text of a recipe.

    Parameters
    ----------
    text : str
    label : str
        Its file's name, for messages.
    folder : Path
        Where the names of files begin in it.
    """

    text: str
    label: str
    folder: Path


def preset_names() -> list[str]:
    """Return the names of the recipes that ship with the package; dt10 comes after dt9."""
    folder = files("wetdry.mixing") / "presets"
    names = [p.name.removesuffix(".yaml") for p in folder.iterdir() if p.name[0] != "."]
    return sorted(names, key=lambda name: (name.rstrip("0123456789"), len(name), name))


def find_recipe(name: str | Path, folder: Path = Path()) -> Source:
    """Return the recipe that a name stands for: a file, from ``folder`` on, or a preset.

    Raises
    ------
    RecipeError
        If there is none.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return Source(read_text(folder / path), path.name, (folder / path).parent)
    if str(name) in preset_names():
        preset = files("wetdry.mixing") / "presets" / f"{name}.yaml"
        return Source(preset.read_text("utf-8"), f"{name}.yaml", Path.cwd())
    raise RecipeError(
        f"{name}: wanted a .yaml file or a preset ({', '.join(preset_names())}), found neither"
    )


def recipe_about(name: str | Path) -> str:
    """Return what a recipe says that it is for, whether or not it can be drawn here."""
    source = find_recipe(name)
    root = read_yaml(source.text, source.label).mapping("a recipe")
    return " ".join(str(root["about"].value).split()) if "about" in root else ""


def read_recipe(source: Source) -> tuple[Node, tuple[Source, ...]]:
    """Read a recipe on top of those that it includes.

    Mappings are merged key by key; lists, distributions and values replace what they stand
    for, and an empty value takes it away. Every value still knows the file and line that it
    came from.

    Returns
    -------
    root : Node
        Without its ``include``.
    included : tuple of Source
        From the one that is included to the one that it includes itself, and so on.

    Raises
    ------
    RecipeError
        If one of them is no YAML, is not there, or includes itself on some way.
    """
    root = read_yaml(source.text, source.label)
    included: list[Source] = []
    trees, ancestors = [root], [source]
    while "include" in trees[-1].mapping("a recipe"):
        node = trees[-1].value["include"]
        source = _included(node, source)
        if source in ancestors:
            raise node.error("recipes that do not include themselves")
        if len(included) == DEEPEST:
            raise node.error(f"at most {DEEPEST} recipes that include one another")
        included.append(source)
        ancestors.append(source)
        trees.append(read_yaml(source.text, source.label))
    merged = trees.pop()
    while trees:
        merged = _merged(merged, trees.pop())
    kept = {key: child for key, child in merged.value.items() if key != "include"}
    return Node(kept, root.where, root.path), tuple(included)


def _included(node: Node, source: Source) -> Source:
    """Return the recipe that another one names."""
    if not isinstance(node.value, str) or Path(node.value).is_absolute():
        raise node.error("a preset, or a .yaml file from the recipe's folder on")
    try:
        return find_recipe(node.value, source.folder)
    except RecipeError as error:
        raise RecipeError(f"{node.where}: {node.path}: {error}") from None


def _merged(base: Node, over: Node) -> Node:
    """Return a tree with another laid over it."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    if set(over.value) & set(NAMES):  # a distribution is a value, and replaces one
        return over
    pairs = dict(base.value)
    for key, child in over.value.items():
        if child.value is None:
            pairs.pop(key, None)
        else:
            pairs[key] = _merged(pairs[key], child) if key in pairs else child
    return Node(pairs, over.where, over.path)
