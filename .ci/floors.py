"""Print constraints that pin what halkit imports to the oldest versions it allows.

pip takes the newest patch of such a version. What the tests alone need stays new.
"""

import re
import tomllib
from pathlib import Path

# The extras whose packages halkit imports; the rest are tools for tests and documents.
EXTRAS = ("plot", "io", "dask")


def floors(project):
    """Return {name: oldest version} of the requirements of halkit and of its extras."""
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + [line for extra in EXTRAS for line in extras[extra]]
    return dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", line).groups() for line in lines)


if __name__ == "__main__":
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    for name, version in floors(tomllib.loads(text)["project"]).items():
        print(f"{name}=={version}.*")
    print("pyparsing<3.3")  # which deprecates names that matplotlib 3.9 uses
