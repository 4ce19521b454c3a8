"""`halkit convert`: the record of the library, whatever the layout of the raw files is."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from halkit.cli import main
from halkit.correlators import average_sources, fit_mass, load_correlators, two_hadron_ratio
from halkit.datasets import make_lattice_correlators
from halkit.interactions import GaussianSum
from halkit.resampling import bootstrap_samples, jackknife_samples

L, N_CONFIGS = 8, 24
TIMES = np.arange(3, 13)


@pytest.fixture(scope="module")
def raw():
    return make_lattice_correlators(
        GaussianSum([-0.2], [0.1]), L=L, times=TIMES, masses=(0.5, 0.8), random_state=1,
        n_configurations=N_CONFIGS, n_states=6,
    )  # fmt: skip


@pytest.fixture(scope="module")
def record(raw):
    """What the library makes of the raw correlators."""

    def bins(C):
        return {source: jackknife_samples(values, bin_size=2) for source, values in C.items()}

    C_NM, C_N, C_M = map(bins, (raw.C_NM, raw.C_N, raw.C_M))
    masses = tuple(
        fit_mass(C["wall"], t=TIMES, window=(8, 12), kind="jackknife") for C in (C_N, C_M)
    )
    return two_hadron_ratio(
        C_NM, C_N, C_M, t=TIMES, wedge=raw.wedge, kind="jackknife", masses=masses, bin_size=2,
        inverse_spacing=2000.0,
    )  # fmt: skip


COMMON = ["--first-time", "3", "--bin-size", "2", "--mass-window", "8-12", "--wedge", str(L)]
COMMON += ["--inverse-spacing", "2000"]
MAPS = ["--map", "C_NM/*=NM/*", "--map", "C_N/*=N/*", "--map", "C_M/*=M/*"]


@pytest.fixture
def arrays(raw):
    return {f"{name}/{source}": values
            for name, C in (("NM", raw.C_NM), ("N", raw.C_N), ("M", raw.C_M))
            for source, values in C.items()}  # fmt: skip


def assert_same(path, record):
    found = load_correlators(path)
    assert sorted(found.sources) == sorted(record.sources)
    for source, values in record.R.items():
        assert_array_equal(found.R[source], values)
    for name in ("t", "mass_bins", "hadron_mass", "kind", "bin_size", "inverse_spacing", "L"):
        assert_array_equal(getattr(found, name), getattr(record, name))
    assert found.n_configs == N_CONFIGS


@pytest.mark.parametrize("out", ["out.npz", "out.h5"])
def test_one_archive_of_configurations(arrays, record, tmp_path, monkeypatch, capsys, out):
    monkeypatch.chdir(tmp_path)
    np.savez("raw.npz", **arrays)
    assert main(["convert", "raw.npz", out, *MAPS, "--axes", "config,t,point", *COMMON]) == 0
    assert_same(out, record)
    printed = capsys.readouterr().out
    assert "C_N: MassFit: mass = 0.5" in printed
    assert "Correlators of wall, exp" in printed


def test_hdf5_files_of_one_configuration_each(arrays, record, tmp_path, monkeypatch):
    """Files as the shell lists them, conf10 before conf2, are joined in their order of numbers."""
    h5py = pytest.importorskip("h5py")
    monkeypatch.chdir(tmp_path)
    for i in range(N_CONFIGS):
        with h5py.File(f"conf{i + 1}.h5", "w") as file:
            for name, values in arrays.items():
                file[name] = values[i].T.astype(">f8")
    files = [f"conf{i + 1}.h5" for i in range(N_CONFIGS)]
    words = [*files, "out.h5", *MAPS, "--axes", "point,t", *COMMON, "--mass-source", "wall"]
    assert main(["convert", *sorted(words[:N_CONFIGS]), *words[N_CONFIGS:]]) == 0
    assert_same("out.h5", record)


@pytest.mark.parametrize("missing", [{"NM": 2}, {"NM": 2, "N": 3}, {"NM": 2, "N": 3, "M": 1}])
def test_files_of_other_configurations_are_refused(missing, tmp_path, monkeypatch, capsys):
    """They would be paired in the order of their names, which are equally many in the last case."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{t} 1 {r} {1 + 0.1 * t * r}\n" for t in range(4) for r in range(1, 4))
    for name in ("NM", "N", "M"):
        for i in set(range(6)) - {missing.get(name)}:
            Path(f"{name}_{i:03d}.txt").write_text(f"# t x r C\n{rows}")
    words = [word for name in ("NM", "N", "M") for word in ("--map", f"C_{name}={name}_*.txt")]
    files = sorted(map(str, Path().glob("*.txt")))
    with pytest.raises(SystemExit, match="2"):
        main(["convert", *files, "out.npz", *words, *COMMON])
    told = capsys.readouterr().err
    assert "must be of the same configurations, got one without the other for " in told
    assert f" {missing['NM']}" in told


