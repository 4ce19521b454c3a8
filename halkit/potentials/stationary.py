"""The stationary Schrödinger equation of wave functions as a regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from halkit.channels import ChannelList
from halkit.checks import check_choice, check_positive
from halkit.potentials.networks import InputMap
from halkit.potentials.neural import EnvelopeChoice, LocalChoice, NeuralPotential, Solver
from halkit.typing import Number, Numbers, Random

__all__ = ["NonLocalPotentialRegressor"]


class NonLocalPotentialRegressor(NeuralPotential):
    r"""Non-local potential U(r, r') from wave functions, as a neural network.

    A sample is one wave function φ_k on the nodes r, its target (E_k − H0) φ_k. The Schrödinger
    equation

        (E_k − H0) φ_k(r) = ∫ 4πr'² dr' U(r, r') φ_k(r')

    makes this a linear-operator regression: ``predict`` returns the right-hand side.
    U does not depend on k, and ``predict`` does not need k.

    Parameters
    ----------
    r : array-like of shape (n_r,), optional
        Nodes of the wave functions, increasing and >= 0, in the user's unit of length
        (ħ = c = 1). Without them: r = 1 … n_r.
    weights : array-like of shape (n_r,), optional
        Measure of the sum over r', or lattice multiplicities. By default 4πr²Δr by the trapezoid
        rule; to fourth order (`halkit.radial.radial_weights`) for targets that grow as 1/r
        towards the origin.
    r_out : array-like of shape (n_out,), optional
        Radii of the columns of y; `r` by default.
    reduced_mass : float, optional
        m in H0 = −∇²/2m: half the hadron mass for two equal hadrons. Observables need it, and so
        does the prior of a local term where it counts, that is with `y_std` or `weight_decay`.
    channels : list of halkit.Channel, optional
        Coupled channels, in the order of their thresholds, side by side in X and y: for
        ``network="separable"``, and for the local term alone. One channel may give the wave and the
        masses. Set after a fit, masses and thresholds change observables, but not their number.
    l : int, optional
        Orbital angular momentum, 0 by default. Data of the wave l give a potential of this wave.
    network : {"separable", "symmetric", "plain"}, class or function
        Σ_a ± h_a(r) h_a(r'), g(f(r) + f(r')), or f(r, r'); of coupled channels, "separable" is
        U_ab = Σ_k ± h_ka(r) h_kb(r'). Or a network of your own as f: a class of
        `torch.nn.Module` of an importable module, a function that makes one, or a
        `functools.partial` of either. It is called without arguments, and has
        ``forward(x, x_prime)``, from two tensors of float64 and shape (n,), the radii of n pairs
        in units of 0.2 r[-1], to n values of float64. It takes the envelope, the amplitude and the
        prior of "plain"; `halkit.potentials.contract` lists all requirements.
    hidden_layer_sizes : tuple of int
        Widths of the hidden layers of the built-in networks.
    activation : str, class or function
        Between these layers: a name of torch.nn ("tanh", "softplus", "silu", …), or a class or
        function as for `network`.
    symmetric : bool
        Whether a network of your own, or "plain", gives [f(r, r') + f(r', r)]/2. The others are
        symmetric in any case.
    rank : int or None
        Number of terms of the separable network. None takes as many as the data show, from 1
        to 4: the number of eigenvalues of M_st = ⟨φ_s|y_t⟩ above its asymmetry M − Mᵀ. They also
        give the signs of the terms; terms that the data do not show alternate in sign.
        Beside a local term, None is two for each channel: U_ab = ω_ab g(r) g(r') of n channels
        has n terms, of any signs, and more where the shapes of U_ab differ.
    envelope : {"exponential", "gaussian"} or None
        Decay of U in both arguments, e^{−r/ρ} or e^{−r²/2ρ²}. U is zero beyond the last node,
        and grows as 1/r towards the origin if the targets do (Yamaguchi's potential).
    envelope_radius : float, optional
        ρ at the start of the fit; 0.16 r[-1] by default.
    fit_envelope : bool
        Whether ρ is learned, up to 3/2 of its start.
    amplitude : float, optional
        Prior scale of U; from the data by default.
    weight_decay : float or None
        Strength of the N(0, 1) prior on the parameters. None takes 1 for a local term fitted to
        data with errors `y_std`, and 0 elsewhere.
    local : bool or "only"
        Whether a local term V(r) δ(r − r') is added, or stands alone. It is linear in its
        coefficients θ, with the prior θ ~ N(0, 1):
        V(r) = Σ_m θ_m B_m v(r/b_m), B_m = s c/b_m² sqrt(Δ ln b) e^{−(b_m/2λ)²}, c = max(1/2m, λ/3);
        for data without errors c is the largest r² ``|V(r)|`` that they show.
    local_basis : {"gaussian", "yukawa"}
        v(x) = e^{−x²}, or e^{−x}/x for a potential f(r)/r with a finite f(0), which acts on rφ
        as f. All output nodes must be > 0 then.
    local_widths : array-like of shape (n_widths,), optional
        Widths b_m, increasing. By default from 0.85 of the first step of the nodes to 5λ, in
        geometric progression with steps of at most 1.2.
    local_range : float, optional
        λ, the longest range of V; 0.2 r[-1] by default.
    local_strength : float
        s, the size of V in units of the depth at which a well binds.
    regulator : float
        λ >= 0, dimensionless: the loss gains λ ⟨U²⟩/amplitude² over pairs with r and r'
        beyond `regulator_radius`. It acts where nothing else makes U vanish there: with
        ``envelope=None``, or a `regulator_radius` of a few `envelope_radius`. With the default
        envelope and radius U is 10⁻⁵ there, and a fit with λ = 10 is that with 0; `fit` warns.
    regulator_radius : float, optional
        0.8 r[-1] by default.
    solver : {"lm", "lbfgs", "adam"}
        Levenberg-Marquardt, L-BFGS, or Adam.
    max_iter : int
        Largest number of iterations of one start.
    tol : float
        A start ends when three iterations in a row (Adam: 500) lower the loss by less than
        this fraction, or where the relative residual is below it; at `max_iter` it has converged
        if its last ten iterations (L-BFGS: 100, Adam: 500) changed the prediction by less than
        this fraction. With `y_std` changes are measured in χ²: a start ends where a Gauss-Newton
        step would lower χ² by less than `tol`, or when three iterations in a row lower it by less
        than √tol each, or by less than this fraction of the χ² of a good fit. A `warm_start`
        measures in units of the expected gain of its first step, where this is less.
    n_init : int
        Number of starts; the one with the lowest loss is kept.
    learning_rate : float
        Of Adam.
    random_state : int, RandomState, Generator or None
        Seeds the starts. The global generators stay unchanged.
    device : str
        Where torch trains.
    warm_start : bool
        Whether `fit` begins with the parameters and the prior of the previous fit, on the same
        nodes, instead of `n_init` random starts.
    callbacks : list of skorch callbacks, optional
        Added to every start. skorch's EarlyStopping, and a callback that raises
        `halkit.training.StopTraining`, end only their start and keep its parameters; any other
        KeyboardInterrupt ends the fit as Ctrl-C does.
    verbose : int
        1: a bar over iterations, 2: also skorch's table.

    Attributes
    ----------
    potential_ : ndarray of shape (n_out, n_r), or (n_channels, n_channels, n_out, n_r)
        U on the nodes of the fit.
    r_, weights_, r_out_ : ndarray
        Nodes, measure and output nodes of the fit.
    amplitude_ : float
        The prior scale of U.
    envelope_radii_ : ndarray
        Learned ρ, one for each term of the separable network, (n_channels, rank) with several
        channels; empty without a non-local part. An
        AttributeError without an envelope.
    history_ : list of dict
        Number, loss and seconds of each epoch of the kept start.
    n_iter_ : int
        Iterations of the kept start.
    loss_ : float
        Loss of the kept start.
    interrupted_ : regressor or None
        After an interrupt, a fitted regressor with the best start so far, or None before the
        first iteration; the other attributes still belong to the previous fit. None after a
        complete fit.
    starts_ : halkit.scattering.Ensemble
        The starts, each an interaction with ``loss``, ``n_iter`` and ``potential``; for their
        spread call ``starts_.phase_shift(k, return_std=True)``.
    net_ : skorch.NeuralNet
        The trained net.

    References
    ----------
    S. Aoki, T. Doi, Front. Phys. 8, 307 (2020); L. Wang, T. Doi, T. Hatsuda, Y. Lyu,
    arXiv:2410.03082.

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.datasets import make_separable
    >>> from halkit.potentials import NonLocalPotentialRegressor
    >>> d = make_separable()
    >>> model = NonLocalPotentialRegressor(d.r, reduced_mass=3.3, n_init=1, random_state=0)
    >>> model = model.fit(d.data, d.target)
    >>> k = np.array([0.1, 0.5, 1.0])
    >>> exact = d.interaction.phase_shift(k, reduced_mass=3.3)
    >>> bool(np.all(np.abs(np.rad2deg(model.phase_shift(k) - exact)) < 0.05))
    True

    With a network of your own, here in a file ``my_networks.py``::

        class Residual(torch.nn.Module):
            def __init__(self, width=8):
                super().__init__()
                self.first = torch.nn.Linear(2, width)
                self.second = torch.nn.Linear(width, width)
                self.last = torch.nn.Linear(width, 1)

            def forward(self, x, x_prime):
                h = torch.tanh(self.first(torch.stack([x, x_prime], dim=-1)))
                h = h + torch.tanh(self.second(h))
                return self.last(h)[..., 0]

    the search over architectures is
    ``GridSearchCV(model, {"network": [Residual, partial(Residual, 4), "separable"]})``.
    """

    def __init__(
        self, r: Numbers | None = None, *, weights: Numbers | None = None,
        r_out: Numbers | None = None, reduced_mass: Number | None = None,
        channels: ChannelList | None = None, l: int | None = None,
        network: Any = "separable", hidden_layer_sizes: Sequence[int] = (8, 8),
        activation: Any = "tanh", symmetric: bool = False, rank: int | None = None,
        envelope: EnvelopeChoice = "exponential", envelope_radius: Number | None = None,
        fit_envelope: bool = True, amplitude: Number | None = None,
        weight_decay: Number | None = None, local: LocalChoice = False,
        local_basis: Literal["gaussian", "yukawa"] = "gaussian",
        local_widths: Numbers | None = None, local_range: Number | None = None,
        local_strength: Number = 5.0, regulator: Number = 0.0,
        regulator_radius: Number | None = None, solver: Solver = "lm", max_iter: int = 150,
        tol: Number = 1e-4, n_init: int = 3, learning_rate: Number = 1e-2,
        random_state: Random = None, device: str = "cpu", warm_start: bool = False,
        callbacks: Sequence[Any] | None = None, verbose: int = 0,
    ) -> None:  # fmt: skip
        self.r = r
        self.weights = weights
        self.r_out = r_out
        self.reduced_mass = reduced_mass
        self.channels = channels
        self.l = l
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
        self.local = local
        self.local_basis = local_basis
        self.local_widths = local_widths
        self.local_range = local_range
        self.local_strength = local_strength
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

    def _check_parameters(self):
        super()._check_parameters()
        check_choice(self.local_basis, "local_basis", ["gaussian", "yukawa"])

    def _check_masses(self):
        check_positive(self.reduced_mass, "reduced_mass", optional=True)

    def _input_map(self):
        return InputMap(0.2 * self.r_[-1])

    def _local_term(self, problem, decay):
        if self.local_basis == "yukawa" and self.r_out_[0] == 0:
            raise ValueError(
                "r_out must have nodes > 0 for local_basis='yukawa', infinite at r = 0, got 0"
            )
        return {**super()._local_term(problem, decay), "kind": self.local_basis}
