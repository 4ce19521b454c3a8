"""The archive of a model file: what skops makes, with format, versions and a digest.

``schema.json`` has the structure of the model and the names of its classes, an ``.npy`` member each
array; ``halkit.json`` adds the format and the versions of the packages. Members are stored, not
compressed: an archive holds no more than its size. The comment of the archive ends with the SHA-256
of all bytes before it, which is compared before the archive is opened.
"""

import hashlib
import io
import json
import zipfile

from halkit import __version__
from halkit.correlators.npz import read_header
from halkit.stamp import installed_versions

__all__ = ["PACKAGES", "read_manifest", "sealed", "validate", "verify"]

FORMAT, FORMAT_VERSION = "halkit model", 1
MANIFEST, SCHEMA = "halkit.json", "schema.json"
SEAL = b"halkit sha256 "
DIGITS = 64
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "skops")


def sealed(kept, kind):
    """The archive of skops with its schema in short form, the manifest and the digest."""
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": f"{kind.__module__}.{kind.__qualname__}",
        "versions": installed_versions(*PACKAGES),
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


def verify(data, path):
    """Refuse foreign files, and those that have changed, before anything reads them."""
    body, digest = data[:-DIGITS], data[-DIGITS:]
    if data.startswith(b"\x80"):
        raise ValueError(
            f"{path} is a pickle, as of joblib.dump, and not a file of halkit.save: if you trust "
            "whoever wrote it, joblib.load reads it"
        )
    if not data.startswith(b"PK"):
        raise ValueError(f"{path} must be a file of halkit.save, got {data[:8]!r} at its beginning")
    if not body.endswith(SEAL) and _is_npz(data):
        raise ValueError(
            f"{path} is an npz archive of arrays, not a model: halkit info tells whether they are "
            "correlators of halkit, which halkit fit reads, or raw ones, which halkit convert reads"
        )
    if not body.endswith(SEAL):
        raise ValueError(f"{path} is cut off or changed, or halkit.save did not write it")
    if digest != _digest(body):
        raise ValueError(
            f"{path} is damaged, or was changed after it was saved: its SHA-256 differs"
        )


def _is_npz(data):
    """Whether the bytes are a whole archive of arrays alone."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _digest(body):
    return hashlib.sha256(body).hexdigest().encode()


def read_manifest(data, path):
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


def validate(data, path):
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


def _json(text):
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs):
    """A dictionary; keys such as 1 and "1" are the same in JSON, so that one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"keys of a dictionary must differ as texts, got {keys[:20]}")
    return found
