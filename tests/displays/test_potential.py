"""What is drawn is U, weighted by 4πrr', and V: the arrays are compared, not the pixels."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot
from numpy.testing import assert_allclose, assert_array_equal

from halkit.displays import LocalPotentialDisplay, PotentialDisplay

R = np.array([0.1, 0.4, 1.0, 2.0, 3.5])


class Exponential:
    """U(r, r') = a exp(-r - 2r'), V(r) = a exp(-r), φ-independent; not symmetric on purpose."""

    def __init__(self, scale=1.0, r=R, r_out=None, starts=()):
        self.scale, self.r_ = scale, r
        self.r_out_ = r if r_out is None else r_out
        self.starts_ = [SimpleNamespace(potential=potential) for potential in starts]

    def nonlocal_potential(self, r, r_prime):
        return self.scale * np.exp(-r - 2 * r_prime)

    def predict_potential(self, r, r_prime):
        return self.nonlocal_potential(np.asarray(r)[:, np.newaxis], np.asarray(r_prime))

    def local_potential(self, r):
        return self.scale * np.exp(-r)

    def localize(self, X):
        return np.stack([self.local_potential(self.r_out_) * row[0] for row in X])


def kernel(scale=1.0, r=R, r_prime=R):
    return 4 * np.pi * np.outer(r, r_prime) * scale * np.exp(-r[:, np.newaxis] - 2 * r_prime)


def at(line, x):
    """Ordinates of a drawn line at its points x."""
    drawn = np.asarray(line.get_xdata())
    assert len(drawn) >= 200
    nearest = [int(np.argmin(np.abs(drawn - one))) for one in x]
    assert_allclose(drawn[nearest], x, rtol=1e-12)
    return np.asarray(line.get_ydata())[nearest]


def image(display, panel=0):
    return np.asarray(display.images_[panel].get_array())


def cell_of(mesh, row, column):
    """Return the corners (x0, x1, y0, y1) of one cell of a map."""
    corners = mesh.get_coordinates()[row : row + 2, column : column + 2]
    return (*corners[0, :, 0], *corners[:, 0, 1])


def test_the_map_is_the_kernel_on_the_nodes():
    display = PotentialDisplay.from_estimator(Exponential())
    assert_allclose(image(display), kernel(), rtol=1e-14)
    assert len(display.axes_) == 1


def test_the_plain_map_is_the_potential():
    display = PotentialDisplay.from_estimator(Exponential(), weighted=False)
    assert_allclose(image(display), np.exp(-R[:, np.newaxis] - 2 * R), rtol=1e-14)


def test_rows_are_r_and_columns_r_prime():
    r, r_prime = R[:3], R
    display = PotentialDisplay.from_estimator(Exponential(), r, r_prime)
    assert_allclose(image(display), kernel(r=r, r_prime=r_prime), rtol=1e-14)
    x0, x1, y0, y1 = cell_of(display.images_[0], row=1, column=3)
    assert x0 < r_prime[3] < x1
    assert y0 < r[1] < y1


def test_cells_of_uneven_nodes_meet_half_way():
    mesh = PotentialDisplay.from_estimator(Exponential()).images_[0]
    x0, x1, y0, y1 = cell_of(mesh, row=2, column=2)
    assert_allclose([x0, x1, y0, y1], [0.7, 1.5, 0.7, 1.5], rtol=1e-14)


def test_output_rows_are_r_out():
    display = PotentialDisplay.from_estimator(Exponential(r_out=R[:2]))
    assert_allclose(image(display), kernel(r=R[:2]), rtol=1e-14)


@pytest.mark.parametrize("as_values", [True, False], ids=["values", "interaction"])
def test_the_truth_shares_the_scale(as_values):
    truth = Exponential(-3.0)
    truth = truth.predict_potential(R, R) if as_values else truth
    display = PotentialDisplay.from_estimator(Exponential(), truth=truth)
    assert_allclose(image(display, 1), kernel(-3.0), rtol=1e-14)
    largest = np.max(kernel(3.0))
    for mesh in display.images_:
        assert_allclose(mesh.get_clim(), (-largest, largest), rtol=1e-14)
    assert [axes.get_title() for axes in display.axes_] == ["potential", "truth"]


def test_the_last_panel_is_the_standard_deviation_over_starts():
    starts = [Exponential(scale).predict_potential(R, R) for scale in (1.0, 2.0, 4.0)]
    display = PotentialDisplay.from_estimator(Exponential(starts=starts))
    assert_allclose(image(display, 1), kernel(np.std([1, 2, 4], ddof=1)), rtol=1e-13)
    assert display.images_[1].get_clim()[0] == 0.0
    assert display.axes_[1].get_title() == "standard deviation"


def test_one_start_has_no_standard_deviation():
    starts = [Exponential().predict_potential(R, R)]
    assert PotentialDisplay.from_estimator(Exponential(starts=starts)).potential_std is None


def test_other_radii_have_no_standard_deviation():
    starts = [Exponential(scale).predict_potential(R, R) for scale in (1.0, 2.0)]
    display = PotentialDisplay.from_estimator(Exponential(starts=starts), R[:3])
    assert display.potential_std is None
    assert display.potential.shape == (3, 3)


def test_a_zero_potential_is_drawn():
    display = PotentialDisplay.from_predictions(np.zeros((5, 5)), R)
    assert_array_equal(image(display), np.zeros((5, 5)))


def test_predictions_are_drawn_as_given():
    U = Exponential().predict_potential(R, R)
    display = PotentialDisplay.from_predictions(U, R, potential_std=U, weighted=False)
    assert_array_equal(image(display), U)
    assert_array_equal(image(display, 1), U)


def test_labels_name_the_units():
    display = PotentialDisplay.from_estimator(Exponential(), units=("fm", "MeV"))
    assert display.axes_[0].get_xlabel() == "$r'$ [fm]"
    assert display.axes_[0].get_ylabel() == "$r$ [fm]"
    bar = display.images_[0].colorbar.ax
    assert bar.get_ylabel() == "$4\\pi r r' U(r, r')$ [MeV fm$^{-1}$]"
    display.plot(weighted=False, units=("fm", "MeV"))
    assert display.images_[0].colorbar.ax.get_ylabel() == "$U(r, r')$ [MeV fm$^{-3}$]"


def test_the_map_draws_on_the_given_axes():
    figure, axes = pyplot.subplots(1, 2)
    display = PotentialDisplay.from_estimator(Exponential(), truth=Exponential(), ax=axes)
    assert display.figure_ is figure
    assert list(display.axes_) == list(axes)


def test_too_few_axes_are_refused():
    _, ax = pyplot.subplots()
    with pytest.raises(ValueError, match="ax must be 2 axes, one per panel, got 1"):
        PotentialDisplay.from_estimator(Exponential(), truth=Exponential(), ax=ax)


@pytest.mark.parametrize("name", ["potential", "truth", "potential_std"])
def test_a_wrong_shape_is_named(name):
    arrays = {"potential": np.ones((5, 5)), name: np.ones((5, 4))}
    with pytest.raises(ValueError, match=rf"{name} must have shape \(5, 5\), got \(5, 4\)"):
        PotentialDisplay(r=R, **arrays)


def test_complex_values_are_refused():
    with pytest.raises(ValueError, match="Complex data not supported: potential"):
        PotentialDisplay(np.ones((5, 5), dtype=complex), R)


def test_r_prime_alone_is_refused():
    with pytest.raises(ValueError, match="r must be given with r_prime, got None"):
        PotentialDisplay.from_estimator(Exponential(), r_prime=R)


def test_curves_are_the_localized_potentials():
    X = np.array([[1.0, 0.0], [2.0, 0.0]])
    display = LocalPotentialDisplay.from_estimator(Exponential(), X, labels=["t = 12", "t = 13"])
    for line, scale in zip(display.lines_, (1.0, 2.0), strict=True):
        assert_allclose(at(line, R), scale * np.exp(-R), rtol=1e-14)
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["t = 12", "t = 13"]


def test_curves_lie_on_the_output_nodes():
    display = LocalPotentialDisplay.from_estimator(Exponential(r_out=R[:3]), np.ones((1, 5)))
    assert_allclose(at(display.lines_[0], R[:3]), np.exp(-R[:3]), rtol=1e-14)
    assert display.lines_[0].get_xdata().max() == R[2]


def test_a_band_is_one_standard_deviation():
    errors = 0.1 * R
    display = LocalPotentialDisplay.from_predictions(np.exp(-R), R, potential_std=errors)
    corners = display.bands_[0].get_paths()[0].vertices
    for r, V, error in zip(R, np.exp(-R), errors, strict=True):
        heights = corners[np.isclose(corners[:, 0], r), 1]
        assert_allclose([heights.min(), heights.max()], [V - error, V + error], rtol=1e-12)


def test_a_node_of_the_wave_function_leaves_a_gap():
    V = np.array([1.0, np.nan, 2.0, 3.0, 4.0])
    line = LocalPotentialDisplay.from_predictions(V, R).lines_[0]
    assert_array_equal(at(line, R), V)
    x, y = line.get_xdata(), line.get_ydata()
    assert np.all(np.isnan(y[(x > R[0]) & (x < R[2])]))
    assert np.all(np.isfinite(y[x >= R[2]]))


@pytest.mark.parametrize("truth", [-2 * np.exp(-R), Exponential(-2.0)], ids=["values", "object"])
def test_the_true_local_potential_is_drawn(truth):
    display = LocalPotentialDisplay.from_predictions(np.exp(-R), R, truth=truth)
    assert_allclose(at(display.truth_line_, R), -2 * np.exp(-R), rtol=1e-14)
    assert display.ax_.get_legend().get_texts()[0].get_text() == "truth"


def test_curves_name_the_units():
    _, ax = pyplot.subplots()
    display = LocalPotentialDisplay.from_predictions(R, R, units=("fm", "MeV"), ax=ax)
    assert display.ax_ is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$r$ [fm]", "$V(r)$ [MeV]")
    assert ax.get_legend() is None


def test_radii_are_not_wave_functions():
    with pytest.raises(ValueError, match=r"X must hold wave functions .* got shape \(5,\)"):
        LocalPotentialDisplay.from_estimator(Exponential(), R)


def test_curves_and_labels_must_match():
    with pytest.raises(ValueError, match="labels must have 1 entries, one per curve, got 2"):
        LocalPotentialDisplay(R, R, labels=["a", "b"])
    with pytest.raises(ValueError, match=r"potential must have shape \(1, 5\), got \(1, 4\)"):
        LocalPotentialDisplay(R[:4], R)
