"""Numbers of the commands are those of the library, bit for bit."""

import csv
import io
import re
import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import halkit
from halkit.cli import main
from halkit.cli.models import Model, Units, highest_energy
from halkit.correlators import load_correlators, save_correlators
from halkit.datasets import make_separable, make_time_dependent
from halkit.exceptions import AccuracyWarning
from halkit.interactions import GaussianSum, lambda_lambda_n_xi_model
from halkit.kinematics import energy_from_momentum, momentum_squared
from halkit.resampling import blocks
from halkit.scattering import Ensemble
from halkit.units import HBARC

pytestmark = [
    pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning"),
    pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning"),
]
A = 2000.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Correlators with a bound state, and the model that `halkit fit` makes of them."""
    folder = tmp_path_factory.mktemp("tables")
    d = make_time_dependent(
        GaussianSum([-0.16], [0.1]), r=np.linspace(0.5, 12.0, 24), box_radius=24.0,
        hadron_mass=2.0, times=range(12, 19), noise=1e-4, n_bins=4, random_state=0,
    )  # fmt: skip
    save_correlators(folder / "nn.npz", {"nn": replace(d.correlators, inverse_spacing=A)})
    return folder


@pytest.fixture(scope="module")
def fitted(folder):
    status = main(
        ["fit", str(folder / "nn.npz"), "--times", "14-16", "--stencil", "3", "--set", "local=only",
         "--set", "local_range=4.5", "-o", str(folder / "nn.halkit")]
    )  # fmt: skip
    assert status == 0
    return folder / "nn.halkit"


@pytest.fixture(scope="module")
def model(folder):
    """The same with the library."""
    prior = halkit.GaussianProcessPotentialRegressor(local="only", local_range=4.5)
    X = blocks(load_correlators(folder / "nn.npz"))
    return halkit.CorrelatorRegressor(prior, times=[14, 15, 16], stencil=3).fit(X)


def run(capsys, *words):
    """Columns of the CSV that a command prints, numbers as floats."""
    assert main([*map(str, words), "--csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    return {name: list(column) for name, *column in zip(*rows, strict=True)}


def floats(columns, name):
    return np.array(columns[name], dtype=float)


def test_phase_shifts_of_a_fit(fitted, model, capsys):
    k = [0.05, 0.1, 0.2]
    found = run(capsys, "phase-shift", fitted, "--k", "0.05,0.1,0.2")
    delta, error = model.phase_shift(k, return_std=True)
    assert_array_equal(floats(found, "delta [rad]"), delta)
    assert_array_equal(floats(found, "error of delta [rad]"), error)
    assert_array_equal(floats(found, "k [1/a]"), k)
    energy = energy_from_momentum(np.array(k) ** 2, (2.0, 2.0))
    assert_array_equal(floats(found, "E_cm-m1-m2 [1/a]"), energy)
    degrees = run(capsys, "phase-shift", fitted, "--k", "0.05,0.1,0.2", "--angle", "deg")
    assert_array_equal(floats(degrees, "delta [deg]"), np.degrees(delta))


def test_energies_in_mev(fitted, model, capsys):
    """ΔW = 10 … 50 MeV, relativistic: not k²/2m."""
    found = run(capsys, "phase-shift", fitted, "--energy", "10:50:5", "--units", "MeV")
    energy = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    k = np.sqrt(momentum_squared(energy / A, (2.0, 2.0)))
    assert_array_equal(floats(found, "E_cm-m1-m2 [MeV]"), energy)
    np.testing.assert_allclose(floats(found, "k [MeV]"), A * k, rtol=1e-14)
    np.testing.assert_allclose(floats(found, "delta [rad]"), model.phase_shift(k), rtol=1e-12)
    by_k = run(capsys, "phase-shift", fitted, "--units", "fm", "--k", str(A * k[0] / HBARC))
    np.testing.assert_allclose(floats(by_k, "delta [rad]"), model.phase_shift(k[0]), rtol=1e-12)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--energy", "1,10"], r"k = 6.708 is beyond π/a = 6.283 of nodes"),
        (["--k", "0.1,20", "--units", "MeV"], None),
        (
            ["--k", "12600,20", "--units", "MeV"],
            r"k = 6.3\d* is beyond π/a = 6.283",
        ),
    ],
)
def test_momenta_beyond_the_nodes_warn(fitted, capsys, words, message):
    """r = 0.5, 1.0, …: waves of k > π/0.5 are not resolved."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["phase-shift", str(fitted), *words]) == 0
    found = capsys.readouterr().err
    assert re.search(message, found) if message else not found


