"""What a report is drawn with: pictures of sound, charts, axes, and HTML that escapes."""

import re
import struct
import zlib
from base64 import b64decode
from html import unescape
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
import soundfile

from wetdry.datasets.reports.axes import Scale, shown
from wetdry.datasets.reports.charts import counts, histogram, ridges
from wetdry.datasets.reports.page import tag
from wetdry.datasets.reports.pictures import COLUMNS, ROWS, levels_db, png
from wetdry.datasets.reports.sound import Row, Take, listening
from wetdry.mixing.loudness import integrated_lufs

RATE = 16_000


def test_a_tone_is_a_line_at_its_height():
    time_s = np.arange(2 * RATE) / RATE
    picture = levels_db(np.sin(2 * np.pi * 1000 * time_s, dtype=np.float32)[None], RATE)
    assert picture.shape == (ROWS, COLUMNS)
    share = np.log(1000 / 40) / np.log(RATE / 2 / 40)
    assert abs((1 - share) * ROWS - 0.5 - picture[:, COLUMNS // 2].argmax()) < 1


def test_a_picture_comes_back_from_its_png():
    shares = np.linspace(0, 1, 6).reshape(2, 3)
    data = png(shares, ("000000", "ffffff"))
    place, chunks = 8, {}
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        chunks[kind] = data[place + 8 : place + 8 + size]
        place += size + 12
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[:, 0]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(2, 4)
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (3, 2)
    np.testing.assert_allclose(palette[lines[:, 1:]] / 255, shares, atol=0.01)


def test_what_is_compared_is_equally_loud():
    noise = np.random.default_rng(1).standard_normal((2, 88_200)).astype(np.float32)
    markup = listening(
        [Row("Bass", "", (Take("dry", noise * 0.2), Take("wet", noise * 0.01)))], 44_100
    )
    sounds = re.findall(r"data:audio/mpeg;base64,([^\"]+)", unescape(markup))
    levels = [integrated_lufs(soundfile.read(BytesIO(b64decode(s)), dtype="float32")[0].T, 44_100)
              for s in sounds]  # fmt: skip
    assert abs(levels[0] - levels[1]) < 0.3


@pytest.mark.parametrize("values", [[3.0], [0.0, 0.0], [-1e-9, 1e9], list(range(30)), [-80.0] * 9])
def test_any_numbers_make_a_chart_without_nonsense(values):
    for chart in (
        histogram(values, "x, dB", "samples"),
        ridges({"Bass": values, "Drums": []}, "x, dB", {}),
        counts({"a": 0, "b <": 3}, "samples"),
    ):
        assert not re.search(r"\b(nan|inf)\b", chart)
        HTMLParser().feed(chart)
        assert "<title>" in chart and "b <" not in chart


def test_ticks_are_round_and_inside():
    for scale in (
        Scale(-3.7, 12.2, 0, 1),
        Scale(20, 20_000, 0, 1, log=True),
        Scale(99, 101, 0, 1, True),
    ):
        ticks = scale.ticks(5)
        assert 2 <= len(ticks) <= 8
        assert all(-0.001 <= scale(t) <= 1.001 for t in ticks)
        assert all(len(shown(t).strip("−")) <= 5 for t in ticks)


def test_children_are_escaped_and_markup_is_not():
    assert tag("p", "<", tag("b", "&")) == "<p>&lt;<b>&amp;</b></p>"
