"""Markov chains: links and a coupling come in; links nearer to e^{−S} go out."""

__all__ = []
