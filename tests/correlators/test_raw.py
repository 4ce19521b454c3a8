"""Raw correlators from files of any layout: every number at its place, and nothing else."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from halkit.correlators import list_arrays, read_hdf5, read_npz, read_table, real_part
from halkit.exceptions import AccuracyWarning, ImaginaryPartWarning
from halkit.radial import Wedge

RNG = np.random.default_rng(5)
C = RNG.standard_normal((12, 3, 4, 4, 4))  # config, t, x, y, z
SITES = ("t", "x", "y", "z")


@pytest.fixture
def h5py():
    return pytest.importorskip("h5py")


@pytest.fixture
def written(tmp_path, h5py):
    """Return a function that writes data sets and returns the path."""

    def write(data_sets, name="raw.h5", **options):
        with h5py.File(tmp_path / name, "w") as file:
            for key, values in data_sets.items():
                file.create_dataset(key, data=values, **options)
        return tmp_path / name

    return write


# HDF5


@pytest.mark.parametrize("dtype", [">f8", "<f8", ">f4", "<i2", ">i8"])
def test_one_data_set_of_any_byte_order(written, dtype):
    values = np.rint(100 * C).astype(dtype)
    read = read_hdf5(written({"C4": values}), "C4", axes=("config", *SITES))
    assert read.dtype == np.float64
    assert read.dtype.isnative
    assert_array_equal(read, values)


def test_axes_in_any_order(written):
    path = written({"a/b/C4": C.transpose(4, 1, 0, 3, 2)}, compression="gzip")
    axes = ("z", "t", "config", "y", "x")
    read = read_hdf5(path, "/a/b/C4", axes=axes, order=("config", *SITES))
    assert_array_equal(read, C)
    assert read.flags.c_contiguous
    default = read_hdf5(path, "a/b/C4", axes=axes)
    assert_array_equal(default, C.transpose(0, 4, 1, 3, 2))  # config first


def test_one_data_set_for_each_configuration_in_order_of_numbers(written):
    """conf 9 comes before conf 10; other names are left alone."""
    sets = {f"run/conf_{9 + i}/C4": C[i] for i in reversed(range(12))}
    path = written({**sets, "run/conf_9/C2": C[0], "run/other/deep/C4": C[0]})
    assert_array_equal(read_hdf5(path, "run/conf_*/C4", axes=SITES), C)
    last = read_hdf5(path, "run/conf_*/C4", axes=SITES, order=(*SITES, "config"))
    assert_array_equal(last, np.moveaxis(C, 0, -1))


def test_files_follow_each_other(written):
    paths = [written({"C": C[:5]}, "b.h5"), written({"C": C[5:]}, "a.h5")]
    assert_array_equal(read_hdf5(paths, "C", axes=("config", *SITES)), C)
    single = [written({"C": one}, f"{i}.h5") for i, one in enumerate(C)]
    assert_array_equal(read_hdf5(single, "C", axes=SITES), C)
    assert_array_equal(read_hdf5(single[:2], "C", axes=SITES, stack="source"), C[:2])


@pytest.mark.parametrize("irrep", ["A1", "T1", "E"])
def test_projection_while_reading(written, irrep):
    wedge = Wedge(4, irrep)
    path = written({f"conf{i}": one.transpose(1, 0, 3, 2) for i, one in enumerate(C)})
    read = read_hdf5(path, "conf*", axes=("x", "t", "z", "y"), wedge=wedge)
    assert_allclose(read, wedge.project(C), atol=1e-15)


def test_an_origin_elsewhere_is_named_once(written):
    """Files with complex fields after fftshift; their sum tells the origin."""
    x = np.stack(np.meshgrid(*[np.fft.fftfreq(8, 1 / 8)] * 3, indexing="ij"))
    field = 1 + 0.5 * np.exp(-(x**2).sum(axis=0) / 4)
    fields = field * (1 + 0.02 * RNG.standard_normal((5, 8, 8, 8))) + 0.01j
    options = {"axes": ("x", "y", "z"), "wedge": Wedge(8), "imaginary": "drop"}
    read_hdf5(written({f"conf{i}": one for i, one in enumerate(fields)}), "conf*", **options)
    for shift in (4, (0, 4, 0), (1, 0, 0)):
        shifted = np.roll(fields, shift, (1, 2, 3))
        path = written({f"conf{i}": one for i, one in enumerate(shifted)}, "shifted.h5")
        with pytest.warns(AccuracyWarning, match="origin at index 0") as caught:
            read_hdf5(path, "conf*", **options)
        assert len(caught) == 1


PAIR = 1.0 + C + 0.1j * RNG.standard_normal(C.shape)


def as_pairs(names, dtype):
    pairs = np.empty(PAIR.shape, [(name, dtype) for name in names])
    pairs[names[0]], pairs[names[1]] = PAIR.real, PAIR.imag
    return pairs


@pytest.mark.parametrize(
    "values",
    [
        PAIR, PAIR.astype(">c16"), as_pairs(("re", "im"), "<f8"), as_pairs(("real", "imag"), ">f8"),
        as_pairs(("r", "i"), ">f8"),
    ],
    ids=["complex128", "big-endian", "re im", "real imag", "r i"],
)  # fmt: skip
def test_complex_numbers_of_any_kind(written, values):
    path = written({"C": values})
    axes = ("config", *SITES)
    kept = read_hdf5(path, "C", axes=axes, imaginary="keep")
    assert kept.dtype == np.complex128
    assert_array_equal(kept, PAIR)
    with pytest.warns(
        ImaginaryPartWarning, match=r"of C was dropped: it is zero within \d\.\d+ err"
    ):
        assert_array_equal(read_hdf5(path, "C", axes=axes), PAIR.real)
    assert_array_equal(read_hdf5(path, "C", axes=axes, imaginary="drop"), PAIR.real)


def test_an_axis_of_real_and_imaginary_parts(written):
    path = written({"C": np.stack([PAIR.real, PAIR.imag], axis=1)})
    axes = ("config", "complex", *SITES)
    kept = read_hdf5(path, "C", axes=axes, imaginary="keep", wedge=Wedge(4))
    wedge = Wedge(4)
    assert_allclose(kept, wedge.project(PAIR.real) + 1j * wedge.project(PAIR.imag), atol=1e-15)


BAD = [
    ({"name": "D"}, "name must be of data sets in .*raw.h5, got 'D' among C, texts, void"),
    ({"axes": SITES}, r"C of .*raw.h5 must have the axes \('t', .* got shape \(12, 3, 4, 4, 4\)"),
    ({"name": "source*/conf*/C"}, r"name must have one \* at most"),
    ({"axes": ("t", "t")}, "axes must be different names"),
    ({"axes": ()}, "axes must be different names"),
    ({"axes": ("confg", *SITES)}, "axes must be among config, bin, .* got 'confg'"),
    ({"order": SITES}, r"order must have the axes \('config', 't', 'x', 'y', 'z'\), got"),
    ({"wedge": Wedge(6)}, "C of .* must have L = 6 sites on x, y, z, got"),
    (
        {"wedge": Wedge(4), "axes": tuple("abcde"), "order": tuple("abcde")},
        "axes must have x, y and z to project",
    ),
    ({"axes": ("complex", *SITES)}, "must have two real numbers on its axis 'complex'"),
    ({"imaginary": "maybe"}, "imaginary must be one of"),
    ({"max_bytes": 20_000}, "max_bytes"),
    ({"name": "nan"}, "nan of .*raw.h5 must be finite"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_layouts_that_do_not_fit(written, changes, message):
    bad = C.copy()
    bad[3] = np.nan
    sets = {"C": C, "texts": np.array([b"a"] * 3)}
    if changes.get("name") == "nan":
        sets["nan"] = bad
    else:
        sets["void"] = np.zeros(3, [("a", "f8"), ("b", "f8")])
    options = {"name": "C", "axes": ("config", *SITES)} | changes
    path = written(sets)
    with pytest.raises(ValueError, match=message):
        read_hdf5(path, options.pop("name"), **options)


def test_what_is_not_numbers(written):
    path = written({"texts": np.array([b"a"] * 3), "void": np.zeros(3, [("a", "f8"), ("b", "f8")])})
    with pytest.raises(TypeError, match=r"texts of .*raw.h5 must hold real or complex numbers"):
        read_hdf5(path, "texts", axes=("t",))
    with pytest.raises(ValueError, match=r"void of .* must hold numbers or texts, got the type"):
        read_hdf5(path, "void", axes=("t",))
    with pytest.raises(TypeError, match="axes must be a sequence of names, got 'txyz'"):
        read_hdf5(path, "C", axes="txyz")
    with pytest.raises(TypeError, match=r"wedge must be a halkit.radial.Wedge, got 4"):
        read_hdf5(path, "C", axes=SITES, wedge=4)


def test_data_sets_of_different_shapes(written):
    path = written({"conf1": C[0], "conf2": C[0, :2]})
    with pytest.raises(
        ValueError, match=r"conf2 of .* must have the shape of conf1 .*\(3, 4, 4, 4\)"
    ):
        read_hdf5(path, "conf*", axes=SITES)


def test_files_that_are_missing_or_come_twice(written, tmp_path):
    path = written({"C": C[0]})
    with pytest.raises(FileNotFoundError, match=r"no file at .*other.h5"):
        read_hdf5([path, tmp_path / "other.h5"], "C", axes=SITES)
    for paths in ([], [path, path]):
        with pytest.raises(ValueError, match="one file or several, each once"):
            read_hdf5(paths, "C", axes=SITES)
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(ValueError, match=r"text.h5 cannot be read"):
        read_hdf5(tmp_path / "text.h5", "C", axes=SITES)


def test_nothing_leads_to_another_file(h5py, tmp_path):
    """Soft and external links, external and virtual data sets."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["C"] = C[0, 0, 0, 0]
    C[0, 0, 0, 0].tofile(tmp_path / "secret")
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "C", (4,))
    ways = {
        "links": lambda file: file.__setitem__("C", h5py.SoftLink("/D")),
        "link": lambda file: file.__setitem__("C", h5py.ExternalLink("secret.h5", "/C")),
        "other files": lambda file: file.create_virtual_dataset("C", layout),
        "only data in": lambda file: file.create_dataset(
            "C", (4,), "f8", external=[(str(tmp_path / "secret"), 0, 32)]
        ),
    }
    for message, change in ways.items():
        with h5py.File(tmp_path / "raw.h5", "w") as file:
            file["D"] = np.ones(4)
            change(file)
        with pytest.raises(ValueError, match=message.removesuffix("s")):
            read_hdf5(tmp_path / "raw.h5", "C", axes=("t",))


