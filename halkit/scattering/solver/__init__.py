"""The radial equation in one partial wave: an interaction comes in, its R-matrix goes out.

`interior` finds where the interaction ends and how fine a mesh it needs, `layout` and `panels` the
edges of that mesh, `mesh` the Hamiltonian on it, and `rmatrix` its decomposition. `tails` adds
long tails beyond the mesh, `weak` keeps the relative accuracy of small phases.
"""

__all__ = []
