"""Markov chains: hybrid Monte Carlo of any theory, and hits that change the winding of U(1).

A trajectory follows H = ½ Σ π² + S(θ) from Gaussian momenta with an integrator that is
reversible and keeps volumes, and is accepted with min(1, e^{−ΔH}). It freezes Q at large β; a
winding hit adds ± a uniform flux 2π/V per plaquette, accepted with min(1, e^{−ΔS}), and moves
Q by ± 1 (at β ≲ 3 now and then by more). All chains of a batch move at once.
"""

from typing import NamedTuple

import numpy as np

from halkit.checks import (
    check_array,
    check_boolean,
    check_choice,
    check_integer,
    check_number,
    check_positive,
)
from halkit.gauge.chains.trajectory import (
    INTEGRATORS,
    batch_innermost,
    follow,
    keep,
    metropolis,
    trajectory,
)
from halkit.gauge.theory.theories import U1, as_theory
from halkit.gauge.theory.torus import as_links
from halkit.seeds import as_generator

__all__ = ["Trajectory", "hmc", "integrate", "winding_hit"]

# Beyond a step of 2/ω the leapfrog is unstable; √(8β) is the largest frequency ω at θ = 0.
LARGEST = 2.0


class Trajectory(NamedTuple):
    """The state of all chains after one trajectory and its winding hits.

    Attributes
    ----------
    theta : array of shape (n, 2, L0, L1)
        Links in [−π, π). A new array each time.
    accepted : bool array of shape (n,)
        Whether the trajectory was accepted.
    delta_h : array of shape (n,)
        Energy error ΔH of the proposal; ⟨e^{−ΔH}⟩ = 1 in equilibrium.
    winding : array of shape (n,)
        Fraction of accepted winding hits; NaN without hits.
    step_size : float
        Step of the integrator, before the jitter.
    n_steps : int
        Steps in the trajectory.
    """

    theta: np.ndarray
    accepted: np.ndarray
    delta_h: np.ndarray
    winding: np.ndarray
    step_size: float
    n_steps: int


def integrate(theta, momentum, beta, *, step_size, n_steps, integrator="omelyan"):
    """Follow Hamilton's equations; with −momentum at the end they lead back to the start.

    Parameters
    ----------
    theta, momentum : arrays of shape (n, 2, L0, L1)
        Links (radians) and their momenta. For another theory, its fields; momenta of SU(2) have
        three components a link, (n, 2, L0, L1, 3).
    beta : float or theory
        Coupling β ≥ 0 of U(1), or a `halkit.gauge.U1`, `SU2` or `Phi4`.
    step_size : float
        Step ε > 0; the error of H is of order ε².
    n_steps : int
        Number of steps, at least 1.
    integrator : {"omelyan", "leapfrog"}
        Two forces per step and a far smaller error, or one force.

    Returns
    -------
    theta, momentum : arrays of shape (n, 2, L0, L1)
        The angles are not wrapped.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or `integrator` is unknown.

    References
    ----------
    I. P. Omelyan, I. M. Mryglod, R. Folk, Comput. Phys. Commun. 151, 272 (2003).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import integrate
    >>> start, momentum = np.zeros((1, 2, 4, 4)), np.ones((1, 2, 4, 4))
    >>> theta, _ = integrate(start, momentum, 7.0, step_size=0.1, n_steps=10)
    >>> bool(np.allclose(theta, 1.0))  # a constant shift costs no action
    True
    """
    theory = as_theory(beta)
    theta = theory.space.as_field(theta, wrapped=False)
    shape = theory.space.momentum(theta[:0], np.random.default_rng(0)).shape[1:]
    momentum = check_array(momentum, "momentum", shape=(len(theta), *shape), single=True)
    common = np.result_type(theta, momentum, np.float32)
    theta, momentum = theta.astype(common), momentum.astype(common)
    return follow(
        theta,
        momentum,
        theory,
        check_positive(step_size, "step_size"),
        check_integer(n_steps, "n_steps", least=1),
        INTEGRATORS[check_choice(integrator, "integrator", INTEGRATORS)],
    )


def winding_hit(theta, beta, *, random_state=None, lattice_shape=None):
    """Offer every configuration one unit of flux of random sign; accept with min(1, e^{−ΔS}).

    Parameters
    ----------
    theta : array of shape (n, 2, L0, L1) or (n, 2·L0·L1)
        Link angles in radians.
    beta : float
        Coupling β ≥ 0.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.
    lattice_shape : (int, int), optional
        (L0, L1), needed for rows.

    Returns
    -------
    theta : array of the shape of theta
        Where the hit was refused, the old links.
    accepted : bool array of shape (n,)

    Raises
    ------
    ValueError, TypeError
        If theta is not on a lattice, or beta is negative or not finite.

    Examples
    --------
    >>> from halkit.gauge import sample_exact, winding_hit
    >>> theta = sample_exact(2000, 1.0, (8, 8), random_state=0)
    >>> float(winding_hit(theta, 1.0, random_state=0)[1].mean().round(1))
    0.8
    """
    links, theory = as_links(theta, lattice_shape), U1(beta)
    links, accepted, _ = _hit(links, theory, as_generator(random_state))
    return links.reshape(np.shape(theta)), accepted


def _hit(theta, theory, rng, *, before=None):
    """Return the field, whether the hit was accepted, and the action; `before` if it is known."""
    before = theory.action(theta) if before is None else before
    proposal = theory.proposal(theta, rng)
    after = theory.action(proposal)
    accepted = metropolis(after - before, rng)
    return keep(accepted, proposal, theta), accepted, np.where(accepted, after, before)