# Imaginary parts


def test_an_imaginary_part_that_is_not_zero_is_refused():
    noise = 0.1 * RNG.standard_normal((50, 6))
    with pytest.raises(
        ValueError, match=r"imaginary part of C must be zero .* [3-9]\d(\.\d)? errors"
    ):
        real_part(1 + 1j * (noise + np.where(np.arange(6) == 3, 0.5, 0)))
    with pytest.raises(ValueError, match="or have several configurations"):
        real_part(np.ones((1, 4)) + 1j)
    for bad in (np.nan, np.inf, complex(0, np.nan)):  # with which nothing can be compared
        with pytest.raises(ValueError, match="C must be finite, got 1 NaN or infinite"):
            real_part(np.array([[1 + 1j, bad], [1 + 2j, 1]]))
    with pytest.raises(ValueError, match="imaginary part of C must be zero"):
        real_part(np.ones((4, 4)) * (1 + 1e-9j))  # without noise there is no doubt
    with pytest.raises(ValueError, match=r"got [\d.]+e\+\d+ errors"):  # not its 308 digits
        real_part(np.ones((4, 4)) * (1 + 1j))
    with pytest.raises(ValueError, match=r"axis must be one of C with shape \(2, 2\), got 2"):
        real_part(np.ones((2, 2)) + 0j, axis=2)


