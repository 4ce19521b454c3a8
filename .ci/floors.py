"""Print constraints that pin what halkit needs to run to the oldest versions it allows.

pip takes the newest patch of such a version; tools of the tests stay as new as they are.
"""

import re
import tomllib
from pathlib import Path

# torch has no older version than the tested one; matplotlib and the rest follow numpy.
FLOORS = {"numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl", "skorch"}


def floors(project):
    """Return {name: oldest version} of the requirements in a table of pyproject.toml."""
    found = dict(re.match(r"([\w-]+)>=([\d.]+)", line).groups() for line in project["dependencies"])
    return {name: version for name, version in found.items() if name in FLOORS}


if __name__ == "__main__":
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    for name, version in floors(tomllib.loads(text)["project"]).items():
        print(f"{name}=={version}.*")
