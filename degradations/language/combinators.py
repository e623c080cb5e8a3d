"""Combinators: steps that are made of chains.

In YAML::

    - one_of: [{saturation: {drive_db: [6, 24]}}, {hard_clip: {ceiling_db: [-12, -3]}}, none]
      weights: [2, 1, 1]
    - some_of: [{gain: {gain_db: [-3, 3]}}, {noise: {snr_db: [30, 60]}}, {mp3: {bitrate_kbps: 128}}]
      count: [1, 2]
    - shuffle: [{gain: {gain_db: [-3, 3]}}, {band_limit: {bandwidth_hz: [4000, 16000]}}]
    - repeat: [{bell: {centre_hz: {log_uniform: [100, 8000]}, gain_db: [-6, 6]}}]
      times: {choice: [1, 2, 3], weights: [4, 2, 1]}
    - parallel: [none, [{compressor: {threshold_db: -30, ratio: 8}}, {gain: {gain_db: -6}}]]
      mix: [0.5, 1]
    - mid_side: {mid: none, side: [{high_shelf: {cutoff_hz: 6000, gain_db: [0, 6]}}]}
"""

from dataclasses import dataclass

from ...seeds import Place
from ..chains import Chain
from ..effects.mid_side import MidSide
from ..effects.parallel import Parallel
from .random_values import Distribution, chosen
from .scope import Scope
from .steps import RandomChain, Step

__all__ = ["OneOf", "RandomMidSide", "RandomParallel", "Repeat", "Shuffle", "SomeOf"]


@dataclass(frozen=True)
class OneOf(Step):
    """One of several chains: all alike, or as often as their weights say."""

    options: tuple[RandomChain, ...]
    weights: tuple[float, ...] | None = None

    def effects(self, place: Place, scope: Scope) -> Chain:
        """Draw which, then draw it."""
        share = place.number("one_of")
        which = chosen(len(self.options), self.weights, share)
        return self.options[which].drawn(place.below(which), scope)


@dataclass(frozen=True)
class SomeOf(Step):
    """Several of several chains, in the order in which they are written.

    Every option draws a number under its own name, and the smallest are taken: an option more
    changes what the others draw only where it takes the place of one.
    """

    options: tuple[tuple[str, RandomChain], ...]
    count: Distribution

    def effects(self, place: Place, scope: Scope) -> Chain:
        """Draw how many, which, then each."""
        count = self.count.draw(place.uniform("count"), scope.names)
        keys = {name: place.below(name).number("order") for name, _ in self.options}
        taken = sorted(keys, key=keys.__getitem__)[:count]
        return Chain.joined(
            chain.drawn(place.below(name), scope) for name, chain in self.options if name in taken
        )


@dataclass(frozen=True)
class Shuffle(Step):
    """All steps, in random order."""

    chain: RandomChain

    def effects(self, place: Place, scope: Scope) -> Chain:
        """Draw each step, then the order."""
        drawn = [step.drawn(place, scope) for step in self.chain.steps]
        keys = [place.below(step.name).number("order") for step in self.chain.steps]
        return Chain.joined(drawn[i] for i in sorted(range(len(drawn)), key=keys.__getitem__))


@dataclass(frozen=True)
class Repeat(Step):
    """The same steps several times, drawn anew each time."""

    chain: RandomChain
    times: Distribution

    def effects(self, place: Place, scope: Scope) -> Chain:
        """Draw how often, then each time."""
        times = self.times.draw(place.uniform("times"), scope.names)
        return Chain.joined(self.chain.drawn(place.below(i), scope) for i in range(times))


@dataclass(frozen=True)
class RandomParallel(Step):
    """Several chains side by side; severity turns down how much of them is heard."""

    branches: tuple[tuple[str, RandomChain], ...]
    mix: Distribution

    def presence(self, severity: float) -> float:
        """Return 1 while there is anything to hear."""
        return float(severity > 0)

    def effects(self, place: Place, scope: Scope) -> Chain:
        """Draw each branch as it is written, then the mix."""
        drawn = (chain.drawn(place.below(name), scope.full()) for name, chain in self.branches)
        mix = self.mix.draw(place.uniform("mix"), scope.names)
        scaled = scope.scaled(mix, Parallel.neutral["mix"])
        return Chain((Parallel(branches=tuple(drawn), mix=scaled),))


@dataclass(frozen=True)
class RandomMidSide(Step):
    """A chain for the mid and one for the side; nothing where neither draws anything."""

    mid: RandomChain
    side: RandomChain

    def effects(self, place: Place, scope: Scope) -> Chain:
        """Draw both."""
        mid = self.mid.drawn(place.below("mid"), scope)
        side = self.side.drawn(place.below("side"), scope)
        return Chain((MidSide(mid=mid, side=side),)) if mid or side else Chain()