def test_imaginary_parts_of_noise_pass_and_rounding_is_silent():
    """1000 sets of 20 numbers: less than one in a thousand is refused."""
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImaginaryPartWarning)
        for noise in RNG.standard_normal((1000, 5, 20)):
            try:
                real_part(1 + 1j * noise)
            except ValueError:
                refused += 1
    assert refused <= 1
    real_part(np.ones((4, 4)) * (1 + 1e-16j))
    assert_array_equal(real_part(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3))


# Tables of text


def lines(values, *grids, header="# a comment\n"):
    """Lines of coordinates and values in a random order."""
    points = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, len(grids))
    table = np.column_stack([points, values.reshape(len(points), -1)])
    return header + "\n".join(
        " ".join(repr(float(x)) for x in row) for row in RNG.permutation(table)
    )


def test_a_table_in_any_order_of_lines(tmp_path):
    configs, t, r = [100, 120, 200], np.arange(4), np.array([0.5, 1.5])
    values = RNG.standard_normal((3, 4, 2))
    (tmp_path / "a.txt").write_text(lines(values, configs, t, r))
    table = read_table(
        tmp_path / "a.txt", ["config", "t", "r", "C"], axes=("t", "config", "r"), values="C"
    )
    assert_array_equal(table.values, values)  # config, the axis of several, comes first
    assert_array_equal(table.coordinates["config"], configs)
    assert_array_equal(table.coordinates["r"], r)


