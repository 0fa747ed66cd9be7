"""The public face is what is listed, and every file of `models/` that is a model has the same four names."""

import importlib
import inspect
import pkgutil
from dataclasses import is_dataclass

import pytest

import keepwell
from keepwell import models
from keepwell.tables import CONTRACTS

MODELS = (
    "bgnbd",
    "mbgnbd",
    "mbgcnbdk",
    "bgbb",
    "paretonbd",
    "gammagamma",
    "signedspend",
    "sbg",
    "betaweibull",
    "exponentialgamma",
    "weibullgamma",
)


def test_public_names_are_there_and_explained():
    for name in keepwell.__all__:
        thing = getattr(keepwell, name)
        assert isinstance(thing, str) or inspect.getdoc(thing), name


@pytest.mark.parametrize("name", MODELS)
def test_a_model_offers_the_same_names(name):
    module = importlib.import_module(f"keepwell.models.{name}")
    for function in ("log_likelihood", "fit", "predict"):
        assert inspect.getdoc(getattr(module, function)), function
    parameters = [c for c in vars(module).values() if is_dataclass(c) and c.__module__ == module.__name__]
    assert parameters
    assert "Source" in (module.__doc__ or ""), "where does the formula come from?"


def test_no_model_is_forgotten_here():
    found = {m.name for m in pkgutil.iter_modules(models.__path__)}
    fitted = {name for name in found if hasattr(importlib.import_module(f"keepwell.models.{name}"), "log_likelihood")}
    assert fitted == set(MODELS)


def test_every_public_function_says_what_it_does():
    packages = pkgutil.walk_packages(keepwell.__path__, "keepwell.")
    silent = []
    for found in packages:
        if found.name == "keepwell.__main__":
            continue
        module = importlib.import_module(found.name)
        named = [(n, f) for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == found.name]
        silent += [f"{found.name}.{n}" for n, f in named if not n.startswith("_") and not inspect.getdoc(f)]
    assert not silent


def test_every_table_has_a_key_among_its_columns():
    assert all(set(contract.key) <= set(contract.columns) for contract in CONTRACTS.values())
