"""Check that a wheel and an sdist hold halkit alone, or with --use that an installed one works.

python .ci/package.py FILE ...
python .ci/package.py --use
"""

import sys
import tarfile
import zipfile
from pathlib import Path

SOURCES = Path(__file__).parents[1]
METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE"}
BESIDE = {"LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}


def names_of(path):
    """Return the names of the files in a wheel, or in an sdist without its folder."""
    if path.suffix == ".whl":
        return set(zipfile.ZipFile(path).namelist())
    with tarfile.open(path) as archive:
        files = [member.name for member in archive.getmembers() if member.isfile()]
    return {name.split("/", 1)[1] for name in files}


def sources():
    """Return the names of the files of the package in this checkout."""
    found = (p for p in (SOURCES / "halkit").rglob("*") if p.suffix in {".py", ".pyi", ".typed"})
    marked = SOURCES / "halkit" / "py.typed"
    return {p.relative_to(SOURCES).as_posix() for p in (*found, marked)}


def faults(path):
    """Return what a file holds beside halkit and its metadata, and what it lacks."""
    names = names_of(path)
    wheel = path.suffix == ".whl"
    own = {name for name in names if name.startswith("halkit/")}
    if wheel:
        metadata = {name.split(".dist-info/")[1] for name in names if ".dist-info/" in name}
        known = {name for name in names if ".dist-info/" in name} | own
        wrong = metadata ^ METADATA
    else:
        tests = {name for name in names if name.startswith("tests/")}
        info = {name for name in names if name.startswith("halkit.egg-info/")}
        known, wrong = own | info | tests | (names & BESIDE), set()
    return sorted((own ^ sources()) | (names - known) | wrong)


def use():
    """Fit the toy model with the halkit that is installed, and compare with the closed form."""
    import numpy as np

    import halkit

    assert SOURCES not in Path(halkit.__file__).parents, halkit.__file__
    d = halkit.datasets.make_separable(n_k=10)
    model = halkit.ESTPotentialRegressor(d.r, reduced_mass=3.3).fit(d.data, d.target)
    delta = np.rad2deg(model.phase_shift([0.5]))
    assert abs(delta - 53.11) < 0.05, delta
    print(f"halkit {halkit.__version__} of {Path(halkit.__file__).parent}: {delta.round(2)}°")


if __name__ == "__main__":
    if sys.argv[1:] == ["--use"]:
        use()
        sys.exit()
    found = {name: faults(Path(name)) for name in sys.argv[1:]}
    for name, wrong in found.items():
        print(Path(name).name, "holds", "halkit alone" if not wrong else f"or lacks {wrong}")
    sys.exit(any(found.values()))
