"""Drawing: from a recipe, a seed and an index to a session."""

from collections.abc import Sequence

from ..degradations import Scope
from ..seeds import Place
from .excerpts import Address, Excerpt, Finder
from .linked import draw_linked, linked_row, stem_names
from .matcher import Matcher
from .recipes import Recipe
from .sends import draw_levels, draw_sends
from .sessions import Bus, Session, Track
from .songs import Song
from .spare_chains import SpareChains, chain_at, levels_at

__all__ = ["Drawer", "draw"]


def draw(recipe: Recipe, songs: Sequence[Song], seed: int, split: str, index: int) -> Session:
    """Draw the session of one sample; a pure function of its arguments.

    Parameters
    ----------
    recipe : Recipe
    songs : sequence of Song
        Of the split.
    seed : int
    split : str
    index : int
        The sample's number in its split.

    Raises
    ------
    CatalogError
        If the songs hold nothing that the recipe could use.
    """
    return Drawer(recipe, songs).draw(seed, split, index)


class Drawer:
    """Draws many sessions from the same recipe and songs.

    Parameters
    ----------
    recipe : Recipe
    songs : sequence of Song
    """

    def __init__(self, recipe: Recipe, songs: Sequence[Song]) -> None:
        self.recipe = recipe
        self.finder = Finder(songs, recipe)
        self.spare_chains = SpareChains(recipe)
        match = recipe.match
        self.matcher = Matcher(self.finder, match, recipe.seconds) if match else None

    def draw(self, seed: int, split: str, index: int) -> Session:
        """Draw one session; see :func:`draw`."""
        return self.spare_chains.completed(self.planned(seed, split, index), seed, split, index)

    def planned(self, seed: int, split: str, index: int) -> Session:
        """Draw one session as a plan holds it: its spare chains are left to the recipe."""
        recipe, address = self.recipe, (split, index)
        place = Place(seed, *address)
        coherent = place.number("coherent") < recipe.coherent
        linked = draw_linked(recipe.linked, seed, *address)
        severity = recipe.severity.draw(place.uniform("severity"), linked)
        count = recipe.stem_count.draw(place.uniform("stems"), linked)
        found = self.matcher.draw(count, seed, address) if self.matcher and not coherent else None
        find = self.finder.coherent if coherent else self.finder.crossed
        excerpts = found.excerpts if found else find(count, seed, (*address, "excerpts"))
        scope = Scope({**linked, "stems": len(excerpts)}, severity)
        tracks = self._tracks(excerpts, seed, address, scope)
        loudness = recipe.mix_loudness_lufs
        return Session(
            sample_rate=recipe.sample_rate,
            samples=round(recipe.seconds * recipe.sample_rate),
            lead_in_samples=round(recipe.lead_in_s * recipe.sample_rate),
            coherent=coherent,
            active_above_dbfs=recipe.above_dbfs,
            target=recipe.target,
            tracks=tracks,
            buses=self._buses(excerpts, seed, address, scope),
            mix_loudness_lufs=loudness.draw(place.uniform("mix_loudness_lufs"), scope.names)
            if loudness
            else None,
            master=recipe.master.draw(seed, *address, "master", scope=scope),
            medium=recipe.medium.draw(seed, *address, "medium", scope=scope),
            taps=recipe.taps,
            sends=draw_sends(recipe.sends, tracks, scope, seed, *address),
            severity=severity,
            linked=linked_row(linked),
            matched=bool(found) if self.matcher and not coherent else None,
            unreached=found.unreached if found else (),
            spares=self.spare_chains.left_out,
        )

    def _tracks(
        self, excerpts: list[Excerpt], seed: int, address: Address, scope: Scope
    ) -> tuple[Track, ...]:
        """Draw the tracks, what bleeds into them, and their doubles."""
        tracks = [self._track(excerpt, seed, address, scope) for excerpt in excerpts]
        if bleed := self.recipe.bleed:
            caught = [bleed.draw(track, tracks, scope.severity, seed, *address) for track in tracks]
            pairs = zip(tracks, caught, strict=True)
            tracks = [track.model_copy(update={"bleeds": bleeds}) for track, bleeds in pairs]
        if doubles := self.recipe.doubles:
            for excerpt in excerpts:
                stem = excerpt.stem
                if apart := doubles.draw(stem.stem_class, stem.file, seed, *address):
                    again = self._track(excerpt, seed, (*address, "doubles"), scope)
                    tracks.append(again.model_copy(update=apart))
        return tuple(tracks)

    def _track(self, excerpt: Excerpt, seed: int, address: Address, scope: Scope) -> Track:
        """Draw what happens to one stem; the address is its file, not its place in the list."""
        stem = excerpt.stem
        own = (*address, "tracks", stem.stem_class, stem.file)
        place = Place(seed, *own)
        numbers = levels_at(self.recipe, stem.stem_class, place, scope)
        own_scope = scope.knowing(stem_names(stem.stem_class, numbers))
        return Track(
            stem_class=stem.stem_class,
            song=stem.song,
            file=stem.file,
            offset_samples=excerpt.offset_samples,
            chains=(chain_at(self.recipe, stem.stem_class, place.below(0), own_scope),),
            **self.recipe.reject.limits(scope),
            sends=draw_levels(self.recipe.sends, stem.stem_class, own_scope, seed, *own),
            **numbers,
            **excerpt.music,
        )

    def _buses(
        self, excerpts: list[Excerpt], seed: int, address: Address, scope: Scope
    ) -> tuple[Bus, ...]:
        """Draw the buses that have something to carry."""
        present = {excerpt.stem.stem_class for excerpt in excerpts}
        return tuple(
            Bus(
                name=bus.name,
                of=bus.of,
                chain=bus.chain.draw(seed, *address, "buses", bus.name, scope=scope),
            )
            for bus in self.recipe.buses
            if present & set(bus.of)
        )
