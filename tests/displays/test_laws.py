"""What holds for every picture: bands are errors, lines are smooth, nothing is hidden or named so.

Every display is made once from an ensemble, a jackknife, a Gaussian process or arrays.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

import halkit
from halkit import (
    CorrelatorRegressor,
    GaussianProcessPotentialRegressor,
    JackknifeRegressor,
    LocalPotentialRegressor,
    displays,
    potentials,
    resampling,
)
from halkit.datasets import make_time_dependent
from halkit.interactions import GaussianSum, InteractionMatrix, Separable, lambda_lambda_n_xi_model
from halkit.kinematics import energy_from_momentum, lab_energy
from halkit.resampling import blocks
from halkit.scattering import (
    Ensemble,
    GaussianSource,
    correlation_function,
    coupled_phase_shifts,
    phase_shift,
)
from halkit.units import HBARC

# the fits serve as something to draw
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::halkit.exceptions.{name}Warning")
    for name in ("Accuracy", "Misfit", "Prior", "Underdetermined")
]

K = np.linspace(0.05, 1.5, 12)
R = np.linspace(0.1, 4.0, 15)
MASS = 1.0
WELLS = [GaussianSum([-depth], [0.5]) for depth in (0.8, 1.0, 1.2)]
BINS = Ensemble(WELLS, kind="bootstrap", reduced_mass=MASS)
CHOICES = Ensemble([GaussianSum([-1.1], [0.6])], kind="variations", centre=WELLS[1], reduced_mass=1)
NAME = "NΩ(⁵S₂)"
UNIT = HBARC  # a = 1 fm


def coupled_ensemble():
    model = lambda_lambda_n_xi_model()
    scaled = [
        InteractionMatrix(
            [[model[a, b] * s for b in range(2)] for a in range(2)], channels=model.channels
        )
        for s in (0.98, 1.0, 1.02)
    ]
    return Ensemble(scaled, kind="bootstrap", centre=model)


@pytest.fixture(scope="module")
def data():
    return make_time_dependent(
        GaussianSum([-0.04], [0.1]) + Separable(-4e-5, 0.3), r=np.linspace(0.5, 12.0, 24),
        box_radius=24.0, hadron_mass=2.0, times=range(12, 19), noise=1e-4, n_bins=10,
        random_state=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def process(data):
    gp = GaussianProcessPotentialRegressor(
        data.r, reduced_mass=MASS, weights=data.weights, envelope_radius=4.0
    )
    return gp.fit(*data.rows.mean(), y_std=data.rows.sigma)


@pytest.fixture(scope="module")
def jackknife(data, process):
    rows = data.rows
    return JackknifeRegressor(clone(process)).fit(rows.data, rows.target, y_std=rows.sigma)


@pytest.fixture(scope="module")
def leading(data):
    return potentials.leading_order(data.rows.select(times=[15]))


def make_all(data, process, jackknife, leading):
    fits = [
        LocalPotentialRegressor(reduced_mass=1.0).fit_table(leading.r, V, V_std)
        for V, V_std in zip(leading.V, leading.V_std, strict=True)
    ]
    fit = {"x": "energy", "masses": 2.0, "inverse_spacing": UNIT}
    X = data.rows.mean()[0][:2]
    sources = {"R = 1 fm": GaussianSource(1.0), "R = 2 fm": GaussianSource(2.0)}
    E = np.linspace(0.01, 0.4, 12)
    waves = coupled_phase_shifts(lambda_lambda_n_xi_model(), E)
    return {
        "δ of an ensemble": displays.PhaseShiftDisplay.from_estimator(
            BINS, K, name=NAME, truth=WELLS[1], reference=(K[::3], 1.0 / K[::3], K[::3]), **fit
        ),
        "δ and a systematic error": displays.PhaseShiftDisplay.from_estimator(
            BINS, K, name=NAME, phase_shift_sys=CHOICES, units="fm$^{-1}$"
        ),
        "δ of a jackknife": displays.PhaseShiftDisplay.from_estimator(jackknife, K, name=NAME),
        "δ of a process": displays.PhaseShiftDisplay.from_estimator(process, K),
        "δ of an interaction": displays.PhaseShiftDisplay.from_estimator(
            WELLS[0], K, reduced_mass=MASS, x="k", inverse_spacing=2000.0
        ),
        "k cot δ": displays.KCotDeltaDisplay.from_estimator(
            BINS, K, name=NAME, truth=WELLS[1], k_cot_delta_sys=CHOICES, inverse_spacing=UNIT
        ),
        "k cot δ of a jackknife": displays.KCotDeltaDisplay.from_estimator(jackknife, K, name=NAME),
        "C of an ensemble": displays.CorrelationDisplay.from_estimator(
            BINS, K, source=sources, inverse_spacing=UNIT
        ),
        "U of a jackknife": displays.PotentialDisplay.from_estimator(
            jackknife, R, inverse_spacing=UNIT
        ),
        "U of a process": displays.PotentialDisplay.from_estimator(process, R),
        "V of a jackknife": displays.LocalPotentialDisplay.from_estimator(
            jackknife, X, labels=["wall", "smeared"], inverse_spacing=UNIT
        ),
        "V of ensembles": displays.LocalPotentialDisplay.from_interactions(
            [BINS, WELLS[0]], R, labels=[NAME, "one well"], truth=WELLS[1], inverse_spacing=UNIT
        ),
        "V(r; t) and fits": displays.LocalPotentialDisplay.from_leading_order(
            leading, fits, inverse_spacing=UNIT
        ),
        "V(r; t)": displays.LocalPotentialDisplay.from_leading_order(leading, units=("a", "1/a")),
        "coupled channels": displays.CoupledPhaseShiftDisplay.from_estimator(
            coupled_ensemble(), E, names=["ΛΛ", "NΞ"], inverse_spacing=UNIT
        ),
        "coupled arrays": displays.CoupledPhaseShiftDisplay(
            waves.phase_shift, waves.inelasticity, E, thresholds=[0.0, 0.13]
        ).plot(units="1/fm"),
        "charges": displays.TopologyDisplay([0, 1, 0, -1, 2, 0], [0.2, 0.5, 0.2]).plot(),
        "loops": displays.WilsonLoopDisplay(
            ["1x1", "2x2"], [0.5, 0.1], [0.01, 0.02], [0.51, 0.12]
        ).plot(),
    }


@pytest.fixture(scope="module")
def pictures(data, process, jackknife, leading):
    import matplotlib as mpl

    mpl.use("Agg")
    made = make_all(data, process, jackknife, leading)
    for display in made.values():
        display.figure_.canvas.draw()
    return made


def panels(display):
    return list(display.axes_) if hasattr(display, "axes_") else [display.ax_]


def curves(ax):
    """Lines of the axes that are neither one of matplotlib's straight lines nor points."""
    return [
        line for line in ax.lines if len(line.get_xdata()) > 2 and line.get_linestyle() != "None"
    ]


