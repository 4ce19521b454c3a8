"""The published ΞΞ correlators: loading, refusals, and the published potentials of them."""

import io
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.correlators import load_correlators
from halkit.equations import lattice_rows, time_derivatives
from halkit.radial import Wedge

FM = 197.3269804 / 2194.0


def leading_order(c, source, t):
    """Return V = (∇²/m − ∂t + ∂t²/4m) R / R per bin, lattice units, with 3-point stencils."""
    R = c.R[source][np.searchsorted(c.t, t) + np.array([-1, 0, 1])]
    first, second, _ = time_derivatives(R, points=3)
    m = c.hadron_mass
    return (c.wedge.laplacian(R[1]) / m - first[0] + second[0] / (4 * m)) / R[1]


@pytest.mark.data
def test_the_file_is_what_its_readme_says(data_dir):
    c = load_correlators(data_dir)
    assert c.R["wall"].shape == c.R["exp"].shape == (7, 20, 6545)
    assert_array_equal(c.t, np.arange(10, 17))
    assert (c.L, c.n_bins, c.kind) == (64, 20, "jackknife")
    assert (c.hadron_mass, c.inverse_spacing, c.pion_mass) == (0.665, 2194.0, 510.0)


@pytest.mark.data
def test_potential_at_three_radii(data_dir):
    """L = 64, wall, t = 13: 447.8(1.5), 48.2(0.7), −30.1(0.7) MeV at 0.201, 0.402, 0.804 fm."""
    c = load_correlators(data_dir / "xixi_1s0_rcorr.npz", lattice="L64")
    V = leading_order(c, "wall", 13)[:, c.wedge.index([[2, 1, 0], [4, 2, 0], [8, 4, 0]])] * 2194.0
    assert_allclose(V.mean(axis=0), [447.8, 48.2, -30.1], atol=0.06)
    assert_allclose(np.sqrt(19) * V.std(axis=0), [1.5, 0.7, 0.7], atol=0.06)


@pytest.mark.data
@pytest.mark.parametrize("source", ["wall", "exp"])
@pytest.mark.parametrize("t", [11, 13, 15])
def test_potentials_and_errors_are_the_published_ones(data_dir, source, t):
    """Point by point, to the seven digits of the table (its points have x as fastest index)."""
    with np.load(data_dir / "xixi_1s0_published.npz", allow_pickle=False) as archive:
        table = archive[f"pot_L40_{source}_t{t}"]
    c = load_correlators(data_dir, lattice="L40")
    V = leading_order(c, source, t)[:, np.lexsort(c.wedge.xyz.T)]
    assert_allclose(V.mean(axis=0), table[:, 7], rtol=6e-7)
    assert_allclose(np.sqrt(19) * V.std(axis=0), table[:, 8], rtol=6e-7)


@pytest.mark.data
def test_rows_of_the_largest_lattice(data_dir):
    c = load_correlators(data_dir)
    rows = lattice_rows(c, times=[12, 13, 14, 15], sources=["wall", "exp"], r_max=2.4 / FM)
    assert rows.stencil == 3
    assert rows.data.shape == (20, 8, rows.r.size)
    assert rows.target.shape == (20, 8, rows.r_out.size)
    assert (rows.r.size, rows.r_out.size) == (737, 596)
    V, error = (rows.target / rows.data[..., :596]).mean(axis=0), rows.sigma
    wall, exp = rows.labels.index(("wall", 13)), rows.labels.index(("exp", 13))
    at = np.argmin(np.abs(rows.r_out * FM - 0.402))
    # Wall and smeared differ by 30 MeV at 0.4 fm: the interaction is not local.
    assert_allclose((V[exp, at] - V[wall, at]) * 2194.0, 32.5, atol=3.0)
    relative = error / np.abs(rows.data.mean(axis=0)[:, :596]) * 2194.0
    assert 0.2 < relative.min() < relative.max() < 12.0


@pytest.fixture
def archive(tmp_path):
    """Return a function that writes a small file of the published form, with changes."""

    def write(**changes):
        wedge = Wedge(6)
        arrays = {
            "ainv_MeV": 2194.0,
            "m_xi_lat": 0.665,
            "mpi_MeV": 510.0,
            "t": np.arange(10, 13),
            "L6_xyz": wedge.xyz.astype(np.int16),
            "L6_wall": np.ones((3, 4, 20)),
            "L6_exp": np.ones((3, 4, 20)),
        }
        arrays = {k: v for k, v in {**arrays, **changes}.items() if v is not None}
        np.savez(tmp_path / "xixi_1s0_rcorr.npz", **arrays)
        return tmp_path

    return write


def test_a_folder_or_a_file(archive):
    folder = archive()
    by_file = load_correlators(str(folder / "xixi_1s0_rcorr.npz"), lattice="L6")
    assert_array_equal(by_file.t, load_correlators(folder, lattice="L6").t)
    assert by_file.wedge == Wedge(6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"L6_xyz": Wedge(6).xyz[::-1]}, "L6_xyz .* must list the wedge"),
        ({"L6_exp": None}, "must hold the key 'L6_exp'"),
        ({"m_xi_lat": None}, "must hold the key 'm_xi_lat'"),
        ({"L6_xyz": None}, "must hold keys like 'L64_xyz'"),
        ({"L6_exp": np.ones((3, 4, 19))}, r"R\['exp'\] must have shape .*20\).*got \(3, 4, 19\)"),
        ({"L6_exp": np.ones((3, 5, 20))}, r"'exp'\] must have .* = \(3, 4, 20\).* got \(3, 5"),
        ({"L6_wall": np.ones((2, 4, 20))}, r"'wall'\] must have .* = \(3, n_bins, 20\)"),
        ({"L6_wall": np.full((3, 4, 20), np.nan)}, "NaN or infinite values in bin 0 of 'wall'"),
    ],
)
def test_other_files_are_refused(archive, changes, message):
    with pytest.raises(ValueError, match=message):
        load_correlators(archive(**changes), lattice="L6")


def test_unknown_lattices_are_listed(archive):
    with pytest.raises(ValueError, match=r"lattice must be one of \['L6'\], got 'L32'"):
        load_correlators(archive(), lattice="L32")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file at .*xixi_1s0_rcorr.npz$"):
        load_correlators(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file at .*nope.npz$"):
        load_correlators(tmp_path / "nope.npz")


@pytest.mark.parametrize("name", ["notes.txt", "notes.npz"])
def test_a_text_is_no_correlator_file(tmp_path, name):
    path = tmp_path / name
    path.write_text("r R(r)\n0.1 1.0\n")
    message = rf"{name} must be an npz archive, or an HDF5 file that ends in .h5 or .hdf5"
    with pytest.raises(ValueError, match=message):
        load_correlators(path)


def test_pickles_are_not_loaded(tmp_path):
    stream = io.BytesIO()
    np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "xixi_1s0_rcorr.npz", "w") as file:
        file.writestr("L6_xyz.npy", stream.getvalue())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_correlators(tmp_path, lattice="L6")
