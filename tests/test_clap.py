import sys

import pytest

from wetdry.cascade.clap import load_clap
from wetdry.errors import AssetError


def test_without_transformers_the_cure_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)  # how Python marks what cannot be had
    with pytest.raises(AssetError, match="pip install transformers"):
        load_clap()


def test_without_weights_the_cure_is_named(tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(AssetError, match="hf download"):
        load_clap(str(tmp_path))