@pytest.mark.parametrize("radius", ["20:9,16:7", "20=9,16", "x"])
def test_radii_of_volumes_name_their_form(radius, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["fit", "nn.npz", "-o", "nn.halkit", "--r-max", radius])
    assert "must be one radius, or L=R,… with the radius of each volume" in capsys.readouterr().err


def test_energies_beyond_the_time_stencil_warn():
    rows = SimpleNamespace(energy_range=((-0.01, 0.1), None, (0.0, 0.2)))
    assert highest_energy(rows) == 0.2
    assert highest_energy(SimpleNamespace(energy_range=(-0.01, 0.1))) == 0.1
    assert highest_energy(SimpleNamespace(energy_range=None)) is highest_energy(None) is None
    fit = SimpleNamespace(hadron_mass_=(2.0, 2.0), rows_=rows)
    model = Model(fit, fit, Units("lattice", None, None))
    model.warn_beyond(np.array([0.1, 0.6]))
    told = r"E = 0.386\d* \[1/a\] is beyond 0.2 \[1/a\], the high"
    with pytest.warns(AccuracyWarning, match=told):
        model.warn_beyond(np.array([0.1, 0.9]))


@pytest.fixture(scope="module")
def expected(model):
    """Observables with their errors, in lattice units, and powers of the length in them."""
    states, errors = model.bound_states(return_std=True)
    numbers = [
        model.scattering_length(return_std=True),
        model.inverse_scattering_length(return_std=True),
        model.effective_range(return_std=True),
        (states.energy[0], errors.energy[0]),
        (states.kappa[0], errors.kappa[0]),
    ]
    return np.array(numbers), [1, -1, 1]


@pytest.mark.parametrize(
    ("units", "length", "energy", "names"),
    [(None, 1.0, 1.0, ("a", "1/a")), ("fm", HBARC / A, A / HBARC, ("fm", "1/fm")),
     ("MeV", HBARC / A, A, ("fm", "MeV"))],
)  # fmt: skip
def test_observables(fitted, expected, capsys, units, length, energy, names):
    sign = ["--sign", "lattice"] if units == "fm" else []
    words = [] if units is None else ["--units", units]
    found = run(capsys, "observables", fitted, *words, *sign)
    assert found["observable"] == ["a0", "1/a0", "r0", "energy of state 1", "kappa of state 1"]
    numbers, powers = expected
    factors = np.array([*(length**power for power in powers), energy, energy])
    signs = np.array([-1.0, -1.0, 1.0, 1.0, 1.0]) if sign else 1.0
    same = assert_array_equal if units is None else _nearly
    same(floats(found, "value"), signs * factors * numbers[:, 0])
    same(floats(found, "error of value"), factors * numbers[:, 1])
    assert found["unit"] == [names[0], f"{names[0]}^-1", names[0], names[1], names[1]]


def _nearly(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-14)


def test_a_table_in_a_file_is_the_same(fitted, tmp_path, capsys):
    words = ["phase-shift", str(fitted), "--k", "0.05,0.1"]
    for more in ([], ["--csv"]):
        assert main([*words, *more]) == 0
        expected = capsys.readouterr().out
        assert main([*words, *more, "-o", str(tmp_path / "table"), "--force"]) == 0
        assert capsys.readouterr().out == ""
        assert (tmp_path / "table").read_text(encoding="utf-8") == expected
    assert main([*words, "--csv", "-o", "-"]) == 0
    assert capsys.readouterr().out == expected


