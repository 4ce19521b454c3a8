import pytest


@pytest.fixture(autouse=True)
def _closed_figures(monkeypatch):
    """Draw without a screen and leave no figure open."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    from matplotlib import pyplot

    pyplot.switch_backend("Agg")
    yield
    pyplot.close("all")
