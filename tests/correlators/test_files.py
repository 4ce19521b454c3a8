"""Correlator files: round trips, the streaming reader, and everything that is refused."""

import gc
import io
import os
import weakref
import zipfile
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from halkit.correlators import Correlators, iter_correlators, load_correlators, save_correlators
from halkit.datasets import make_time_dependent
from halkit.equations import lattice_rows, time_dependent_rows
from halkit.interactions import GaussianSum
from halkit.radial import Wedge

SUFFIXES = (".npz", ".h5")


def radial(n_bins=4, n_t=5, n_r=6, seed=0, **changes):
    random = np.random.default_rng(seed)
    values = {
        "R": {s: random.standard_normal((n_t, n_bins, n_r)) for s in ("wall", "exp")},
        "r": np.linspace(0.5, 3.0, n_r),
        "t": np.arange(10, 10 + n_t),
        "kind": "jackknife",
        "bin_size": 4,
        "hadron_mass": 0.665,
        "units": "lattice",
        "inverse_spacing": 2194.0,
    }
    return Correlators(**{**values, **changes})


def on_wedge(L=6, **changes):
    wedge = Wedge(L)
    R = np.random.default_rng(1).uniform(1, 2, (7, 4, len(wedge.xyz)))
    values = {"R": {"wall": R}, "r": None, "wedge": wedge, "t": np.arange(4, 11)}
    return radial(**{**values, **changes})


def assert_same(a, b):
    assert a.sources == b.sources
    for mine, other in ((a.R, b.R), (a.attributes, b.attributes)):
        assert set(mine) == set(other)
        for key, value in mine.items():
            assert_array_equal(value, other[key])
    for entry in fields(Correlators):
        if entry.name not in ("R", "attributes"):
            assert_array_equal(getattr(a, entry.name), getattr(b, entry.name))


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    if request.param == ".h5":
        pytest.importorskip("h5py")
    return tmp_path / f"correlators{request.param}"


def test_what_is_saved_is_loaded(path):
    ccc = radial(
        hadron_mass=(0.4, 0.7), attributes={"remark": "a text"}, citation="whom to cite",
        n_configs=16,
    )  # fmt: skip
    groups = {"ccc": ccc, "xi/L6": on_wedge()}
    save_correlators(path, groups)
    for name, group in groups.items():
        assert_same(load_correlators(path, group=name), group)
    loaded = load_correlators(path, group="xi/L6")
    assert (loaded.n_bins, loaded.L, loaded.bin_size) == (4, 6, 4)
    # and what was loaded can be saved again
    save_correlators(path, {"xi/L6": loaded}, overwrite=True)
    assert_same(load_correlators(path), groups["xi/L6"])
    assert list(path.parent.iterdir()) == [path]


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4), st.integers(3, 5), st.integers(1, 4), st.integers(0, 99), FINITE,
    st.text(min_size=1, max_size=8, alphabet="abcλ ._-").filter(lambda s: s == s.strip(" .")),
    st.sampled_from(SUFFIXES), st.sampled_from(["configs", "jackknife", "bootstrap"]),
)  # fmt: skip
def test_round_trip(tmp_path_factory, n_bins, n_t, n_r, seed, value, name, suffix, kind):
    if suffix == ".h5":
        pytest.importorskip("h5py")
    path = tmp_path_factory.mktemp("files") / f"a{suffix}"
    attributes = {"anything": value, "remark": name}
    group = radial(n_bins, n_t, n_r, seed, kind=kind, attributes=attributes)
    save_correlators(path, {name: group})
    assert_same(load_correlators(path), group)


@pytest.mark.data
def test_the_published_correlators_in_a_file(path, data_dir):
    published = load_correlators(data_dir, "L40")
    save_correlators(path, {"xixi_1s0/L40": published})
    loaded = load_correlators(path)
    assert_same(loaded, published)
    options = {"times": [12, 13], "sources": ["wall", "exp"], "r_max": 10.0}
    before, after = lattice_rows(published, **options), lattice_rows(loaded, **options)
    assert_array_equal(before.target, after.target)
    assert_array_equal(before.sigma, after.sigma)


def test_from_a_file_to_rows(path):
    d = make_time_dependent(
        GaussianSum([-0.04], [0.1]), r=np.linspace(0.2, 12.0, 30), box_radius=30.0,
        hadron_mass=2.0, times=range(20, 27), noise=1e-4, n_bins=4, random_state=0,
    )  # fmt: skip
    save_correlators(path, {"well": d.correlators})
    c = load_correlators(path)
    rows = [
        time_dependent_rows(np.moveaxis(R, 1, 0), c.r, hadron_mass=c.hadron_mass)
        for R in c.R.values()
    ]
    X, y = (np.concatenate(part, axis=1) for part in zip(*rows, strict=True))
    assert_array_equal(X, d.rows.data)
    assert_allclose(y, d.rows.target, rtol=1e-12)