def heights(band):
    """Lower and upper ordinate of a band at its points, as a function of x."""
    corners = band.get_paths()[0].vertices
    x = np.unique(corners[:, 0])
    low = np.array([corners[corners[:, 0] == one, 1].min() for one in x])
    high = np.array([corners[corners[:, 0] == one, 1].max() for one in x])
    return x, low, high


def test_lines_have_200_points(pictures):
    for name, display in pictures.items():
        if name == "charges":
            continue  # a histogram and a history
        for ax in panels(display):
            for line in curves(ax):
                if line.get_marker() in ("None", None, ""):
                    assert len(line.get_xdata()) >= 200, name


def test_no_text_names_a_class(pictures):
    names = {
        name
        for room in (halkit, potentials, resampling, halkit.interactions, halkit.scattering)
        for name in dir(room)
        if isinstance(getattr(room, name, None), type)
    }
    assert {"JackknifeRegressor", "Ensemble", "GaussianSum"} <= names
    for name, display in pictures.items():
        for text in display.figure_.findobj(lambda artist: hasattr(artist, "get_text")):
            assert not any(one in text.get_text() for one in names), name


def test_legends_name_the_system(pictures):
    for name in ("δ of an ensemble", "δ of a jackknife", "k cot δ", "V of ensembles"):
        texts = [text.get_text() for text in panels(pictures[name])[0].get_legend().get_texts()]
        assert NAME in texts, name
    assert pictures["δ of a process"].ax_.get_legend() is None
    sources = [text.get_text() for text in pictures["V(r; t)"].ax_.get_legend().get_texts()]
    assert sources == ["wall, t = 15", "exp, t = 15"]


def test_nothing_is_hidden_by_a_legend(pictures):
    from halkit.displays.canvas import hides

    for name, display in pictures.items():
        for ax in panels(display):
            if ax.get_legend() is not None and display not in (pictures["charges"],):
                assert not hides(ax), name


