"""Factories of users: found by their name, refused where there is none."""

import copy
import functools
import pickle
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
import user_networks
from skops.io import dumps, get_untrusted_types, loads
from torch import nn

from halkit.modules import Named, by_name, check_factory, qualified_name, unnamed
from halkit.training import check_module, load_parameters, state_arrays


@pytest.mark.parametrize(
    ("factory", "name"),
    [
        (user_networks.Perceptron, "user_networks.Perceptron"),
        (user_networks.wide_perceptron, "user_networks.wide_perceptron"),
        (functools.partial(user_networks.Gaussians, n=3), "user_networks.Gaussians"),
        (nn.Tanh, "torch.nn.modules.activation.Tanh"),
    ],
)
def test_a_factory_has_a_name(factory, name):
    assert check_factory(factory, "network") is factory
    assert qualified_name(factory) == name
    kept = Named(factory, "network")
    assert repr(kept) == f"network={name}"
    assert copy.deepcopy(kept) is copy.copy(kept) is kept
    file = dumps(kept)
    trusted = get_untrusted_types(data=file)
    assert name in trusted
    for copied in (pickle.loads(pickle.dumps(kept)), loads(file, trusted=trusted)):
        assert copied == kept
        assert hash(copied) == hash(kept)
        assert copied.value is factory or copied.value.keywords == {"n": 3}


NAMELESS = {
    "lambda": user_networks.nameless,
    "class of a function": user_networks.local_class(),
    "class of a class": user_networks.Outer.Inner,
    "method": user_networks.Outer.make,
    "lambda of a partial": functools.partial(user_networks.Perceptron, width=lambda: 3),
}


@pytest.mark.parametrize("factory", NAMELESS.values(), ids=NAMELESS)
def test_what_cannot_be_imported_is_refused(factory):
    with pytest.raises(ValueError, match=r"network must be .* define it at the top level"):
        check_factory(factory, "network")
    for keep in (pickle.dumps, dumps):
        with pytest.raises(ValueError, match="define it at the top level of a module"):
            keep(Named(factory, "network"))


def test_a_name_that_means_another_object_is_refused(monkeypatch):
    before = user_networks.Column
    monkeypatch.setattr(user_networks, "Column", user_networks.Pair)
    with pytest.raises(ValueError, match="network must be a class or function that can be"):
        check_factory(before, "network")


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (3, "network must be a class, a function or a functools.partial of one, got 3"),
        (user_networks.Perceptron(), "got an instance of Perceptron"),
        (user_networks.linear, "user_networks.linear with missing a required argument: 'n_in'"),
        (functools.partial(user_networks.linear, 2), "missing a required argument: 'n_out'"),
        (functools.partial(user_networks.Column, depth=2), "unexpected keyword argument 'depth'"),
    ],
)
def test_what_cannot_be_called_is_refused(factory, message):
    with pytest.raises(TypeError, match=message):
        check_factory(factory, "network")


def test_names_are_equal_with_equal_arguments():
    def centres(n):
        return Named(functools.partial(Fraction, np.arange(n)), "network")

    assert centres(2) == centres(2) != centres(3)
    assert Named(Fraction, "network") == Named(Fraction, "activation") != Named(int, "network")
    assert Named(Fraction, "network") != "Fraction"


def test_texts_stay_as_they_are():
    state = {"network": "plain", "activation": nn.SiLU, "callback": print}
    kept = by_name(state, ("network", "activation"))
    assert {name: type(value) for name, value in kept.items()} == {
        "network": str, "activation": Named, "callback": type(print),
    }  # fmt: skip
    assert unnamed(kept) == state


def test_a_missing_name_is_told(monkeypatch):
    kept = pickle.dumps(Named(user_networks.Column, "network"))
    monkeypatch.delattr(user_networks, "Column")
    with pytest.raises(ImportError, match=r"network=user_networks.Column of this file .* no attr"):
        pickle.loads(kept)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "user_networks")
    with pytest.raises(ImportError, match=r"No module named 'user_networks'\. Put the module") as e:
        pickle.loads(kept)
    assert e.value.name == "user_networks"


def test_a_class_of_a_script_is_taken_at_its_word():
    code = (
        "import pickle; from halkit.modules import Named, check_factory\n"
        "class Own: pass\n"
        "kept = Named(check_factory(Own, 'network'), 'network')\n"
        "assert pickle.loads(pickle.dumps(kept)).value is Own\n"
        "import sys; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# What is made


def f(module):
    x = torch.linspace(0, 1, 5, dtype=torch.float64)
    with torch.no_grad():
        return module.double()(x, x)


@pytest.mark.parametrize(
    "make", [user_networks.Perceptron, user_networks.Gaussians, user_networks.Waves]
)
def test_a_module_that_can_be_made_again(make):
    check_module(make, "network", f)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (user_networks.no_module, TypeError, "must make a torch.nn.Module, got builtin_function"),
        (user_networks.Constant, ValueError, "must have parameters to learn, got a module without"),
        (user_networks.Complex, TypeError, "got phase of torch.complex64"),
        (user_networks.Fixed, ValueError, "got first.bias without requires_grad"),
        (user_networks.shared, ValueError, "must make a new module at each call"),
        (
            user_networks.FromNumpy,
            ValueError,
            "must draw its parameters only from torch",
        ),
        (user_networks.Dropping, ValueError, "must be a function, got two|must follow from its"),
        (user_networks.Unregistered, ValueError, "must follow from its parameters and buffers"),
    ],
)
def test_a_module_that_cannot_be_made_again_is_refused(make, error, message):
    with pytest.raises(error, match=f"network .*{message}" if "network" in message else message):
        check_module(make, "network", f)


def test_arrays_that_do_not_fit_a_module_are_refused():
    arrays = state_arrays(user_networks.Waves())
    assert arrays.keys() == {"coefficients", "frequencies"}
    module = user_networks.Waves()
    load_parameters(module, arrays)
    assert all(np.array_equal(state_arrays(module)[name], arrays[name]) for name in arrays)
    del arrays["coefficients"]
    with pytest.raises(ValueError, match=r"got others for coeff.*: its class may have changed"):
        load_parameters(module, arrays)
    with pytest.raises(ValueError, match="got others for coefficients, new"):
        load_parameters(module, {"coefficients": np.zeros(2), "new": np.zeros(1)})
