"""An office in which people go away, leave and come back."""

import pytest
from flask import Flask

from tests.asking import kind  # noqa: F401
from tests.away.house import House
from tests.in_process import InProcess, asked, process  # noqa: F401


@pytest.fixture
def house(app: Flask, process: InProcess) -> House:  # noqa: F811
    """The watch over the app's people."""
    return House(app, process)