def test_a_legend_without_room_makes_the_axis_grow():
    x = np.linspace(0.05, 1.0, 300)
    display = displays.PhaseShiftDisplay(np.sin(60 * x), x, name="an oscillation").plot()
    display.figure_.canvas.draw()
    from halkit.displays.canvas import hides

    assert not hides(display.ax_)
    assert display.ax_.get_ylim()[1] > 1.1 * np.degrees(1.0)
    again = displays.PhaseShiftDisplay(2 * np.sin(60 * x), x, name="another")
    again.plot(display.ax_)
    assert display.ax_.get_ylim()[1] > np.degrees(2.0)


def test_nothing_lies_outside_of_the_axes(pictures):
    for name, display in pictures.items():
        for ax in panels(display):
            (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
            for line in curves(ax):
                x, y = (np.asarray(values, dtype=float) for values in line.get_data())
                seen = np.isfinite(y)
                assert x0 <= x[seen].min() <= x[seen].max() <= x1, name
                assert y0 <= y[seen].min() <= y[seen].max() <= y1, name


def test_no_text_is_clipped_or_lies_on_another(pictures):
    for name, display in pictures.items():
        figure = display.figure_
        boxes = []
        for ax in figure.axes:
            texts = [ax.title, ax.xaxis.label, ax.yaxis.label]
            boxes += [text.get_window_extent() for text in texts if text.get_text()]
        for i, box in enumerate(boxes):
            assert box.x0 >= -1, name
            assert box.y0 >= -1, name
            assert box.x1 <= figure.bbox.width + 1, name
            assert box.y1 <= figure.bbox.height + 1, name
            assert not any(box.overlaps(other) for other in boxes[:i]), name


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("δ of an ensemble", "$\\Delta W = E_\\mathrm{cm} - m_1 - m_2$ [MeV]"),
        ("δ and a systematic error", "$k$ [fm$^{-1}$]"),
        ("δ of an interaction", "$k$ [MeV]"),
        ("k cot δ", "$k^2$ [MeV$^{2}$]"),
        ("C of an ensemble", "$k$ [MeV]"),
        ("V of a jackknife", "$r$ [fm]"),
        ("V(r; t) and fits", "$r$ [fm]"),
        ("V(r; t)", "$r$ [a]"),
        ("U of a jackknife", "$r'$ [fm]"),
        ("coupled channels", "$E_\\mathrm{cm}$ above threshold [MeV]"),
        ("coupled arrays", "$E_\\mathrm{cm}$ above threshold [fm$^{-1}$]"),
    ],
)
def test_labels_have_frame_and_unit(pictures, name, label):
    for ax in panels(pictures[name]):
        assert ax.get_xlabel() == label


def test_ordinates_have_units(pictures):
    assert pictures["k cot δ"].ax_.get_ylabel() == "$k\\,\\cot\\delta$ [MeV]"
    assert pictures["V of ensembles"].ax_.get_ylabel() == "$V(r)$ [MeV]"
    bars = [image.colorbar.ax.get_ylabel() for image in pictures["U of a jackknife"].images_]
    assert bars == ["$4\\pi r r' U(r, r')$ [MeV fm$^{-1}$]"] * 2


def test_the_band_of_an_ensemble_is_its_error(pictures):
    display = pictures["δ of an ensemble"]
    delta, std = BINS.phase_shift(display.k, return_std=True)
    x, low, high = heights(display.band_)
    assert_allclose(x, np.unique(HBARC * energy_from_momentum(display.k**2, 2.0)), rtol=1e-12)
    assert_allclose(low, np.degrees(delta - std), atol=1e-9)
    assert_allclose(high, np.degrees(delta + std), atol=1e-9)


def test_the_outer_band_is_the_quadratic_sum(pictures):
    display = pictures["δ and a systematic error"]
    delta, std = BINS.phase_shift(display.k, return_std=True)
    other = CHOICES.phase_shift(display.k, return_std=True)[1]
    assert other.max() > 0.01
    total = np.degrees(np.hypot(std, other))
    _, low, high = heights(display.total_band_)
    assert_allclose(high - low, 2 * total, atol=1e-9)
    assert_allclose((high + low) / 2, np.degrees(delta), atol=1e-9)


def test_the_band_of_a_jackknife_is_that_of_its_bins(pictures, jackknife):
    display = pictures["δ of a jackknife"]
    std = jackknife.phase_shift(display.k, return_std=True)[1]
    _, low, high = heights(display.band_)
    assert_allclose(high - low, 2 * np.degrees(std), atol=1e-9)


def test_the_band_of_a_process_is_that_of_its_draws(pictures, process):
    display = pictures["δ of a process"]
    std = process.phase_shift(display.k, return_std=True)[1]
    assert_allclose(display.phase_shift_std, std)
    assert display.band_ is not None


