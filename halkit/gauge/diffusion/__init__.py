"""Diffusion: links of one coupling come in; links of any coupling and size go out."""

__all__ = []
