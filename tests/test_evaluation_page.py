"""The page on comparing: its example runs, and it names what there is."""

from pathlib import Path

from wetdry.cascade import METRICS
from wetdry.cascade.judging.cases import ORACLES

PAGE = (Path(__file__).parents[1] / "docs" / "evaluation.md").read_text()


def test_the_example_compares_two_systems(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(PAGE.split("```python\n")[1].split("```")[0], {})
    assert "mine minus mixture" in capsys.readouterr().out
    assert (tmp_path / "scores" / "table.csv").is_file()


def test_the_page_names_every_metric_and_baseline():
    assert all(f"`{name}`" in PAGE for name in (*METRICS, "silence", "mixture", *ORACLES))