def test_the_band_of_k_cot_delta(pictures):
    display = pictures["k cot δ"]
    value, std = BINS.k_cot_delta(display.k, return_std=True)
    assert_allclose(display.k_cot_delta, value)
    assert_allclose(display.k_cot_delta_std, std)
    other = CHOICES.k_cot_delta(display.k, return_std=True)[1]
    _, low, high = heights(display.total_band_)
    known = np.isfinite(display.line_.get_ydata())
    assert known.all()
    assert_allclose(high - low, 2 * HBARC * np.hypot(std, other), rtol=1e-9)


def test_the_spread_of_u_is_beside_it(pictures, process, jackknife):
    for name, fit in (("U of a jackknife", jackknife), ("U of a process", process)):
        display = pictures[name]
        std = fit.predict_potential(R, R, return_std=True)[1]
        assert_allclose(display.potential_std, std)
        assert [ax.get_title() for ax in display.axes_] == ["potential", "standard deviation"]
    ensemble = Ensemble(
        [Separable(w, 1.0) for w in (-1.0, -3.0)], kind="bootstrap", reduced_mass=MASS
    )
    display = displays.PotentialDisplay.from_estimator(ensemble, R)
    spread = np.std([-1.0, -3.0], ddof=1)
    assert_allclose(display.potential_std, spread * np.exp(-R[:, None] - R), rtol=1e-12)


def test_the_band_of_a_correlation_function(pictures):
    display, k = pictures["C of an ensemble"], pictures["C of an ensemble"].k[::40]
    source = GaussianSource(2.0)
    values = [correlation_function(well, k, reduced_mass=MASS, source=source) for well in WELLS]
    assert_allclose(display.correlation_std[1][::40], np.std(values, axis=0, ddof=1), rtol=1e-6)
    assert display.labels == ["R = 1 fm", "R = 2 fm"]


def test_the_bands_of_coupled_channels(pictures):
    display = pictures["coupled channels"]
    ensemble = coupled_ensemble()
    _, std = ensemble.phase_shift(energy=display.energy, return_std=True)
    assert_allclose(display.phase_shift_std, std.phase_shift, equal_nan=True)
    x, low, high = heights(display.bands_[0][1])
    assert_allclose(x, HBARC * display.energy)
    assert_allclose(high - low, 2 * std.inelasticity[:, 0], atol=1e-12)
    threshold = ensemble.centre.resolved().threshold[1]
    marked = {line.get_xdata()[0] for line in display.threshold_lines_}
    assert marked == {HBARC * threshold}


def test_data_points_keep_their_errors(pictures, leading):
    for name, factor in (("V(r; t)", 1.0), ("V(r; t) and fits", HBARC)):
        for i, container in enumerate(pictures[name].points_):
            points, _, (bars,) = container
            known = np.isfinite(leading.V[i])
            assert_allclose(points.get_ydata()[known], factor * leading.V[i][known], rtol=1e-12)
            ends = np.array([segment[:, 1] for segment in bars.get_segments() if len(segment)])
            assert_allclose(np.diff(ends)[:, 0], 2 * factor * leading.V_std[i], rtol=1e-6)


@pytest.mark.parametrize("masses", [2.0, (1.5, 3.0)])
def test_axes_follow_kinematics(masses):
    pair = (masses, masses) if np.ndim(masses) == 0 else masses
    display = displays.PhaseShiftDisplay(K, K, masses=masses, inverse_spacing=2000.0)
    energy = energy_from_momentum(display.k**2, pair)
    expected = {
        "k": display.k,
        "k_squared": display.k**2 * 2000.0,
        "energy": energy,
        "total_energy": energy + sum(pair),
        "lab_energy": lab_energy(energy, pair),
    }
    for x, values in expected.items():
        drawn = display.plot(x=x).line_.get_xdata()
        assert_allclose(drawn[[0, -1]], 2000.0 * values[[0, -1]], rtol=1e-12)
        in_gev = display.plot(x=x, units="GeV").line_.get_xdata()
        power = 2 if x == "k_squared" else 1
        assert_allclose(in_gev, drawn / 1000.0**power, rtol=1e-12)
    in_fm = display.plot(units="1/fm")
    assert_allclose(in_fm.line_.get_xdata()[-1], K[-1] * 2000.0 / HBARC)
    assert in_fm.ax_.get_xlabel() == "$k$ [fm$^{-1}$]"