def test_tables_of_complex_numbers_one_for_each_configuration(tmp_path):
    t = np.arange(3)
    values = 1 + 0.1 * (RNG.standard_normal((6, 3)) + 1j * RNG.standard_normal((6, 3)))
    paths = [tmp_path / f"{i}.csv" for i in range(6)]
    for path, one in zip(paths, values, strict=True):
        text = lines(np.stack([one.real, one.imag, 0 * one.real], axis=-1), t, header="")
        path.write_text(text.replace(" ", ","))
    options = {"axes": ("t",), "delimiter": ","}
    with pytest.warns(ImaginaryPartWarning, match="values of the table was dropped"):
        table = read_table(paths, ["t", "re", "im", "_"], **options)
    assert_array_equal(table.values, values.real)
    assert_array_equal(table.coordinates["t"], t)
    kept = read_table(paths, ["t", "re", "im", "_"], imaginary="keep", **options)
    assert_array_equal(kept.values, values)


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        ("0 1\n1 2\n1 3\n", {}, r"a.txt cannot be read: .* once, got 2 lines of t = 1"),
        (
            "0 0 1\n0 1 1\n1 1 1",
            {"columns": ["t", "r", "C"], "axes": ("t", "r")},
            "0 lines of t = 1, r = 0",
        ),
        ("0 1 2\n", {}, r"a.txt must have 2 columns \('t', 'C'\), got 3"),
        ("0 nan\n", {}, "a.txt must hold finite numbers"),
        ("0 one\n", {}, "a.txt cannot be read"),
        ("0 1\n1\n", {}, "a.txt cannot be read"),
        ("0 1\n", {"values": "D"}, "columns must be axes or values, each once"),
        ("0 1\n", {"columns": ["t", "t"]}, "columns must be different names"),
        ("0 1\n", {"axes": ("t", "C")}, "columns must be axes or values, each once"),
        ("0 1\n", {"max_bytes": 2}, "must have at most max_bytes = 2 bytes, got 4"),
        ("", {}, "must be a whole file, got an empty one"),
    ],
)  # fmt: skip
def test_tables_that_do_not_fit(tmp_path, text, changes, message):
    (tmp_path / "a.txt").write_text(text)
    options = {"columns": ["t", "C"], "axes": ("t",), "values": "C"} | changes
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / "a.txt", options.pop("columns"), **options)


def test_tables_with_other_times(tmp_path):
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path, t in zip(paths, (1, 2), strict=True):
        path.write_text(f"0 1\n{t} 2\n")
    with pytest.raises(ValueError, match=r"t of .*b.txt must be that of .*a.txt"):
        read_table(paths, ["t", "C"], axes=("t",), values="C")