def test_fields_on_all_sites_are_projected(raw, record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wedge = raw.wedge
    every = wedge.index(np.stack(np.meshgrid(*[range(L)] * 3, indexing="ij"), axis=-1))
    for source, values in raw.C_NM.items():
        np.save(f"NM_{source}.npy", values[..., every])
    np.savez("two.npz", N=raw.C_N["wall"], M=raw.C_M["wall"])
    words = ["convert", "NM_wall.npy", "two.npz", "out.npz", "--map", "C_NM=NM_wall.npy",
             "--map", "C_N=N", "--map", "C_M=two.npz:M", "--axes", "config,t,x,y,z"]  # fmt: skip
    assert main([*words, *COMMON[:6], "--inverse-spacing", "2000"]) == 0
    found = load_correlators("out.npz")
    np.testing.assert_allclose(found.R["R"], record.R["wall"], rtol=1e-13)
    assert_array_equal(found.mass_bins, record.mass_bins)


def test_sources_are_moved_and_averaged(tmp_path, monkeypatch):
    """Two source times; a baryon has the sign −1 beyond the boundary, two baryons +1."""
    monkeypatch.chdir(tmp_path)
    T, random = 16, np.random.default_rng(0)
    t, r = np.arange(T), np.linspace(0.5, 6.0, 12)
    noise = 1 + 0.01 * random.standard_normal((2, 40, T))
    C_N = np.exp(-0.5 * t) * noise
    C_NN = (C_N**2)[..., np.newaxis] * (1 - np.exp(-r))
    starts = [0, 5]
    signs = np.where(t < T - 5, 1, -1)
    moved_N = np.stack([C_N[0], np.roll(C_N[1] * signs, 5, axis=-1)])
    moved_NN = np.stack([C_NN[0], np.roll(C_NN[1], 5, axis=1)])
    np.savez("raw.npz", N=moved_N, NN=moved_NN, r=r)
    words = ["convert", "raw.npz", "out.npz", "--map", "C_NM=NN", "--map", "C_N=N", "--map", "r=r",
             "--axes", "source,config,t,r", "--bin-size", "4", "--mass-window", "3-9",
             "--times", "2-9", "--boundary-sign", "-1"]  # fmt: skip
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert main([*words, "--source-times", "0,5"]) == 0
    by_hand = average_sources(moved_N, starts, boundary_sign=-1)
    np.testing.assert_allclose(by_hand, C_N.mean(axis=0), rtol=1e-14)
    C = jackknife_samples(C_N.mean(axis=0), bin_size=4)
    pair = jackknife_samples(C_NN.mean(axis=0), bin_size=4)
    found = load_correlators("out.npz")
    assert_array_equal(found.t, np.arange(2, 10))
    expected = np.moveaxis(pair / C[..., np.newaxis] ** 2, 1, 0)[2:10]
    np.testing.assert_allclose(found.R["R"], expected, rtol=1e-12)
    fit = fit_mass(C, window=(3, 9), kind="jackknife")
    np.testing.assert_allclose(found.mass_bins, fit.bins, rtol=1e-9)


def test_tables_of_text(tmp_path, monkeypatch):
    """A file for each configuration; t and r come from their columns."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    t, r = np.arange(4, 12), np.array([0.5, 1.0, 2.0, 3.0])
    C_N = np.exp(-0.5 * t) * (1 + 0.01 * random.standard_normal((12, len(t))))
    C_NN = C_N[..., np.newaxis] ** 2 * (1 - np.exp(-r))
    for i in range(12):
        lines = [f"{time} {value!r}" for time, value in zip(t, C_N[i].tolist(), strict=True)]
        (tmp_path / f"N{i}.txt").write_text("\n".join(lines))
        lines = [f"{r[b]} {t[a]} {float(C_NN[i, a, b])!r} 0" for b in range(4) for a in range(8)]
        (tmp_path / f"NN{i}.txt").write_text("# r t re im\n" + "\n".join(lines))
    files = [f"{name}{i}.txt" for name in ("N", "NN") for i in range(12)]
    words = ["--map", "C_NM=NN*.txt", "--map", "C_N=N[0-9]*.txt", "--columns", "C_NM=r,t,re,im",
             "--columns", "C_N=t,C", "--masses", "0.5"]  # fmt: skip
    assert main(["convert", *files, "out.npz", *words]) == 0
    found = load_correlators("out.npz")
    assert_array_equal(found.t, t)
    assert_array_equal(found.r, r)
    C, pair = jackknife_samples(C_N), jackknife_samples(C_NN)
    expected = np.moveaxis(pair / C[..., np.newaxis] ** 2, 1, 0)
    np.testing.assert_allclose(found.R["R"], expected, rtol=1e-13)
    assert found.mass_bins is None
    assert found.hadron_mass == 0.5


def test_tables_of_the_points_of_a_wedge(raw, tmp_path, monkeypatch, capsys):
    """A column point counts the points of --wedge."""
    monkeypatch.chdir(tmp_path)
    n = raw.C_NM["wall"].shape[2]
    for i in range(6):
        N, NM = raw.C_N["wall"][i].tolist(), raw.C_NM["wall"][i].tolist()
        lines = [f"{t} {C!r}" for t, C in zip(TIMES, N, strict=True)]
        (tmp_path / f"N{i}.txt").write_text("\n".join(lines))
        lines = [f"{t} {p} {NM[j][p]!r}" for j, t in enumerate(TIMES) for p in range(n)]
        (tmp_path / f"NM{i}.txt").write_text("\n".join(lines))
    files = [f"{name}{i}.txt" for name in ("N", "NM") for i in range(6)]
    words = ["--map", "C_NM=NM*.txt", "--map", "C_N=N[0-9]*.txt", "--columns", "C_NM=t,point,C",
             "--columns", "C_N=t,C", "--masses", "0.5", "--wedge"]  # fmt: skip
    assert main(["convert", *files, "out.npz", *words, str(L)]) == 0
    found = load_correlators("out.npz")
    assert found.L == L
    pair, C = (jackknife_samples(values["wall"][:6]) for values in (raw.C_NM, raw.C_N))
    expected = np.moveaxis(pair / C[..., np.newaxis] ** 2, 1, 0)
    np.testing.assert_allclose(found.R["R"], expected, rtol=1e-13)
    with pytest.raises(SystemExit, match="2"):
        main(["convert", *files, "other.npz", *words, "6"])
    assert "must count the 20 points of Wedge(L=6) from 0, got 35" in capsys.readouterr().err
    fitted = ["--mass-window", "8-12", "--wedge", str(L), "--mass-source", "x"]
    with pytest.raises(SystemExit, match="2"):
        main(["convert", *files, "other.npz", *words[:-3], *fitted])
    assert "as in --map C_N/x=NAME: C_N has none" in capsys.readouterr().err


def test_ratios_that_are_formed_already(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    R = 1 + 0.1 * np.random.default_rng(0).standard_normal((10, 5, 6))
    mass, r = 0.5 + 0.001 * np.arange(10), np.arange(1.0, 7.0)
    np.savez("raw.npz", R=R, mass=mass, r=r, t=np.arange(10, 15), mean=R[0])
    words = ["convert", "raw.npz", "--map", "r=r", "--map", "t=t"]
    bins = ["--map", "R/wall=R", "--map", "mass=mass", "--axes", "bin,t,r", "--kind", "bootstrap"]
    assert main([*words[:2], "out.npz", *words[2:], *bins, "--group", "nn"]) == 0
    found = load_correlators("out.npz", group="nn")
    assert_array_equal(found.R["wall"], np.moveaxis(R, 1, 0))
    assert_array_equal(found.mass_bins, mass)
    assert (found.kind, found.bin_size, found.n_configs) == ("bootstrap", None, None)
    known = ["--n-configs", "40", "--bin-size", "4", "--force"]
    assert main([*words[:2], "out.npz", *words[2:], *bins, *known]) == 0
    assert (load_correlators("out.npz").n_configs, load_correlators("out.npz").n_drawn) == (40, 10)
    mean = ["--map", "R=mean", "--axes", "t,r", "--masses", "0.5,0.8"]
    assert main([*words[:2], "mean.npz", *words[2:], *mean]) == 0
    found = load_correlators("mean.npz")
    assert (found.kind, found.n_bins, found.hadron_mass) == ("mean", 1, (0.5, 0.8))
    assert_array_equal(found.R["R"][:, 0], R[0])


def test_bootstrap_samples_know_their_configurations(tmp_path, monkeypatch, capsys):
    """60 configurations in bins of 5: the fit of the mass takes 12, and so does the record."""
    monkeypatch.chdir(tmp_path)
    t, r, random = np.arange(8), np.linspace(0.5, 6.0, 12), np.random.default_rng(0)
    noise = 1 + 0.01 * random.standard_normal((60, 8))
    pair = (np.exp(-1.01 * t) * noise**2)[..., np.newaxis] * (1 - np.exp(-r))
    C_N, C_NN = (
        bootstrap_samples(C, 40, bin_size=5) for C in (np.exp(-0.5 * t) * noise, pair)
    )  # fmt: skip
    np.savez("raw.npz", N=C_N, NN=C_NN, r=r)
    words = ["convert", "raw.npz", "out.npz", "--map", "C_NM=NN", "--map", "C_N=N", "--map", "r=r",
             "--axes", "bin,t,r", "--kind", "bootstrap", "--mass-window", "1-6"]  # fmt: skip
    assert main([*words, "--n-configs", "60", "--bin-size", "5"]) == 0
    found = load_correlators("out.npz")
    assert (found.n_configs, found.bin_size, found.n_drawn) == (60, 5, 12)
    fit = fit_mass(C_N, window=(1, 6), kind="bootstrap", n_configs=12)
    assert_array_equal(found.mass_bins, fit.bins)
    assert main(["info", "out.npz"]) == 0
    shown = capsys.readouterr().out
    assert "40 bootstrap bins of 5 configurations, 60 configurations in all" in shown
    assert "n_configs" not in shown


AXES = ["--axes", "config,t,point"]
WRONG = {
    "no pair": (["--map", "C_N=N/wall", *AXES], "must name either C_NM, with C_N, or R"),
    "no hadron": (["--map", "C_NM=NM/wall", *AXES], "must name C_N"),
    "unknown key": (["--map", "C_NN=NM/wall", *AXES], "keys among C_NM, C_N"),
    "unknown name": (["--map", "C_NM=NX/wall", *AXES], "no data set and no file, known are M"),
    "no source": (["--map", "C_NM/*=NX/*", *AXES], "names no data set"),
    "twice": (["--map", "C_N=N/wall", "--map", "C_N=N/exp"], "each key once"),
    "no axes": (MAPS, "--axes must name the axes of C_NM/"),
    "axes": ([*MAPS, "--axes", "config,t"], "must have the axes ('config', 't'), got shape"),
    "axis": ([*MAPS, "--axes", "config,time,point"], "config or bin, t, r or point"),
    "no bins": (
        [*MAPS, "--axes", "source,t,point", "--source-times", ",".join("0" * N_CONFIGS)],
        "must have config or bin",
    ),
    "bin": ([*MAPS, "--axes", "bin,t,point"], "--kind must tell what the axis bin is"),
    "kind": ([*MAPS, *AXES, "--kind", "jackknife"], "goes with the axis bin"),
    "size": ([*MAPS, *AXES, "--bin-size", "5"], "bin_size must divide"),
    "sign": ([*MAPS, *AXES, "--boundary-sign", "2"], "--boundary-sign must be 1 or -1"),
    "no mass": ([*MAPS, *AXES, "--first-time", "3"], "--mass-window or --masses must be given"),
    "window": ([*MAPS, *AXES, "--first-time", "3", "--mass-window", "8-19"], "3 … 12, got 19"),
    "number of configurations": (
        [*MAPS, *AXES, "--masses", "0.5,0.8", "--n-configs", "9", "--wedge", str(L),
         "--first-time", "3"],
        "n_configs must be a whole number ≥ 24 for 24 jackknife bins, or None, got 9",
    ),
    "three masses": ([*MAPS, *AXES, "--masses", "1,2,3"], "for each of 2 hadrons"),
    "times": ([*MAPS, *AXES, "--masses", "0.5,0.8", "--times", "30-34"], "among 0 … 9, got 30"),
    "radii": ([*MAPS, *AXES, "--masses", "0.5,0.8"], "radii must be given"),
    "wedge": ([*MAPS, *AXES, "--masses", "0.5,0.8", "--wedge", "12"], "C_NM['"),
    "extent": ([*MAPS, *AXES, "--first-time", "3", "--mass-window", "8-12", "--extent", "32"],
               "from t = 0 on"),
    "mass source": (
        [*MAPS, *AXES, "--first-time", "3", "--mass-window", "8-12", "--mass-source", "x"],
        "--mass-source must be a source of C_N, ['wall', 'exp'], got 'x'",
    ),
    "ending": ([*MAPS, *AXES], "path must end in .h5"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_errors_of_users(words, message, arrays, tmp_path, monkeypatch, capsys, request):
    monkeypatch.chdir(tmp_path)
    np.savez("raw.npz", **arrays)
    out = "out.txt" if "ending" in request.node.name else "out.npz"
    more = ["--mass-window", "5-9", "--wedge", str(L)] if out == "out.txt" else []
    with pytest.raises(SystemExit, match="2"):
        main(["convert", "raw.npz", out, *words, *more])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("halkit convert: error: ")
    assert message in line
    assert [path.name for path in tmp_path.iterdir()] == ["raw.npz"]
