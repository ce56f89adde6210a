"""The whole drill, as an administrator would run it: there, back again, and there once more."""

import pytest

from scripts.drill import __main__ as drill
from tests.warm import WarmPrograms

pytestmark = [pytest.mark.temporal, pytest.mark.slow]


def test_the_drill_passes(capsys: pytest.CaptureFixture[str]) -> None:
    code = drill.main(
        ["--instances", "60", "--seed", "3", "--decide", "8", "--submit", "3"], WarmPrograms()
    )

    said = capsys.readouterr()
    assert code == 0, said.out + said.err
    assert "The drill passed" in said.out
