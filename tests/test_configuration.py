import pytest

from wetdry.cascade.configuration_files import load_configuration
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.networks.regressor import Regressor
from wetdry.errors import RecipeError


def test_the_paper_preset_has_the_papers_size():
    sizes = load_configuration("paper")
    network = Generator(sizes.stage_one.network)
    parameters = sum(p.numel() for p in network.parameters()) / 1e6
    assert parameters == pytest.approx(7.1, abs=0.4)
    weights = sizes.stage_one.weights
    assert (weights.log_mel, weights.feature_matching, weights.adversarial) == (45, 4, 2)


@pytest.mark.parametrize("preset", ["demo", "tiny", "small", "unet"])
def test_every_preset_makes_networks(preset):
    sizes = load_configuration(preset)
    Generator(sizes.stage_one.network)
    Regressor(sizes.stage_two.network)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stage_one: {steps: 0}", "stage_one.steps: input should be greater than or equal to 1"),
        ("stepz: 3", "stepz: wanted a known name"),
        ("a: [", "wanted YAML"),
        ("a: &x 1\nb: *x", "alias"),
        ("{seed: 1, seed: 2}", "wanted YAML"),
    ],
)
def test_a_wrong_configuration_is_refused_by_file_and_name(tmp_path, text, words):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=r"mine\.yaml") as caught:
        load_configuration(path)
    assert words in str(caught.value)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(RecipeError, match="demo, tiny, small, paper"):
        load_configuration("huge")
