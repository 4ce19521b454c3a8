"""Finite volumes: an interaction and a box or a lattice come in, energy levels go out."""

__all__ = []
