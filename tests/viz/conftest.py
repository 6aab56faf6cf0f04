"""An Axes to draw on, six inches wide, that pyplot knows nothing of."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


@pytest.fixture
def figure():
    figure = Figure(figsize=(6, 3.6))
    FigureCanvasAgg(figure)
    return figure


@pytest.fixture
def ax(figure):
    return figure.subplots()
