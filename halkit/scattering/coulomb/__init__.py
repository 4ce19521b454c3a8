"""Charged hadrons: an interaction and charges come in, Coulomb-modified phase shifts go out."""

__all__ = []