def test_correlators_know_their_units(data):
    gp = GaussianProcessPotentialRegressor(envelope_radius=4.0)
    model = CorrelatorRegressor(gp, times=[15])
    record = replace(data.correlators, units="lattice", inverse_spacing=2000.0)
    model.fit(blocks(record))
    assert model.inverse_spacing_ == 2000.0
    display = displays.PhaseShiftDisplay.from_estimator(model, K[:3], x="lab_energy")
    energy = energy_from_momentum(K[2] ** 2, record.hadron_mass)
    assert_allclose(
        display.line_.get_xdata()[-1], 2000.0 * lab_energy(energy, record.hadron_mass), rtol=1e-12
    )
    assert display.ax_.get_xlabel() == "$T_\\mathrm{lab}$ [MeV]"
    fermi = replace(data.correlators, units="fm")
    assert clone(model).fit(blocks(fermi)).inverse_spacing_ == HBARC


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: displays.PhaseShiftDisplay(K, K).plot(x="lab_energy"), "masses must be given"),
        (lambda: displays.PhaseShiftDisplay(K, K).plot(x="energy"), "masses or reduced_mass must"),
        (lambda: displays.PhaseShiftDisplay(K, K).plot(x="E"), "x must be one of"),
        (
            lambda: displays.PhaseShiftDisplay(K, K, inverse_spacing=2000.0).plot(units="m"),
            "units must be one of",
        ),
        (
            lambda: displays.PhaseShiftDisplay(K, K, inverse_spacing=-1.0).plot(),
            "inverse_spacing must be",
        ),
        (
            lambda: displays.PhaseShiftDisplay.from_estimator(WELLS[0], K),
            "reduced_mass must be given for phase shifts of an interaction",
        ),
        (
            lambda: displays.PotentialDisplay.from_estimator(WELLS[0]),
            "r must be given for an interaction",
        ),
        (
            lambda: displays.PhaseShiftDisplay.from_estimator(coupled_ensemble(), K),
            "estimator must have one channel to be drawn, got 2",
        ),
        (
            lambda: displays.CoupledPhaseShiftDisplay(K, K, K),
            r"phase_shift must have shape \(n_energies, n_channels\)",
        ),
        (
            lambda: displays.CoupledPhaseShiftDisplay(
                np.ones((12, 2)), np.ones((12, 2)), K, names=["a"]
            ),
            "names must have 2 entries",
        ),
        (
            lambda: displays.LocalPotentialDisplay(R, R, data=(R,)),
            r"data must be \(r, V\) or \(r, V, std\), got 1",
        ),
        (
            lambda: displays.LocalPotentialDisplay(R, R, data=(R, R), data_labels=["a", "b"]),
            "data_labels must have 1 entries",
        ),
        (lambda: displays.CorrelationDisplay(K, K, labels=[]), "labels must have 1 entries"),
        (lambda: displays.KCotDeltaDisplay(K[1:], K), "k_cot_delta must have shape"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_poles_of_k_cot_delta_leave_gaps():
    k = np.linspace(0.05, 2.0, 400)
    delta = 3.3 - 1.5 * k  # passes π
    display = displays.KCotDeltaDisplay(k / np.tan(delta), k).plot()
    y = display.line_.get_ydata()
    assert np.isnan(y).any()
    assert np.isnan(y[np.argmin(np.abs(delta - np.pi))])
    low, high = display.ax_.get_ylim()
    assert max(abs(low), abs(high)) < 40 * np.median(np.abs(k / np.tan(delta)))
    smooth_one = displays.KCotDeltaDisplay(0.2 - k**2, k).plot()  # a zero is no pole
    assert np.isfinite(smooth_one.line_.get_ydata()).all()


def test_k_cot_delta_in_units_of_the_pion_mass():
    display = displays.KCotDeltaDisplay(0.3 + K**2, K, pion_mass=0.5).plot()
    x, y = display.line_.get_data()
    assert_allclose([x[-1], y[-1]], [K[-1] ** 2 / 0.25, (0.3 + K[-1] ** 2) / 0.5])
    assert display.ax_.get_xlabel() == "$k^2/m_\\pi^2$"
    assert display.ax_.get_ylabel() == "$k\\,\\cot\\delta$$/m_\\pi$"


def test_tables_are_drawn_too():
    V = -np.exp(-0.5 * R**2)
    display = displays.PhaseShiftDisplay.from_estimator(V, K, r=R, reduced_mass=MASS, x="k")
    assert_allclose(
        display.phase_shift, phase_shift(V, display.k, reduced_mass=MASS, r=R), rtol=1e-12
    )
