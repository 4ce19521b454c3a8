"""Model files without pickle: `save` writes, `load` reads, `read_versions` says who wrote one."""

from halkit.persistence.files import load, read_versions, save

__all__ = ["load", "read_versions", "save"]
