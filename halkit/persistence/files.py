"""Model files without pickle: what `save` writes, `load` reads, and no code in the file is run.

skops turns a model into an archive and back (`halkit.persistence.archive`). A file may name the
classes of halkit, scikit-learn's estimators, splitters and scorers, numpy's types and containers
(`halkit.persistence.names`). Other names, such as the class of a user's network, have to be
`trusted`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning

from halkit import __version__
from halkit.checks import check_boolean
from halkit.correlators.limits import named_errors
from halkit.exceptions import VersionWarning
from halkit.persistence.archive import PACKAGES, read_manifest, sealed, validate, verify
from halkit.persistence.content import content
from halkit.persistence.names import checked_names, import_trusted, is_known
from halkit.stamp import installed_versions
from halkit.warn import warn_caller
from halkit.writing import existing_file, whole_file

__all__ = ["load", "read_versions", "save"]

# A file of other versions of these two may give other numbers.
DECISIVE = ("halkit", "scikit-learn")


def save(model: Any, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write a model to a file that `load` reads without pickle.

    The file is read back and compared before it takes its place, and it appears as a whole or not
    at all (`halkit.writing.whole_file`). skops can read it as well.

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
        If the file does not exist.
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
    path, allowed = Path(path), checked_names(trusted)
    data, manifest = _intact(path)
    with named_errors(path):
        validate(data, path)
        names = _skops().get_untrusted_types(data=data)
        foreign = [name for name in names if name not in allowed and not is_known(name)]
    if foreign:
        raise ValueError(
            f"{path} names {foreign}, which halkit {__version__} does not know. If you know them "
            f"and trust the file, read it with trusted={foreign}"
        )
    for name in allowed & set(names):
        import_trusted(name, path)
    model = _constructed(data, names, path, manifest["versions"])
    _warn_of_versions(manifest["versions"], path)
    return model


def read_versions(path: str | PathLike[str]) -> dict[str, Any]:
    """Read who wrote a model file, and nothing else of it.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    dict
        ``model``, the class; ``versions``, of halkit and of each package; ``format_version``.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load`, for files that are missing, damaged, or not of `save`.
    """
    return _intact(Path(path))[1]


def _intact(path):
    """The bytes of a file and its manifest, after the check of its digest."""
    existing_file(path)
    with named_errors(path):
        data = path.read_bytes()
        verify(data, path)
        return data, read_manifest(data, path)


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
        before = content(model)
        data = sealed(skops.dumps(model), type(model))
        validate(data, "the file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            again = skops.loads(data, trusted=skops.get_untrusted_types(data=data))
        if content(again) != before:
            raise ValueError("something in it reads back differently")
    except MemoryError:
        raise
    except Exception as error:
        raise TypeError(
            f"model must hold only what a file can give back, got {type(model).__name__} with a "
            f"value that it cannot ({error}). Define your own code at the top level of a module; "
            "for interaction_ or starts_ of a network, save the fitted estimator; take callbacks "
            "off with set_callbacks()"
        ) from error
    return data


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
            f"{_listed(installed_versions(*PACKAGES))}: {type(error).__name__}: {error}"
        ) from error


def _listed(versions):
    return ", ".join(f"{name} {versions.get(name, 'unknown')}" for name in DECISIVE)


def _warn_of_versions(versions, path):
    here = installed_versions(*PACKAGES)
    if any(versions.get(name) != here[name] for name in DECISIVE):
        warn_caller(
            f"{path} was written by {_listed(versions)} and is read by {_listed(here)}: numbers "
            "may differ; compare with a fit, and save again",
            VersionWarning,
        )
