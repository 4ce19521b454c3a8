"""``python -m halkit``: the command line."""

from halkit.cli import main

__all__: list[str] = []

raise SystemExit(main())
