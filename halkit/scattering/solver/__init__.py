"""The radial equation in one partial wave: in comes an interaction, out goes its R-matrix.

`channel` finds where the interaction ends and how fine a mesh it needs, `layout` and `panels`
where that mesh has edges, `mesh` the Hamiltonian on it, `rmatrix` its decomposition, `tails` and
`weak` what lies beyond the mesh or below its rounding.
"""

__all__ = []
