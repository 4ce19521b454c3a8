"""Model files without pickle: `save` writes them, and `load` reads them."""

from halkit.persistence.files import load, save

__all__ = ["load", "save"]
