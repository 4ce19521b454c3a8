"""SU(3) plaquettes with open boundaries, which are independent of each other.

Every plaquette has a chain of its own, from a uniform start: heat bath in three SU(2) subgroups
(N. Cabibbo, E. Marinari, Phys. Lett. B 119, 387 (1982)), with the rest of the plaquette as
staple. In axial gauge a loop is the product of the plaquettes inside, column by column.
"""

import numpy as np

from halkit.checks import check_integer
from halkit.gauge.theory.quaternion import concentrated, conjugate, directed, product
from halkit.gauge.theory.theories import SU3
from halkit.gauge.theory.torus import check_lattice_shape
from halkit.seeds import as_generator

__all__ = ["sample_su3_plaquettes"]

SWEEPS = 40
SUBGROUPS = ((0, 1), (0, 2), (1, 2))


def sample_su3_plaquettes(n, beta, lattice_shape, *, random_state=None):
    """Draw SU(3) plaquettes of a lattice with open boundaries, in axial gauge.

    Parameters
    ----------
    n : int
        Number of configurations.
    beta : float
        Coupling β, 0 to 1000, of S = β Σ (1 − ⅓ Re tr P).
    lattice_shape : (int, int)
        Plaquettes along both directions.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.

    Returns
    -------
    complex array of shape (n, L0, L1, 3, 3)
        After 40 sweeps of heat bath from uniform matrices.

    Raises
    ------
    ValueError, TypeError
        If n < 1, the coupling is out of its range, or the lattice is smaller than 2 × 2.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import SU3, exact_wilson_loop, sample_su3_plaquettes
    >>> P = sample_su3_plaquettes(50, 12.0, (4, 4), random_state=0)
    >>> traces = np.trace(P, axis1=-2, axis2=-1).real / 3
    >>> bool(abs(traces.mean() - exact_wilson_loop(1, SU3(12.0))) < 4 * traces.std() / 800**0.5)
    True
    """
    n, theory = check_integer(n, "n", least=1), SU3(beta)
    shape, rng = (n, *check_lattice_shape(lattice_shape)), as_generator(random_state)
    U = _uniform(int(np.prod(shape)), rng)
    for _ in range(SWEEPS):
        for i, j in SUBGROUPS:
            U[:, [i, j]] = _heat_bath(U[:, [i, j]], (i, j), theory.beta, rng)
    return U.reshape(*shape, 3, 3)


def _uniform(n, rng):
    """Haar's measure of U(3), its determinant divided out."""
    Q, R = np.linalg.qr(rng.standard_normal((n, 3, 3)) + 1j * rng.standard_normal((n, 3, 3)))
    diagonal = np.einsum("nii->ni", R)
    Q *= (diagonal / np.abs(diagonal))[:, None]
    return Q / np.linalg.det(Q)[:, None, None] ** (1 / 3)


def _heat_bath(rows, subgroup, beta, rng):
    """Return two rows times a matrix of SU(2) from e^{(β/3) Re tr}, given these rows."""
    (a, b), (c, d) = np.moveaxis(rows[..., list(subgroup)], 0, -1)
    q = np.stack([(a + d).real, (b + c).imag, (b - c).real, (a - d).imag], axis=-1) / 2
    size = np.sqrt(np.square(q).sum(axis=-1))
    drawn = directed(concentrated(2 * beta / 3 * size, rng), rng)
    q0, q1, q2, q3 = product(drawn, conjugate(q / size[:, None])).T
    g = np.array([[q0 + 1j * q3, q2 + 1j * q1], [-q2 + 1j * q1, q0 - 1j * q3]])
    return np.moveaxis(g, -1, 0) @ rows