@pytest.mark.parametrize("suffix", [".txt", ".h5"])
def test_a_star_in_the_name_of_a_file(written, tmp_path, suffix):
    """Numbers in the order of their values: c10 after c9."""
    for number in (9, 10, 200):
        if suffix == ".h5":
            written({"C": number * C[0, :, 0, 0, 0]}, f"c{number}.h5")
        else:
            np.savetxt(tmp_path / f"c{number}.txt", [(0, number), (1, number + 0.5)])

    def read(path):
        if suffix == ".h5":
            return read_hdf5(path, "C", axes=("t",))
        return read_table(path, ["t", "C"], axes=("t",), values="C").values

    files = [tmp_path / f"c{number}{suffix}" for number in (9, 10, 200)]
    assert_array_equal(read(str(tmp_path / f"c*{suffix}")), read(files))
    assert_array_equal(read(tmp_path / f"c9*{suffix}"), read(files[:1]))
    assert read(files[0]).ndim == 1
    with pytest.raises(FileNotFoundError, match=r"no file at .*d\*"):
        read(tmp_path / f"d*{suffix}")


def test_axes_of_other_names_are_named_twice(written):
    path, axes = written({"C": C}), ("config", "spin", "x", "y", "z")
    assert_array_equal(read_hdf5(path, "C", axes=axes, order=axes), C)
    with pytest.raises(ValueError, match=r"axes must be among .* got 'spin'"):
        read_hdf5(path, "C", axes=axes)


# numpy's files


def test_arrays_of_numpy_are_read_as_those_of_hdf5(tmp_path, written):
    """Axes, order, projection and names with a * mean the same."""
    wedge = Wedge(4)
    sets = {f"run/conf_{9 + i}/C4": C[i] for i in reversed(range(12))}
    np.savez(tmp_path / "raw.npz", **sets)
    options = {"axes": SITES, "order": ("t", "config", "point"), "wedge": wedge}
    read = read_npz(tmp_path / "raw.npz", "run/conf_*/C4", **options)
    assert_array_equal(read, read_hdf5(written(sets), "run/conf_*/C4", **options))
    assert_array_equal(read, np.moveaxis(wedge.project(C), 1, 0))


def test_npy_files_one_for_each_configuration(tmp_path):
    for i in range(12):
        np.save(tmp_path / f"c{9 + i}.npy", np.asfortranarray(C[i].astype(">c16")))
    assert_array_equal(read_npz(tmp_path / "c*.npy", axes=SITES), C)


@pytest.mark.parametrize(
    ("file", "name", "message"),
    [
        ("raw.npz", None, "must name an array of an archive"),
        ("one.npy", "a", "must not be given for an npy file"),
        ("raw.npz", "b", "must be of data sets in .*raw.npz, got 'b' among a, objects"),
        ("raw.npz", "objects", "allow_pickle=False"),
        ("raw.npz", "*/*", "one \\* at most"),
        ("cut.npy", None, "cut.npy must have 96 bytes"),
    ],
)
def test_what_is_wrong_with_a_file_of_numpy_is_named(tmp_path, file, name, message):
    np.savez(tmp_path / "raw.npz", a=np.ones((3, 4)), objects=np.array([None, {}]))
    np.save(tmp_path / "one.npy", np.ones((3, 4)))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "one.npy").read_bytes()[:-8])
    with pytest.raises(ValueError, match=message):
        read_npz(tmp_path / file, name, axes=("config", "t"))


def test_arrays_are_listed_without_their_data(tmp_path, written):
    np.savez(tmp_path / "raw.npz", a=np.ones((3, 4)), b=np.ones(2, ">i4"))
    np.save(tmp_path / "one.npy", np.ones((3, 4), "f4"))
    expected = {"a": ((3, 4), "float64"), "b": ((2,), ">i4")}
    assert list_arrays(tmp_path / "raw.npz") == expected
    assert list_arrays(tmp_path / "one.npy") == {"": ((3, 4), "float32")}
    sets = {"a": np.ones((3, 4)), "g/b": np.ones(2, ">i4")}
    assert list_arrays(written(sets)) == {"a": expected["a"], "g/b": expected["b"]}