def test_the_reader_keeps_no_group(path):
    save_correlators(path, {name: radial(seed=i) for i, name in enumerate("abc")})
    alive = []
    for name, c in iter_correlators(path):
        assert_same(c, radial(seed="abc".index(name)))
        alive.append(weakref.ref(c.R["wall"]))
        del c
        gc.collect()
        assert all(reference() is None for reference in alive)
    assert len(alive) == 3


def test_a_file_is_replaced_only_on_demand(path):
    save_correlators(path, {"a": radial()})
    with pytest.raises(FileExistsError, match="overwrite=True replaces it"):
        save_correlators(path, {"a": radial(seed=1)})
    assert_same(load_correlators(path), radial())
    with pytest.raises(TypeError, match="got note of type object"):
        save_correlators(path, {"a": radial(attributes={"note": object()})}, overwrite=True)
    assert_same(load_correlators(path), radial())
    save_correlators(path, {"a": radial(seed=1)}, overwrite=True)
    assert_same(load_correlators(path), radial(seed=1))
    assert list(path.parent.iterdir()) == [path]


def test_others_may_read_the_file(path):
    """It has the rights of any new file, not those of a temporary one."""
    path.with_name("new").touch()
    save_correlators(path, {"a": radial()})
    assert path.stat().st_mode == path.with_name("new").stat().st_mode


def test_what_is_replaced_keeps_its_mode_and_its_link(path):
    real = path.with_name("real")
    real.touch(mode=0o600)
    path.symlink_to("real")
    save_correlators(path, {"a": radial()}, overwrite=True)
    assert (path.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o600)
    assert_same(load_correlators(path), radial())


# numpy < 2.1 leaves the archive that it could not write to be closed by the garbage collector.
@pytest.mark.filterwarnings("ignore:.*ZipFile.__del__:pytest.PytestUnraisableExceptionWarning")
def test_a_full_disk_leaves_the_old_file(path):
    resource = pytest.importorskip("resource")
    save_correlators(path, {"a": radial()})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (0, 600, 10_000, 60_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                save_correlators(path, {"a": radial(n_bins=1000)}, overwrite=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_same(load_correlators(path), radial())
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_one_of_four_processes_saves(path):
    wait, go = os.pipe()
    children = []
    for seed in range(4):
        if not (child := os.fork()):
            status = 2
            try:
                os.close(go)
                os.read(wait, 1)
                save_correlators(path, {"a": radial(n_bins=300, seed=seed)})
                status = 0
            except FileExistsError:
                status = 1
            finally:
                os._exit(status)
        children.append(child)
    os.close(go)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    os.close(wait)
    assert sorted(codes) == [0, 1, 1, 1]
    assert_same(load_correlators(path), radial(n_bins=300, seed=codes.index(0)))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "I/O")])
def test_errors_of_the_system_stay_what_they_are(path, monkeypatch, error):
    save_correlators(path, {"a": radial()})

    def refuse(*arguments, **options):
        raise error

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(type(error)) as caught:
        load_correlators(path)
    assert caught.value.errno == error.errno


def test_a_lattice_is_no_group(path):
    save_correlators(path, {"a": radial()})
    with pytest.raises(ValueError, match="lattice='L48' is for the published file"):
        load_correlators(path, "L48")


def test_a_failure_while_writing_leaves_the_old_file(path, monkeypatch):
    save_correlators(path, {"a": radial()})
    before = path.read_bytes()

    def full(*arguments):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        save_correlators(path, {"a": radial(seed=1)}, overwrite=True)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_lists_of_texts_go_through_both_forms(tmp_path):
    pytest.importorskip("h5py")
    texts = (["a", "bc"], ("a", "bc"), np.array(["a", "bc"]), np.array(["a", "bc"], dtype=object))
    for names in texts:
        c = radial(attributes={"names": names, "remark": np.array("ħ")})
        for i, suffix in enumerate((".npz", ".h5", ".h5", ".npz", ".npz")):
            path = tmp_path / f"{i}{suffix}"
            save_correlators(path, {"a": c}, overwrite=True)
            c = load_correlators(path)
            assert dict(c.attributes) == {"names": ["a", "bc"], "remark": "ħ"}
            assert isinstance(c.attributes["names"], list)
            assert c.sources == ("wall", "exp")


def test_long_lists_and_texts_are_kept(path):
    long = {"configs": np.arange(20000.0), "names": [f"run {i}" for i in range(5000)]}
    middle = np.arange(4000, dtype=np.longdouble)
    group = radial(attributes={**long, "middle": middle, "remark": "a" * 100_000})
    save_correlators(path, {"a": group})
    assert_same(load_correlators(path), group)


def test_L_beside_radial_nodes_is_kept(path):
    save_correlators(path, {"a": radial(L=48)})
    assert load_correlators(path).L == 48


