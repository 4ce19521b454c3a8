"""Femtoscopy: correlations of pairs, from their waves and sources to what a detector sees."""

__all__ = []
