"""Names that a model file may hold: classes of data of halkit and scikit-learn, and no others.

skops makes what a file names once every name is trusted. Classes are looked up, not only compared
by their names, because a module also has the names that it imports.
"""

import functools
import importlib
import inspect
import re

from sklearn import metrics, model_selection

__all__ = ["checked_names", "import_trusted", "is_known"]

# The modules whose classes hold numbers; other modules of halkit read and write files.
OWN = re.compile(
    r"halkit\.(channels|equations|gauge|interactions|modules|potentials|radial|resampling"
    r"|scattering|wedge|correlators\.(coupled|record|masses))(\.[a-z]\w*)*"
)
PLAIN = {
    "builtins.frozenset",
    "builtins.range",
    "functools.partial",
    "halkit.resampling.workers.run_bins",
    "halkit.scattering.members._serial",
    "numpy.dtype",
    "sklearn.metrics._scorer._MultimetricScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
}


def is_known(name):
    """Tell whether a name stands for a class of halkit or of scikit-learn that only holds data."""
    module, _, attribute = name.rpartition(".")
    if name in PLAIN or name in _of_searches():
        return True
    if not OWN.fullmatch(module):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    return inspect.isclass(found) and found.__module__ == module


@functools.cache
def _of_searches():
    """Names of scikit-learn's splitters, and of the functions behind its scorers."""
    public = [vars(model_selection).get(name) for name in model_selection.__all__]
    splitters = [entry for entry in public if inspect.isclass(entry) and hasattr(entry, "split")]
    scorers = [metrics.get_scorer(name)._score_func for name in metrics.get_scorer_names()]
    return frozenset(f"{entry.__module__}.{entry.__name__}" for entry in (*splitters, *scorers))


def checked_names(trusted):
    """The set of names of types and texts."""
    if isinstance(trusted, (str, type, bool)):
        raise TypeError(f"trusted must be a sequence of names or types, got {trusted!r}")
    names = set()
    for entry in trusted:
        if not isinstance(entry, str) and not hasattr(entry, "__name__"):
            raise TypeError(f"trusted must hold names or types, got {entry!r}")
        names.add(entry if isinstance(entry, str) else f"{entry.__module__}.{entry.__name__}")
    return names


def import_trusted(name, path):
    """Import what the user trusts, or say what is missing where."""
    module, _, attribute = name.rpartition(".")
    try:
        getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImportError(
            f"{path} keeps {name} by its name, and it cannot be imported here: {error}. Put the "
            "module where Python finds it, and load again",
            name=module,
        ) from error