def test_the_goodness_of_a_fit_is_printed(folder, model, tmp_path, capsys):
    words = ["fit", str(folder / "nn.npz"), "--times", "14-16", "--stencil", "3"]
    words += ["--set", "local=only", "--set", "local_range=4.5", "-o", str(tmp_path / "m")]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert "gp of wall, exp, 6 rows, 4 jackknife bins" in err
    header, *lines, total = (line.split() for line in out.splitlines())
    fit = model.goodness_of_fit(blocks(load_correlators(folder / "nn.npz")))
    assert header == ["L", "source", "t", "chi2/dof", "p"]
    assert [(line[1], int(line[2])) for line in lines] == [row[1:] for row in fit.by_row]
    values = [float(line[3]) for line in lines]
    expected = [one.chi2 / one.dof for one in fit.by_row.values()]
    np.testing.assert_allclose(values, expected, atol=6e-4)
    np.testing.assert_allclose(float(total[4]), fit.p_value, atol=6e-4)


def test_a_fit_to_the_mean_has_no_goodness(folder, tmp_path, capsys):
    record = load_correlators(folder / "nn.npz")
    R = {source: values.mean(axis=1, keepdims=True) for source, values in record.R.items()}
    save_correlators(tmp_path / "mean.npz", {"nn": replace(record, R=R, kind="mean")})
    words = ["fit", str(tmp_path / "mean.npz"), "--set", "local=only", "--times", "14,15"]
    assert main([*words, "-o", str(tmp_path / "mean.halkit")]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "no goodness of fit: it needs 4 bins, got 1" in err
    found = run(capsys, "phase-shift", tmp_path / "mean.halkit", "--k", "0.1")
    assert list(found) == ["k [1/a]", "E_cm-m1-m2 [1/a]", "delta [rad]", "error of delta [rad]"]
    assert np.isnan(floats(found, "error of delta [rad]")).all()


def test_a_model_of_rows_has_k_squared_over_2m(tmp_path, capsys):
    d = make_separable(n_k=4)
    model = halkit.ESTPotentialRegressor(d.r, reduced_mass=3.3).fit(d.data, d.target)
    halkit.save(model, tmp_path / "toy.halkit")
    found = run(capsys, "phase-shift", tmp_path / "toy.halkit", "--k", "0.5,1.0")
    assert list(found) == ["k", "k^2/2mu", "delta [rad]"]
    assert_array_equal(floats(found, "delta [rad]"), model.phase_shift([0.5, 1.0]))
    assert_array_equal(floats(found, "k^2/2mu"), np.array([0.25, 1.0]) / 6.6)
    words = ["--model-units", "fm", "--units", "MeV", "--k", str(0.5 * HBARC)]
    found = run(capsys, "phase-shift", tmp_path / "toy.halkit", *words)
    _nearly(floats(found, "k^2/2mu [MeV]"), 0.25 / 6.6 * HBARC)
    with pytest.raises(SystemExit, match="2"):
        main(["phase-shift", str(tmp_path / "toy.halkit"), "--k", "1", "--units", "MeV"])
    assert "does not know its units: give --model-units" in capsys.readouterr().err


def test_coupled_channels(tmp_path, capsys):
    U = lambda_lambda_n_xi_model()
    ensemble = Ensemble([U, U], kind="jackknife", centre=U)
    halkit.save(ensemble, tmp_path / "coupled.halkit")
    found = run(capsys, "phase-shift", tmp_path / "coupled.halkit", "--energy", "0.05,0.2")
    values, std = ensemble.phase_shift(energy=[0.05, 0.2], return_std=True)
    for a in (0, 1):
        assert_array_equal(floats(found, f"delta_{a + 1} [rad]"), values.phase_shift[:, a])
        assert_array_equal(floats(found, f"eta_{a + 1}"), values.inelasticity[:, a])
        assert_array_equal(floats(found, f"error of eta_{a + 1}"), std.inelasticity[:, a])
    assert_array_equal(floats(found, "epsilon [rad]"), values.mixing)
    with pytest.raises(SystemExit, match="2"):
        main(["phase-shift", str(tmp_path / "coupled.halkit"), "--k", "0.1"])
    assert "give --energy in place of --k" in capsys.readouterr().err
