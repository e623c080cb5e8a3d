"""Spare chains: those that take the place of a refused one, drawn when a sample is rendered.

Few are ever needed, and with three of them a track they are three quarters of what is drawn. So a
plan leaves them to its recipe and says so (:class:`Spares`); whoever renders completes it. Every
chain has an address, so they are the same as if they had been drawn with the others.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from ..degradations import Chain, Scope
from ..degradations.language.distributions import Constant
from ..degradations.language.random_values import File
from ..errors import RecipeError
from ..seeds import Place
from .linked import draw_linked, stem_names
from .recipes import Recipe
from .sessions import Session, Spares, Track

__all__ = ["SPARE_CHAINS", "SpareChains", "chain_at", "levels_at"]

SPARE_CHAINS = 3
"""How often a chain that is refused is drawn again."""


def levels_at(recipe: Recipe, stem_class: str, place: Place, scope: Scope) -> dict[str, Any]:
    """Draw the levels of the track that lives at a place."""
    return {
        name: distribution.draw(place.uniform(name), scope.names)
        for name, distribution in recipe.levels[stem_class].items()
    }


def chain_at(recipe: Recipe, stem_class: str, place: Place, scope: Scope) -> Chain:
    """Draw the common part of a chain and that of the stem's class."""
    drawn = (
        recipe.stems[part].drawn(place.below(part), scope)
        for part in ("all", stem_class)
        if part in recipe.stems
    )
    return Chain.joined(drawn)


@dataclass(frozen=True)
class SpareChains:
    """The spare chains that a recipe draws.

    Parameters
    ----------
    recipe : Recipe
    """

    recipe: Recipe

    @cached_property
    def left_out(self) -> Spares | None:
        """What a session says that leaves them out; None where no rule refuses a chain."""
        if not self.recipe.reject:
            return None
        recipe, severity = self.recipe, self.recipe.severity
        said = [
            recipe.text,
            [text for _, text in recipe.included],
            recipe.sample_rate,
            severity.value if isinstance(severity, Constant) else "drawn",
            sorted({(file.path, file.digest) for file in _files(recipe)}),
        ]
        return Spares(
            count=SPARE_CHAINS, recipe_sha256=sha256(json.dumps(said).encode()).hexdigest()
        )

    def completed(self, session: Session, seed: int, *address: str | int) -> Session:
        """Return a session with all its chains; one that leaves none out as it is.

        Parameters
        ----------
        session : Session
        seed : int
        *address : str or int
            Its split, and its index there.

        Raises
        ------
        RecipeError
            If they were to be drawn from another recipe, or the chains that are there are not
            one a track.
        """
        if session.spares is None:
            return session
        self.check(session)
        recipe = self.recipe
        linked = draw_linked(recipe.linked, seed, *address)
        severity = recipe.severity.draw(Place(seed, *address).uniform("severity"), linked)
        takes = sum(not track.delay_samples for track in session.tracks)  # the others are doubles
        scope = Scope({**linked, "stems": takes}, severity)
        tracks = tuple(
            track.model_copy(
                update={
                    "chains": track.chains + self._of(track, session.spares, scope, seed, address)
                }
            )
            for track in session.tracks
        )
        return session.model_copy(update={"tracks": tracks, "spares": None})

    def check(self, session: Session) -> None:
        """Refuse a session whose spare chains this recipe does not draw."""
        if session.spares is None:
            return
        if session.spares != self.left_out:
            raise RecipeError(
                f"{self.recipe.name}: wanted the recipe that the spare chains of the session are "
                f"left to ({session.spares.recipe_sha256[:16]}), found another or other files "
                "that it names; give that recipe, its sample rate, severity and files"
            )
        for track in session.tracks:
            if len(track.chains) != 1:
                raise RecipeError(
                    f"{track.file}: wanted one chain, for the session leaves the spare ones to "
                    f"its recipe, found {len(track.chains)}; with spares=None all of them are yours"
                )

    def without(self, session: Session) -> Session:
        """Return a session that leaves its spare chains out; the inverse of :meth:`completed`."""
        if self.left_out is None or session.spares is not None:
            return session
        tracks = tuple(t.model_copy(update={"chains": t.chains[:1]}) for t in session.tracks)
        return session.model_copy(update={"tracks": tracks, "spares": self.left_out})

    def _of(
        self, track: Track, spares: Spares, scope: Scope, seed: int, address: tuple[str | int, ...]
    ) -> tuple[Chain, ...]:
        """Draw the spare chains of one track."""
        home = (*address, "doubles") if track.delay_samples else address
        place = Place(seed, *home, "tracks", track.stem_class, track.file)
        levels = levels_at(self.recipe, track.stem_class, place, scope)
        own = scope.knowing(stem_names(track.stem_class, levels))
        return tuple(
            chain_at(self.recipe, track.stem_class, place.below(number), own)
            for number in range(1, 1 + spares.count)
        )


def _files(part: Any) -> Iterator[File]:
    """Go through the files that a part of a recipe can draw."""
    if isinstance(part, File):
        yield part
    elif isinstance(part, tuple):
        for below in part:
            yield from _files(below)
    elif isinstance(part, Mapping):
        yield from _files(tuple(part.values()))
    elif is_dataclass(part):
        yield from _files(tuple(getattr(part, field.name) for field in fields(part)))
