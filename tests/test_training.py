"""What every training needs: functions of arrays, and a way back from a fit that fails."""

import copy
import pickle
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from halkit.datasets import make_separable
from halkit.gauge import U1DiffusionSampler, sample_exact
from halkit.potentials import NonLocalPotentialRegressor
from halkit.training import (
    Interrupted,
    evaluate,
    load_parameters,
    parameter_arrays,
    seeded,
    unchanged_on_error,
)


class Line(nn.Module):
    """slope·x + y, and a method of it."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

    def forward(self, x, y):
        return self.slope * x + y

    def twice(self, x):
        return 2 * self(x, x)


def test_modules_and_methods_are_functions_of_arrays():
    line, x = Line(), np.arange(3)[::-1]
    np.testing.assert_array_equal(evaluate(line, x, 1.0), 2.0 * x + 1)
    np.testing.assert_array_equal(evaluate(line.twice, x), 6.0 * x)
    load_parameters(line, {"slope": np.array(5.0)})
    assert evaluate(line, 1, 0).shape == ()
    assert parameter_arrays(line) == {"slope": 5.0} == {"slope": evaluate(line, 1, 0)}


class Model:
    def change(self, error=None):
        with unchanged_on_error(self):
            self.kept, self.new_ = 2, 3
            del self.net_
            if error is not None:
                raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_model_is_given_back_as_it_was(error):
    model, net = Model(), object()
    model.kept, model.net_ = 1, net
    with pytest.raises(error):
        model.change(error)
    offered = {"interrupted_": None} if error is KeyboardInterrupt else {}
    assert vars(model) == {"kept": 1, "net_": net, **offered}
    model.change()
    assert vars(model) == {"kept": 2, "new_": 3, "interrupted_": None}


def test_what_was_found_is_offered_apart():
    model = Model()
    model.kept, model.net_ = 1, object()
    with pytest.raises(KeyboardInterrupt):
        model.change(Interrupted("of another model", Model()))
    assert model.interrupted_ is None
    with pytest.raises(KeyboardInterrupt):
        model.change(Interrupted("of this model", model))
    assert type(model.interrupted_) is Model
    assert vars(model.interrupted_) == {"kept": 2, "new_": 3, "interrupted_": None}
    assert model.kept == 1


INITIALISERS = [
    nn.init.kaiming_normal_,
    nn.init.kaiming_uniform_,
    nn.init.normal_,
    nn.init.orthogonal_,
    nn.init.trunc_normal_,
    nn.init.uniform_,
    nn.init.xavier_normal_,
    nn.init.xavier_uniform_,
]


def draws():
    """Parameters of layers, initialisers, and tensors of every distribution."""
    layers = [
        nn.Linear(3, 4),
        nn.Conv2d(2, 3, 3, padding_mode="circular"),
        nn.LSTM(3, 4),
        nn.MultiheadAttention(8, 2),
        nn.Embedding(5, 3),
    ]
    tensors = [parameter.detach() for layer in layers for parameter in layer.parameters()]
    tensors += [initialise(torch.empty(4, 4)) for initialise in INITIALISERS]
    ones = torch.ones(5)
    tensors += [torch.rand(3), torch.randn(3), torch.randperm(7), torch.randint(0, 9, (5,))]
    tensors += [torch.rand_like(ones), torch.randn_like(ones), torch.randint_like(ones, 9)]
    tensors += [torch.bernoulli(ones / 2), torch.normal(ones, 1.0), torch.poisson(ones)]
    tensors += [torch.multinomial(ones, 2), torch.empty(4).uniform_(), torch.empty(4).normal_()]
    return [*tensors, torch.empty(4).exponential_(), torch.empty(4).random_()]


def test_a_private_generator_draws_what_the_global_one_would():
    before = torch.random.get_rng_state()
    with seeded(3):
        private = draws()
    assert torch.equal(torch.random.get_rng_state(), before)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        shared = draws()
    assert all(torch.equal(one, other) for one, other in zip(private, shared, strict=True))


def test_a_private_generator_of_a_function_is_kept():
    with seeded(3):
        own = torch.rand(3, generator=torch.Generator().manual_seed(4))
    with seeded(4):
        assert torch.equal(torch.rand(3), own)


def diffusion(network):
    """What a fit of links from a seed has learned, as one array."""
    X = sample_exact(64, 1.0, (4, 4), random_state=0)

    def fit(seed):
        model = U1DiffusionSampler(
            network=network, hidden_channels=(4,), max_epochs=4, batch_size=8, random_state=seed
        )
        return np.append(model.fit(X).score_samples(X), model.history_[-1]["valid_loss"])

    return fit


def potential(network, solver):
    data = make_separable(n_r=20, r_max=6.0)

    def fit(seed):
        model = NonLocalPotentialRegressor(
            data.r, network=network, solver=solver, max_iter=8, n_init=2, random_state=seed
        )
        return model.fit(data.data, data.target).predict_potential(data.r, data.r)

    return fit


FITS = {
    "equivariant": diffusion("gauge_equivariant"),
    "energy": diffusion("gauge_energy"),
    "unet": diffusion("unet"),
    "dense": diffusion("mlp"),
    "separable": potential("separable", "lm"),
    "symmetric": potential("symmetric", "adam"),
    "plain": potential("plain", "lbfgs"),
}


def random_states():
    numpy_state = np.random.get_state()  # noqa: NPY002
    return torch.random.get_rng_state().numpy().tobytes(), numpy_state[1].tobytes(), numpy_state[2]


@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_fits_in_threads_equal_fits_one_by_one(fit):
    """Bit by bit; meanwhile the global generators rest, as seen from another thread."""
    serial, before, looks = [fit(seed) for seed in range(2)], random_states(), 0
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(fit, seed) for seed in range(2)]
        while not all(job.done() for job in jobs):
            assert random_states() == before
            looks += 1
            time.sleep(1e-3)
    assert looks > 3
    assert all(np.array_equal(job.result(), one) for job, one in zip(jobs, serial, strict=True))
    assert not np.array_equal(serial[0], serial[1])


@pytest.mark.filterwarnings("ignore::halkit.exceptions.MisfitWarning")
@pytest.mark.filterwarnings("ignore::halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("local", [False, True, "only"])
def test_a_pickle_of_a_potential_reads_what_the_fit_kept(local):
    data = make_separable(n_r=20, r_max=6.0)
    model = NonLocalPotentialRegressor(data.r, local=local, n_init=1, max_iter=20, random_state=0)
    model.fit(data.data, data.target)
    expected = model.predict(data.data)
    for name in model.get_params():
        changed = copy.deepcopy(model).set_params(**{name: "z"})
        again = pickle.loads(pickle.dumps(changed))
        assert np.array_equal(again.predict(data.data), expected), name


@pytest.mark.parametrize("solver", ["lm", "adam"])
def test_a_restored_net_trains_on(solver):
    """It makes its optimiser when it is needed, and lowers its loss as the net of the fit does."""
    d = make_separable(n_k=4)
    settings = {"reduced_mass": 3.3, "n_init": 1, "max_iter": 3, "tol": 0.0, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # three steps are no fit
        model = NonLocalPotentialRegressor(d.r, solver=solver, **settings).fit(d.data, d.target)
    net = pickle.loads(pickle.dumps(model)).net_
    assert net.optimizer_ is None
    data = torch.tensor(d.data), torch.tensor(np.stack([d.target, np.ones_like(d.target)], axis=1))
    net.partial_fit(*data)
    losses = net.history[:, "train_loss"]
    assert len(losses) > 1
    assert losses[-1] < losses[0]
