"""Options that commands take together: a group is stated once, and spread over parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, get_type_hints

from ..errors import UsageError
from .effects import Effects
from .options import (
    Address,
    Catalog,
    EngineName,
    LayoutName,
    Rate,
    RecipeName,
    Seconds,
    Seed,
    Severity,
    SplitTexts,
    Stems,
    Workers,
    catalog_of,
)
from .plugins import AllowPlugins

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..datasets import Engine, Order

__all__ = ["Drawn", "Foreign", "Rendered", "spread"]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What sessions are drawn from: a recipe, the stems, and where the draws begin."""

    recipe: RecipeName
    stems: Stems
    seed: Seed = 0
    splits: SplitTexts = None
    catalog: Catalog = None
    layout: LayoutName = "auto"
    sample_rate: Rate = None
    seconds: Seconds = None
    severity: Severity = None

    def order(self, samples: int, **form: Any) -> Order:
        """Return what is asked of the factory; ``form`` is that of the samples' files."""
        from ..datasets import DEFAULT_SPLITS, Order, parse_splits
        from ..mixing import load_recipe

        recipe = load_recipe(
            self.recipe,
            sample_rate=self.sample_rate,
            seconds=self.seconds,
            severity=self.severity,
        )
        splits = parse_splits(self.splits or DEFAULT_SPLITS)
        return Order(recipe, samples, self.seed, splits, **form)

    def table(self, workers: int = 1) -> DataFrame:
        """Read the catalog, or scan for it."""
        return catalog_of(self.stems, self.catalog, self.layout, workers)


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """Where samples are rendered."""

    workers: Workers = 2
    engine: EngineName = "local"
    address: Address = None

    def chosen(self) -> Engine:
        """Return the engine.

        Raises
        ------
        UsageError
            If there is no such engine, it is not installed, or it has no address.
        """
        from ..datasets import LocalEngine, RayEngine
        from ..datasets.ray_engine import imported_ray

        if self.engine not in ("local", "ray"):
            raise UsageError(f"--engine: wanted local or ray, found {self.engine!r}")
        if self.engine == "ray":
            imported_ray()  # or say now, before stems are scanned, that it is not here
            return RayEngine(self.address, self.workers)
        if self.address is not None:
            raise UsageError(
                f"--address {self.address}: is a Ray cluster's; say --engine ray as well"
            )
        return LocalEngine(self.workers)


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """Code of others that may run; each option takes effect as it is read."""

    allow_plugins: AllowPlugins = False
    effects: Effects = None


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that takes the options of each group in the group's place."""
    flat: list[Parameter] = []
    groups: dict[str, type[Any]] = {}
    for name, kind in _hints(command).items():
        if is_dataclass(kind) and isinstance(kind, type):
            groups[name] = kind
            hints = _hints(kind)
            flat += [_parameter(f.name, hints[f.name], _default(f)) for f in fields(kind)]
        else:
            flat.append(_parameter(name, kind, signature(command).parameters[name].default))

    @wraps(command)
    def gathered(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{f.name: given.pop(f.name) for f in fields(kind)})
        command(**given)

    gathered.__signature__ = Signature(flat)  # type: ignore[attr-defined]
    gathered.__annotations__ = {p.name: p.annotation for p in flat}
    return gathered


def _hints(of: Any) -> dict[str, Any]:
    hints = get_type_hints(of, include_extras=True)
    hints.pop("return", None)
    return hints


def _default(field: Field[Any]) -> Any:
    return Parameter.empty if field.default is MISSING else field.default


def _parameter(name: str, kind: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