@pytest.mark.parametrize("key", ["fit/range", ".", "..", "", 3])
def test_names_that_a_file_would_lose_are_refused(path, key):
    with pytest.raises(ValueError, match=r"name its values without '/' and not '.', got"):
        save_correlators(path, {"a": radial(attributes={key: 3})})
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("value", [[1, "a"], ["a", None], "a\0", ["a", "b\0"], [["a"], ["b"]]])
def test_lists_hold_numbers_or_texts(path, value):
    with pytest.raises(TypeError, match=r"lists of numbers or of texts .* got names of type"):
        save_correlators(path, {"a": radial(attributes={"names": value})})


def test_only_records_are_saved(path):
    with pytest.raises(TypeError, match=r"groups\['a'\] must be a .*Correlators, got a dict"):
        save_correlators(path, {"a": dict(radial().R)})
    assert not list(path.parent.iterdir())


def test_objects_are_not_stored(path):
    group = radial(attributes={"interaction": GaussianSum([-1.0], [1.0])})
    with pytest.raises(TypeError, match="got interaction of type GaussianSum: leave it out"):
        save_correlators(path, {"a": group})


def test_groups_of_one_kind(path):
    with pytest.raises(ValueError, match=r"bins of one kind, got \{'a': 'jackknife', 'b': 'boot"):
        save_correlators(path, {"a": radial(), "b": radial(kind="bootstrap")})


@pytest.mark.parametrize(
    "name", ["/".join("a" * 33), "", "/a", "a/", "a//b", 3, ".", "./a", "a/..", "a\0", b"a"]
)
def test_names_of_groups(path, name):
    with pytest.raises(ValueError, match="names like 'xixi_1s0'"):
        save_correlators(path, {name: radial()})
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("names", [["xi", "xi/b", "xi/c/d"], ["xi/c/d", "xi/b", "xi"], ["xi/R"]])
def test_groups_in_groups(path, names):
    groups = {name: radial(seed=i) for i, name in enumerate(names)}
    save_correlators(path, groups)
    for name, group in groups.items():
        assert_same(load_correlators(path, group=name), group)
    assert sorted(name for name, _ in iter_correlators(path)) == sorted(names)


@pytest.mark.parametrize("name", ["xi/R", "xi/t/b", "xi/bin_size"])
def test_a_group_in_the_place_of_a_value(path, name):
    for names in (["xi", name], [name, "xi"]):
        with pytest.raises(ValueError, match=f"group '{name}' has the place of .* of group 'xi'"):
            save_correlators(path, {name: radial() for name in names})
    assert not list(path.parent.iterdir())


def test_groups_32_deep(path):
    save_correlators(path, {"/".join("a" * 32): radial()})
    assert_same(load_correlators(path), radial())


def test_what_could_not_be_read_is_not_saved(path, monkeypatch):
    monkeypatch.setattr("halkit.correlators.files.MOST_ENTRIES", 15)
    save_correlators(path, {"a": radial()})
    with pytest.raises(ValueError, match="at most 15 values together, got 18"):
        save_correlators(path, {"a": radial(), "b": radial()}, overwrite=True)


def test_other_endings_and_missing_files(tmp_path):
    with pytest.raises(ValueError, match=r"must end in .h5, .hdf5 or .npz"):
        save_correlators(tmp_path / "a.txt", {"a": radial()})
    with pytest.raises(ValueError, match="at least one channel"):
        save_correlators(tmp_path / "a.npz", {})
    with pytest.raises(FileNotFoundError, match="no file at"):
        next(iter_correlators(tmp_path / "a.h5"))


def test_groups_are_listed(path):
    save_correlators(path, {"a": radial(), "b": radial()})
    with pytest.raises(ValueError, match=r"group must be one of \['a', 'b'\].*got None"):
        load_correlators(path)
    with pytest.raises(ValueError, match=r"group must be one of \['a', 'b'\].*got 'c'"):
        load_correlators(path, group="c")


def test_a_truncated_file(path):
    save_correlators(path, {"a": radial(n_bins=40)})
    whole = path.read_bytes()
    for part in (0.5, 0.95):
        path.write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(ValueError, match=r"a whole file|damaged"):
            load_correlators(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="must be a whole file, got an empty one"):
        load_correlators(path)


def test_damage_inside_is_found(tmp_path):
    """npz files carry check sums."""
    path = tmp_path / "a.npz"
    save_correlators(path, {"a": radial(n_bins=40)})
    damaged = bytearray(path.read_bytes())
    damaged[2000:2010] = bytes(10)
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"a of .* cannot be read, the file is damaged"):
        load_correlators(path)


def test_pickled_objects_are_refused(tmp_path):
    path, stream = tmp_path / "a.npz", io.BytesIO()
    save_correlators(path, {"a": radial()})
    np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("a/secret.npy", stream.getvalue())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_correlators(path)


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(ImportError, match=r"halkit\[io\]"):
        save_correlators(tmp_path / "a.h5", {"a": radial()})
    assert not list(tmp_path.iterdir())