def hmc(
    theta,
    beta,
    *,
    n_trajectories,
    n_warmup=0,
    step_size=None,
    trajectory_length=1.0,
    jitter=0.2,
    spread=0.0,
    integrator="omelyan",
    winding_hits=0,
    target_acceptance=0.85,
    single=False,
    random_state=None,
    lattice_shape=None,
):
    """Iterate over hybrid Monte Carlo trajectories of a batch of chains.

    During the warm-up the step size is tuned until `target_acceptance` of the trajectories are
    accepted, or more if the integrator would become unstable; then it stays, and the
    trajectories that are yielded have e^{−S} as their fixed point. A trajectory has the whole
    number of steps nearest to `trajectory_length`.

    Parameters
    ----------
    theta : array of shape (n, 2, L0, L1) or (n, 2·L0·L1)
        Where the chains start, angles in radians; zeros are a cold start. For another theory, its
        fields.
    beta : float or theory
        Coupling β ≥ 0 of U(1), or a `halkit.gauge.U1`, `SU2` or `Phi4`.
    n_trajectories : int
        Trajectories to yield, at least 1.
    n_warmup : int, default 0
        Trajectories before them, which tune and are not yielded.
    step_size : float, optional
        Where the tuning starts, or the step itself if there is no warm-up. The default is 0.5
        over the largest frequency at the minimum of the action, √(8β) in gauge theories, and at
        most 0.25.
    trajectory_length : float, default 1.0
        Molecular-dynamics time.
    jitter : float, default 0.2
        Every trajectory has its own step, `step_size` times a random factor in 1 ± jitter that
        all chains share.
    spread : float, default 0.0
        Every trajectory has its own length, `trajectory_length` times a random factor in
        1 ± spread. At fixed length a wave whose half period fits into the trajectory comes back
        to where it was, up to a sign; 0.5 cures that at no cost.
    integrator : {"omelyan", "leapfrog"}
        See `integrate`.
    winding_hits : int, default 0
        Winding hits of U(1) after every trajectory; without them Q freezes at β ≳ 4.
    target_acceptance : float, default 0.85
        Between 0 and 1.
    single : bool, default False
        Links and momenta in single precision, twice as fast; energies are added up in double. ΔH
        then has a rounding error of about √(βV) 1e-6.
    random_state : int, RandomState, Generator or None
        Source of the random numbers.
    lattice_shape : (int, int), optional
        (L0, L1), needed for rows.

    Returns
    -------
    iterator of Trajectory
        The chains go on from the array ``theta`` of each: copy what is to be changed.
        The arguments are checked when it is made, the chains run as it is consumed.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or `integrator` is unknown.

    References
    ----------
    S. Duane, A. D. Kennedy, B. J. Pendleton, D. Roweth, Phys. Lett. B 195, 216 (1987).

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import hmc
    >>> chains = hmc(np.zeros((50, 2, 4, 4)), 2.0, n_trajectories=20, n_warmup=30, random_state=0)
    >>> bool(np.mean([state.accepted.mean() for state in chains]) > 0.7)
    True
    """
    theory = as_theory(beta)
    if check_integer(winding_hits, "winding_hits", least=0) and not hasattr(theory, "proposal"):
        raise ValueError(f"winding_hits must be 0 for {theory}, got {winding_hits}")
    links = theory.space.as_field(theta, lattice_shape)
    links = links.astype(np.float32 if check_boolean(single, "single") else np.float64)
    length = check_positive(trajectory_length, "trajectory_length")
    if step_size is None:
        step_size = min(0.25, 0.5 / max(theory.frequency, 1e-3), length)
    step_size = check_positive(step_size, "step_size")
    return _chain(
        batch_innermost(theory.space.closed(links)),
        theory,
        INTEGRATORS[check_choice(integrator, "integrator", INTEGRATORS)],
        length,
        step_size,
        check_number(jitter, "jitter", least=0, below=1),
        check_number(spread, "spread", least=0, below=1),
        check_number(target_acceptance, "target_acceptance", above=0, below=1),
        check_integer(n_warmup, "n_warmup", least=0),
        check_integer(n_trajectories, "n_trajectories", least=1),
        winding_hits,
        as_generator(random_state),
    )


def _chain(
    theta,
    theory,
    integrator,
    length,
    step_size,
    jitter,
    spread,
    target,
    n_warmup,
    n_trajectories,
    hits,
    rng,
):
    steps, energy = [], None
    largest = min(length, LARGEST / theory.frequency if theory.frequency else np.inf)
    for number in range(n_warmup + n_trajectories):
        if number and number == n_warmup:
            step_size = float(np.exp(np.mean(np.log(steps[n_warmup // 2 :]))))
        factor = rng.uniform(1 - spread, 1 + spread) if spread else 1.0
        n_steps = max(1, round(factor * length / step_size))
        step = step_size * rng.uniform(1 - jitter, 1 + jitter)
        theta, accepted, delta_h, energy = trajectory(
            theta, theory, step, n_steps, integrator, rng, before=energy
        )
        won = np.zeros(len(theta))
        for _ in range(hits):
            theta, hit, energy = _hit(theta, theory, rng, before=energy)
            won += hit
        if number < n_warmup:
            step_size = min(_tuned(step_size, delta_h, target, number), largest)
            steps.append(step_size)
        else:
            winding = won / hits if hits else np.full(len(theta), np.nan)
            yield Trajectory(theta, accepted, delta_h, winding, step_size, n_steps)


def _tuned(step_size, delta_h, target, number):
    """Return the step after a stochastic approximation of the target (Robbins and Monro)."""
    rate = np.exp(-np.clip(delta_h, 0, 50)).mean()
    change = np.clip((rate - target) / (1 - target), -1, 1)
    return step_size * np.exp(change / (1 + number) ** 0.6)
