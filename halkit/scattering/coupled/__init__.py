"""Coupled channels: a matrix of interactions comes in, S matrix, bound states and poles go out."""

__all__ = []
