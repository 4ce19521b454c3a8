"""Model files without pickle: what `save` writes, `load` reads, and no code in the file is run.

A file is a zip archive of stored (not compressed) members that skops makes and reads:
``schema.json`` has the structure of the model and the names of its classes, an ``.npy`` member each
array. ``halkit.json`` adds the format and the versions of the packages. The comment of the archive
ends with the SHA-256 of all bytes before it, which is compared before the archive is opened.

A file may name the classes of halkit, scikit-learn's estimators, splitters and scorers, numpy's
types and containers. Other names, such as the class of a user's network, have to be `trusted`.
"""

import functools
import hashlib
import importlib
import importlib.metadata
import inspect
import io
import json
import pickle
import platform
import re
import warnings
import zipfile
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics, model_selection
from sklearn.exceptions import InconsistentVersionWarning

from halkit import __version__
from halkit.checks import check_boolean
from halkit.correlators.limits import named_errors
from halkit.correlators.npz import read_header
from halkit.exceptions import VersionWarning
from halkit.writing import whole_file

__all__ = ["load", "save"]

FORMAT, FORMAT_VERSION = "halkit model", 1
MANIFEST, SCHEMA = "halkit.json", "schema.json"
SEAL = b"halkit sha256 "
DIGITS = 64
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "skops")
# A file of other versions of these two may give other numbers.
DECISIVE = ("halkit", "scikit-learn")
# The modules whose classes hold numbers; other modules of halkit read and write files.
OWN = re.compile(
    r"halkit\.(channels|equations|gauge|interactions|modules|potentials|radial|resampling"
    r"|scattering|wedge|correlators\.(record|masses))(\.[a-z]\w*)*"
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


def save(model: Any, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write a model to a file that `load` reads without pickle.

    The file is read back and compared before it takes its place, and it appears as a whole or not
    at all (`halkit.writing.whole_file`). It is a file of skops, too.

    Parameters
    ----------
    model : object
        An estimator of halkit, fitted or not; a Pipeline, a search, or another estimator of
        scikit-learn around it; an `halkit.scattering.Ensemble`, an interaction, records of
        correlators and rows; dictionaries, lists and tuples of these.
    path : str or path
        Any name; ``.halkit`` is the custom.
    overwrite : bool
        Whether an existing file may be replaced; its mode is kept.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is False.
    TypeError
        If the model holds something that the file would not give back: a lambda, a class inside a
        function, keys of a dictionary other than texts and numbers, a module of torch (of a
        network, save the fitted estimator, not its ``interaction_`` or ``starts_``).
    ImportError
        If skops is missing.
    OSError
        If the file cannot be written; an old file stays.

    See Also
    --------
    load : read the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import halkit
    >>> d = halkit.datasets.make_separable(n_k=4)
    >>> model = halkit.ESTPotentialRegressor(d.r, reduced_mass=3.3).fit(d.data, d.target)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     halkit.save(model, Path(folder) / "toy.halkit")
    ...     again = halkit.load(Path(folder) / "toy.halkit")
    >>> bool((again.phase_shift([0.5, 1.0]) == model.phase_shift([0.5, 1.0])).all())
    True
    """
    path, overwrite = Path(path), check_boolean(overwrite, "overwrite")
    if path.exists() and not overwrite:  # before the work; whole_file decides
        raise FileExistsError(f"there is a file {path} already; overwrite=True replaces it")
    data = _packed(model)
    with whole_file(path, overwrite=overwrite) as file:
        file.write(data)


def load(path: str | PathLike[str], *, trusted: Iterable[str | type] = ()) -> Any:
    """Read a model that `save` wrote.

    No code of the file is run. It names classes, and those outside of halkit, numpy and
    scikit-learn's estimators, splitters and scorers are imported only if they are `trusted`.

    Parameters
    ----------
    path : str or path
    trusted : sequence of str or type
        Classes and functions that the file may name besides, as ``"module.name"``: a network, an
        activation or a potential of your own. The error lists the names that are missing here.

    Returns
    -------
    object
        With the same numbers, bit for bit, on the same machine and packages.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is cut off or changed, is not a file of `save`, has a newer format, or names
        something that is not trusted.
    ImportError
        If a trusted name cannot be imported, or skops is missing.

    Warns
    -----
    VersionWarning
        If another version of halkit or scikit-learn wrote the file.

    See Also
    --------
    save : write the file, with an example.
    """
    path, allowed = Path(path), _checked_names(trusted)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    with named_errors(path):
        data = path.read_bytes()
        _verify(data, path)
        manifest = _manifest(data, path)
        _validate(data, path)
        names = _skops().get_untrusted_types(data=data)
        foreign = [name for name in names if name not in allowed and not _is_own(name)]
    if foreign:
        raise ValueError(
            f"{path} names {foreign}, which halkit {__version__} does not know. If you know them "
            f"and trust the file, read it with trusted={foreign}"
        )
    for name in allowed & set(names):
        _import_trusted(name, path)
    model = _constructed(data, names, path, manifest["versions"])
    _warn_of_versions(manifest["versions"], path)
    return model


def _skops():
    try:
        import skops.io
    except ImportError as error:
        raise ImportError("model files need skops: pip install 'halkit[io]' installs it") from error
    return skops.io


def _packed(model):
    """The bytes of the file of a model, after they have been read back."""
    skops = _skops()
    try:
        before = _content(model)
        data = _sealed(skops.dumps(model), type(model))
        _validate(data, "the file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            again = skops.loads(data, trusted=skops.get_untrusted_types(data=data))
        if _content(again) != before:
            raise ValueError("something in it reads back differently")
    except MemoryError:
        raise
    except Exception as error:
        raise TypeError(
            f"model must hold only what a file can give back, got {type(model).__name__} with a "
            f"value that it cannot ({error}). Define your own code at the top level of a module; "
            "for interaction_ or starts_ of a network, save the fitted estimator"
        ) from error
    return data


def _content(model):
    """A digest of a model; pickle refuses code that its name does not stand for."""
    content = _Content()
    content.dump(model)
    return content.sha256.hexdigest()


class _Content(pickle.Pickler):
    """The digest of a pickle in which shared parts are repeated: it depends on values alone."""

    def __init__(self):
        self.sha256 = hashlib.sha256()
        super().__init__(self, 4)
        self.fast = True

    def write(self, data):
        self.sha256.update(data)

    def reducer_override(self, value):
        """Leave out what has no meaning: seeds of a RandomState, gaps between fields."""
        if isinstance(value, np.random.RandomState):
            return dict, (value.get_state(legacy=False),)
        if isinstance(value, np.ndarray) and value.dtype.names:
            return list, ([value[name] for name in value.dtype.names],)
        return NotImplemented


def _sealed(kept, kind):
    """The archive of skops with its schema in short form, the manifest and the digest."""
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": f"{kind.__module__}.{kind.__qualname__}",
        "versions": _versions(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(kept)) as old, zipfile.ZipFile(buffer, "w") as new:
        new.writestr(MANIFEST, json.dumps(manifest, indent=2))
        for name in old.namelist():
            content = old.read(name)
            if name == SCHEMA:
                content = json.dumps(_json(content), separators=(",", ":"))
            new.writestr(name, content)
        new.comment = SEAL + b"0" * DIGITS
    body = buffer.getvalue()[:-DIGITS]
    return body + _digest(body)


def _versions():
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"halkit": __version__, "python": platform.python_version(), **found}


def _digest(body):
    return hashlib.sha256(body).hexdigest().encode()


def _verify(data, path):
    """Refuse foreign files, and those that have changed, before anything reads them."""
    body, digest = data[:-DIGITS], data[-DIGITS:]
    if data.startswith(b"\x80"):
        raise ValueError(
            f"{path} is a pickle, as of joblib.dump, and not a file of halkit.save: if you trust "
            "whoever wrote it, joblib.load reads it"
        )
    if not data.startswith(b"PK"):
        raise ValueError(f"{path} must be a file of halkit.save, got {data[:8]!r} at its beginning")
    if not body.endswith(SEAL):
        raise ValueError(f"{path} is cut off or changed, or halkit.save did not write it")
    if digest != _digest(body):
        raise ValueError(
            f"{path} is damaged, or was changed after it was saved: its SHA-256 differs"
        )


def _json(text):
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs):
    """A dictionary; keys such as 1 and "1" are the same in JSON, and one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"keys of a dictionary must differ as texts, got {keys[:20]}")
    return found


def _manifest(data, path):
    """Format and versions, after a check that this version of halkit reads the format."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        manifest = _json(archive.read(MANIFEST)) if MANIFEST in archive.namelist() else {}
    form, versions = manifest.get("format_version"), manifest.get("versions")
    if manifest.get("format") != FORMAT or type(form) is not int or form < 1:
        raise ValueError(f"{path} must be a file of halkit.save, got an archive without its format")
    if not isinstance(versions, dict):
        raise ValueError(f"{path} must name the versions that wrote it")
    if form > FORMAT_VERSION:
        raise ValueError(
            f"{path} has the format {form} of halkit {versions.get('halkit')}, and halkit "
            f"{__version__} reads formats up to {FORMAT_VERSION}: install a newer halkit"
        )
    return manifest


def _validate(data, path):
    """Refuse archives that would need much more memory or time than their size says."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        arrays = set(names) - {MANIFEST, SCHEMA}
        known = all(name.endswith((".npy", ".bin")) for name in arrays)
        if len(set(names)) < len(names) or not known:
            raise ValueError(f"{path} must hold arrays and {SCHEMA}, each once, got {names[:20]}")
        stored = all(m.compress_type == zipfile.ZIP_STORED and not m.flag_bits & 1 for m in members)
        if not stored or sum(member.file_size for member in members) > len(data):
            raise ValueError(f"{path} must hold members that are stored, not compressed")
        for member in members:
            if member.filename.endswith(".npy"):
                with archive.open(member) as stream:
                    read_header(stream, member.file_size, f"{member.filename} of {path}")
        _measure(_json(archive.read(SCHEMA)), {}, {})


def _measure(value, sizes, owners):
    """Count the nodes of the schema; one identity and one array belong to one object."""
    if isinstance(value, list):
        return 1 + sum(_measure(entry, sizes, owners) for entry in value)
    if not isinstance(value, dict):
        return 1
    size = 1 + sum(_measure(entry, sizes, owners) for entry in value.values())
    name, file = value.get("__id__"), value.get("file")
    if not isinstance(name, (dict, type(None))) and sizes.setdefault(name, size) != size:
        raise ValueError(f"the identity {name!r} must stand for one object")
    if isinstance(file, str) and (not name or owners.setdefault(file, name) != name):
        raise ValueError(f"the member {file!r} must belong to one object")
    return size


def _checked_names(trusted):
    """The set of names of types and texts."""
    if isinstance(trusted, (str, type, bool)):
        raise TypeError(f"trusted must be a sequence of names or types, got {trusted!r}")
    names = set()
    for entry in trusted:
        if not isinstance(entry, str) and not hasattr(entry, "__name__"):
            raise TypeError(f"trusted must hold names or types, got {entry!r}")
        names.add(entry if isinstance(entry, str) else f"{entry.__module__}.{entry.__name__}")
    return names


def _is_own(name):
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


def _import_trusted(name, path):
    module, _, attribute = name.rpartition(".")
    try:
        getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImportError(
            f"{path} keeps {name} by its name, and it cannot be imported here: {error}. Put the "
            "module where Python finds it, and load again",
            name=module,
        ) from error


def _constructed(data, names, path, versions):
    """The model; a failure says who wrote the file, since its bytes are intact."""
    try:
        with warnings.catch_warnings():
            # The file has one version for all its estimators; one warning follows.
            warnings.simplefilter("ignore", VersionWarning)
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            return _skops().loads(data, trusted=names)
    except (ImportError, MemoryError, Warning):
        raise
    except Exception as error:
        raise ValueError(
            f"{path} was written by {_listed(versions)} and cannot be read by "
            f"{_listed(_versions())}: {type(error).__name__}: {error}"
        ) from error


def _listed(versions):
    return ", ".join(f"{name} {versions.get(name, 'unknown')}" for name in DECISIVE)


def _warn_of_versions(versions, path):
    here = _versions()
    if any(versions.get(name) != here[name] for name in DECISIVE):
        warnings.warn(
            f"{path} was written by {_listed(versions)} and is read by {_listed(here)}: numbers "
            "may differ; compare with a fit, and save again",
            VersionWarning,
            stacklevel=3,
        )
