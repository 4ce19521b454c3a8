"""U(1) in two dimensions: a coupling and a lattice come in; observables, exact results and exact
configurations go out."""

__all__ = []
