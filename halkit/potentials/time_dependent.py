"""The time-dependent HAL QCD equation as a regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from halkit.channels import ChannelList
from halkit.checks import check_array, check_choice, check_positive
from halkit.equations import time_dependent_rows
from halkit.equations.time import Stencil, choose_stencil, time_stencil
from halkit.exceptions import UnderdeterminedWarning
from halkit.potentials.coupling import count_channels, own_wave
from halkit.potentials.deep_states import warn_of_deep_states
from halkit.potentials.local import LATTICE_RANGE
from halkit.potentials.networks import InputMap
from halkit.potentials.neural import EnvelopeChoice, LocalChoice, NeuralPotential, Solver
from halkit.potentials.prior import nonlocal_lengths
from halkit.training import unchanged_on_error
from halkit.typing import Masses, Number, Numbers, Random
from halkit.warn import warn_caller

__all__ = ["TimeDependentHALRegressor"]


class TimeDependentHALRegressor(NeuralPotential):
    r"""Non-local potential U(r, r') from correlators R(t, r), as a neural network.

    A sample is one time slice of one quark source, its target the left-hand side of

        { ∂t²/4m_h − ∂t − H0 } R(t, r) = ∫ 4πr'² dr' U(r, r') R(t, r'),   H0 = −∇²/m_h,

    which holds below the inelastic threshold without saturation by the ground state. The
    defaults suit lattice correlators in lattice units at a spacing near 0.09 fm: U is a
    local term V(r) δ(r − r') plus a separable part with a fixed Gaussian envelope, and
    the networks take arsinh(5.5 r/2ρ), which is arsinh(r/2a) with the default ρ. It takes
    correlators of two quark sources at least to tell a local from a non-local potential.

    Parameters
    ----------
    r : array-like of shape (n_r,), optional
        Nodes in lattice units, increasing and >= 0; a node r = 0 is allowed. Without
        them: r = 1 … n_r.
    hadron_mass : float or pair of float, optional
        Mass of one hadron, or of each of the two: for ``fit(R, times=t)``, observables, and the
        prior of the local term in a fit to data with errors.
    channels : list of halkit.Channel, optional
        Coupled channels, in the order of their thresholds, side by side in X and y: for
        ``network="separable"``, and for the local term alone. One channel may give the wave and the
        masses. Set after a fit, masses and thresholds change observables, but not their number.
    l : int, optional
        Orbital angular momentum, 0 by default. Data of the wave l give a potential of this wave.
    stencil : {"auto", "designed", 3, 5, 7}
        Time stencil for ``fit(R, times=t)``, as in `halkit.equations.time_dependent_rows`; "auto"
        takes the widest that the slices allow, designed for unequal masses. Prepared rows have
        their stencil already: with `y` only "auto" is accepted.
    local : bool or "only"
        The local term V(r) = Σ_m θ_m B_m e^{−(r/b_m)²}, on by default. Its prior is θ ~ N(0, 1)
        with B_m = s c/b_m² sqrt(Δ ln b) e^{−(b_m/2λ)²}, c = max(1/2m, λ/3): terms of all widths
        at the depth at which they begin to bind, up to the range λ.
    local_widths : array-like of shape (n_widths,), optional
        Widths b_m, increasing. By default from 0.85 of the first step of the nodes to 5λ, in
        geometric progression with steps of at most 1.2. Wider or denser ones leave V as it is.
    local_range : float
        λ, the longest range: 1/m_π. The default, 4.3, belongs to m_π = 510 MeV at a = 0.09 fm.
        Quote the change of a result with λ × 0.75 … 1.5 as a systematic error.
    local_strength : float
        s, the size of V in units of the depth at which a well binds. The prior pulls a potential
        of more than twice its size towards zero where the noise is large, and a jackknife does not
        show it: for hadrons that bind raise s until the result stays (two Ω_ccc take 10).
    envelope_radius : float, optional
        ρ of the Gaussian envelope e^{−r²/2ρ²}; by default 5.5, and 9 for several channels.
        5.5a ≈ 0.5 fm suited ΞΞ(¹S₀) at a = 0.09 fm:
        the range over which potentials of different quark sources differ. For another spacing
        scale it as 1/a. It is fixed, because a radius learned from a single volume drifts until
        the phase shifts are wrong; learn it where two volumes train together.
    rank : int or None
        Number of terms of the separable network; None is two for each channel.
    weight_decay : float or None
        None: 1 where `y_std` is given, 0 elsewhere.

    weights, r_out, network, hidden_layer_sizes, activation, symmetric, envelope, fit_envelope,
    amplitude, regulator, regulator_radius, solver, max_iter, tol, n_init,
    learning_rate, random_state, device, warm_start, callbacks, verbose :
        As in `NonLocalPotentialRegressor`.

    References
    ----------
    N. Ishii et al. (HAL QCD), Phys. Lett. B 712, 437 (2012), arXiv:1203.3642, eq. (12).
    """

    _lattice_defaults = True

    def __init__(
        self, r: Numbers | None = None, *, hadron_mass: Masses | None = None,
        channels: ChannelList | None = None, l: int | None = None, stencil: Stencil = "auto",
        local: LocalChoice = True, local_widths: Numbers | None = None,
        local_range: Number = LATTICE_RANGE,
        local_strength: Number = 3.0, weights: Numbers | None = None,
        r_out: Numbers | None = None, network: Any = "separable",
        hidden_layer_sizes: Sequence[int] = (8, 8), activation: Any = "tanh",
        symmetric: bool = False, rank: int | None = None, envelope: EnvelopeChoice = "gaussian",
        envelope_radius: Number | None = None, fit_envelope: bool = False,
        amplitude: Number | None = None, weight_decay: Number | None = None,
        regulator: Number = 0.0, regulator_radius: Number | None = None,
        solver: Solver = "lm", max_iter: int = 300, tol: Number = 1e-4, n_init: int = 3,
        learning_rate: Number = 1e-2, random_state: Random = None, device: str = "cpu",
        warm_start: bool = False, callbacks: Sequence[Any] | None = None, verbose: int = 0,
    ) -> None:  # fmt: skip
        self.r = r
        self.hadron_mass = hadron_mass
        self.channels = channels
        self.l = l
        self.stencil = stencil
        self.local = local
        self.local_widths = local_widths
        self.local_range = local_range
        self.local_strength = local_strength
        self.weights = weights
        self.r_out = r_out
        self.network = network
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.symmetric = symmetric
        self.rank = rank
        self.envelope = envelope
        self.envelope_radius = envelope_radius
        self.fit_envelope = fit_envelope
        self.amplitude = amplitude
        self.weight_decay = weight_decay
        self.regulator = regulator
        self.regulator_radius = regulator_radius
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.n_init = n_init
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.device = device
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.verbose = verbose

    def fit(
        self, X: Numbers, y: Numbers | None = None, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None, times: Numbers | None = None,
    ) -> Self:  # fmt: skip
        """Find U and V that reproduce the targets of the time-dependent equation best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_r)
            Correlators R(t, r), one row for each time and quark source, with `y`; or, without
            `y`, at least three time slices of one quark source, at `times`.
        y : array-like of shape (n_samples, n_out), optional
            Left-hand sides of the equation.
        sample_weight, y_std : optional
            As in `NonLocalPotentialRegressor.fit`; only with `y`.
        times : array-like of shape (n_samples,), optional
            Times of bare slices, rising in equal steps; only without `y`. To let scikit-learn
            split them with the samples, request them with ``set_fit_request(times=True)`` and
            ``set_score_request(times=True)``; a fold whose slices are not neighbours is refused.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As in `NonLocalPotentialRegressor.fit`; for fewer than three slices, and for slices
            without times or with a gap between them; for arguments without effect: `stencil` and
            `times` with prepared rows, `sample_weight` and `y_std` with bare slices.

        Warns
        -----
        UnderdeterminedWarning
            If a local and a non-local part are fitted to bare slices, which have one quark source,
            or to rows that do not tell the two apart. Also as in
            `NonLocalPotentialRegressor.fit`.
        AccuracyWarning
            If the stencil moves the energy of a bound state of bare slices by more than 1 %.
        ConvergenceWarning
            As in `NonLocalPotentialRegressor.fit`.
        """
        if y is None:
            X, y = self._prepare(X, sample_weight, y_std, times)
            if self.local and self.local != "only":
                warn_caller(
                    "slices of one source do not tell a local from a non-local potential, which "
                    "differ in their phase shifts: fit rows of two sources, or choose "
                    "local='only' or local=False",
                    UnderdeterminedWarning,
                )
            with unchanged_on_error(self):
                self._told = True
                super().fit(X, y)
                self._warn_of_stencil(times)
            return self
        _refuse_idle(times=times, stencil=None if self.stencil == "auto" else True)
        return super().fit(X, y, sample_weight, y_std)

    def _warn_of_stencil(self, times):
        dt, points = float(np.diff(times)[0]), time_stencil(len(times), self.stencil)
        energies = choose_stencil(self.stencil, self.hadron_mass, dt, None)
        warn_of_deep_states(self, self.hadron_mass, points, dt, energies)

    def score(
        self, X: Numbers, y: Numbers | None = None, sample_weight: Numbers | None = None,
        y_std: Numbers | None = None, times: Numbers | None = None,
    ) -> float:  # fmt: skip
        """Coefficient of determination; without `y`, of neighbouring slices at `times`."""
        check_is_fitted(self)
        if y is None:
            X, y = self._prepare(X, sample_weight, y_std, times)
        else:
            _refuse_idle(times=times)
        return super().score(X, y, sample_weight, y_std)

    def _prepare(self, R, sample_weight, y_std, times):
        if self.r is None or times is None:
            raise ValueError(
                "This estimator requires y to be passed, but the target y is None: to make it "
                "from bare time slices, give the nodes r and fit(R, times=t)"
            )
        if count_channels(self) > 1:
            raise ValueError(
                f"y must be given for {count_channels(self)} channels, got None: "
                "halkit.equations.coupled_rows makes rows from correlators of all channels"
            )
        if sample_weight is not None or y_std is not None:
            raise ValueError(
                "sample_weight and y_std must not be given without y: pass prepared rows "
                "(halkit.equations.time_dependent_rows makes them)"
            )
        if self.hadron_mass is None:
            raise ValueError("hadron_mass must be given for bare time slices, got None")
        R = check_array(R, "R")
        if R.ndim != 2:
            raise ValueError(f"R must have shape (n_t, n_r), got {R.shape}")
        return time_dependent_rows(
            R, self.r, hadron_mass=self.hadron_mass, times=times, stencil=self.stencil,
            l=own_wave(self) or 0,
        )  # fmt: skip

    def _check_parameters(self):
        super()._check_parameters()
        check_choice(self.stencil, "stencil", ["auto", "designed", 3, 5, 7])

    def _check_masses(self):
        for mass in np.atleast_1d(np.asarray(self.hadron_mass, dtype=object)):
            check_positive(mass, "hadron_mass", optional=self.hadron_mass is None)
        if np.size(self.hadron_mass) not in (1, 2):
            raise ValueError(f"hadron_mass must be one number or a pair, got {self.hadron_mass!r}")

    def _default_radius(self):
        return nonlocal_lengths(self.n_channels_, l=0)["envelope_radius"]

    @property
    def _rank(self):
        return self.rank or 2 * self.n_channels_

    def _reduced_mass(self):
        if self.hadron_mass is None:
            return None
        m1, m2 = np.broadcast_to(self.hadron_mass, 2)
        return float(m1 * m2 / (m1 + m2))

    def _input_map(self):
        return InputMap(2.0 * self._design["envelope"]["radius"] / 5.5, stretched=True)


def _refuse_idle(**given):
    """Refuse arguments without effect on prepared rows."""
    idle = [name for name, value in given.items() if value is not None]
    if idle:
        raise ValueError(
            f"{' and '.join(idle)} must not be given with y, where there is no effect: pass it to "
            "the function that prepares the rows (halkit.equations.time_dependent_rows)"
        )
