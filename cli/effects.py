"""Commands about effects, and the option by which commands learn of a user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError

if TYPE_CHECKING:
    from ..degradations import Effect

__all__ = ["Effects", "app"]

app = typer.Typer(help="List, show and check effects, your own too.", no_args_is_help=True)


def _use(files: list[Path] | None) -> None:
    """Make the effects of the user's files known."""
    for file in files or ():
        from ..degradations import use_effects

        use_effects(file)


Effects = Annotated[
    list[Path] | None,
    typer.Option(
        "--effects",
        callback=_use,
        metavar="FILE.py",
        help="Python file with effects of your own: its code is run. May be given again.",
    ),
]


@app.command("list")
def list_effects(
    label: Annotated[str | None, typer.Option(help="Only this family, such as dynamics.")] = None,
    effects: Effects = None,
) -> None:
    """List effects by family, and what is heard: wetdry's, installed ones, your own."""
    import sys
    from typing import get_args

    from ..degradations import Effect
    from ..degradations.docstrings import heard
    from ..degradations.effect import Label, did_you_mean
    from ..degradations.own_effects import broken_packages

    labels = get_args(Label)
    if label is not None and label not in labels:
        hint = did_you_mean(label, list(labels))
        raise UsageError(f"--label: wanted {', '.join(labels)}, found {label!r}; {hint}")
    broken = broken_packages()
    for family in [label] if label else labels:
        for kind, effect in sorted(Effect.kinds.items()):
            if effect.label == family:
                print(f"{family:<11} {kind:<24} {heard(effect)}{_from(effect)}")
    for package, why in broken.items():
        print(f"effects of {package} are broken: {why}", file=sys.stderr)
    if broken:
        raise typer.Exit(3)


@app.command("show")
def show(
    kind: Annotated[str, typer.Argument(help="An effect, such as compressor.")],
    effects: Effects = None,
) -> None:
    """Show an effect: what is heard, its numbers with bounds and defaults, what it declares."""
    from ..degradations.docstrings import described
    from ..degradations.effect import effect_type, shown
    from ..degradations.language.slots import slots_of

    effect = effect_type(kind)
    text, meanings, notes = described(effect)
    print(f"{kind} ({effect.label}){_from(effect)}\n\n{text}\n")
    for slot in slots_of(effect).values():
        default = effect.model_fields[slot.name].default
        given = "" if slot.required else f", else {shown(default)}"
        bounds = "chains" if slot.name in ("branches", "mid", "side") else slot.bounds()
        print(f"  {slot.name}: {bounds}{given}")
        if meanings.get(slot.name):
            print(f"      {meanings[slot.name]}")
    print(f"\nundoable: {effect.undoable}; {'; '.join(_declared(effect))}")
    if notes:
        print(f"\n{notes}")


@app.command("check")
def check(
    what: Annotated[list[str], typer.Argument(help="Python files, or names of effects.")],
    effects: Effects = None,
) -> None:
    """Try the laws of every effect on your own, and say where one is broken."""
    from ..degradations import use_effects
    from ..degradations.effect import effect_type

    chosen: list[type[Effect]] = []
    for word in what:
        chosen += use_effects(word) if word.endswith(".py") else [effect_type(word)]
    for effect in chosen:
        if effect.foreign:
            raise UsageError(f"{effect.kind}: other people's code; 'wetdry plugins check NAME'")
        if effect.needs:
            raise UsageError(f"{effect.kind}: needs weights, which this cannot draw; see its tests")
    broken = sum([_checked(effect) for effect in chosen])
    if broken:
        raise typer.Exit(1)


def _checked(effect: type[Effect]) -> int:
    """Check one effect, print the verdicts, and return how many laws it breaks."""
    from ..mixing import check_effect

    print(f"{effect.kind}{_from(effect)}")
    verdicts = check_effect(effect)
    for verdict in verdicts:
        print(f"  {'FAIL' if verdict.fault else 'pass'}  {verdict.law}")
        for line in filter(None, (verdict.fault, verdict.example)):
            print(f"        {line}")
    broken = sum(bool(verdict.fault) for verdict in verdicts)
    try:
        _print_measures(effect)
    except Exception:
        if not broken:  # a law says why
            raise
    print(f"  {len(verdicts) - broken} passed, {broken} failed")
    return broken


def _print_measures(effect: type[Effect]) -> None:
    """Print what an effect is like at typical numbers."""
    from ..mixing.law_checks import measure_effect

    found = measure_effect(effect)
    measured = round(found.measured_samples, 1) + 0.0  # no -0.0
    print(
        f"  latency {found.latency_samples} samples declared, {measured:.1f} measured; "
        f"{found.times_real_time:.2g} times real time"
    )
    if found.inverse_db is not None:
        print(f"  inverse gives the input back to {found.inverse_db:.0f} dB")


def _declared(effect: type[Effect]) -> list[str]:
    """Return what an effect declares of itself, in words."""
    said = ["moves time by nature" if effect.moves_time else "keeps time to the sample"]
    said += ["moves the stereo image"] if effect.moves_image else []
    said += ["makes mono stereo"] if effect.widens else []
    said += ["sounds where its input is silent"] if effect.adds_noise else []
    neutral = ", ".join(f"{name}: {value:g}" for name, value in effect.neutral.items())
    return [*said, f"does nothing at {neutral}" if neutral else "has no amount"]


def _from(effect: type[Effect]) -> str:
    """Return where an effect comes from that is not wetdry's own, for the end of a line."""
    from ..degradations.own_effects import origin_of

    origin = origin_of(effect)
    if origin is None:
        return ""
    return f" [{origin.name}]" if origin.path else f" [{origin.name} {origin.version}]"
