"""The commands and their options; each module of a command is imported when the command runs."""

from __future__ import annotations

import os
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, NoReturn

from halkit import __version__
from halkit.cli import words

__all__ = ["CORRELATORS", "ESTIMATORS", "make_parser"]

CORRELATORS = "xixi_1s0_rcorr.npz"
ESTIMATORS = ("gp", "network", "local", "est")
UNITS = ("lattice", "fm", "MeV")


class Parser(ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def make_parser() -> ArgumentParser:
    """Return the parser of the program; options have ``module`` and ``parser`` of the command."""
    parser = Parser(
        prog="halkit",
        description="Hadron interactions from lattice-QCD correlators.",
        epilog="halkit COMMAND --help tells the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"halkit {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, purpose, add) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=purpose,
            description=add.__doc__,
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(module=module, parser=command)
        add(command)
    return parser


# fmt: off
def _info(command: Any) -> None:
    """Print what is in a file, and what is missing: correlators, a model, raw arrays, a table."""
    command.add_argument("files", nargs="+", metavar="FILE")
    _add_trust(command)


def _convert(command: Any) -> None:
    """Make a correlator file from raw correlators: averages, bins, masses, R(t, r).

    --map C_NM=NAME names the data set of the two hadrons, C_N of the first, C_M of the second if
    it is another hadron; C_NM/wall is of the source "wall", and in C_NM/*=pair/* the sources have
    the names of their data sets. With R in place of C_NM the ratio is formed already. In npy files
    and tables of text NAME is the file; FILE:NAME is a data set of one of several files. A * in a
    NAME without one in the KEY joins configurations.
    """
    add = command.add_argument
    add("raw", nargs="+", metavar="RAW",
        help="HDF5, npz or npy files, or tables of text, in the order of numbers in their names")
    add("out", metavar="OUT", help="the correlator file, .h5 or .npz")
    add("--map", action="append", type=words.keyed, required=True, metavar="KEY=NAME",
        help="C_NM, C_N, C_M or R, with /SOURCE if there are several; also t, r, mass")
    add("--axes", action="append", metavar="[KEY=]AXES", default=[],
        help="names of the axes, as config,t,x,y,z or source,bin,t,r")
    add("--columns", action="append", metavar="[KEY=]NAMES", default=[],
        help="columns of tables, as config,t,r,re,im; _ for one that is not read")
    add("--stack", default="config", metavar="AXIS",
        help="axis along which files, or data sets with a *, follow each other")
    add("--imaginary", choices=("check", "drop"), default="check",
        help="an imaginary part must be zero within its error (check)")
    add("--source-times", type=words.times, metavar="T,…",
        help="time of each source on the axis source; they are moved to 0 and averaged")
    add("--boundary-sign", type=words.names, default=["1"], metavar="S[,S]",
        help="sign of each hadron beyond the boundary in time, -1 for a baryon")
    add("--bin-size", type=words.count, help="configurations in a bin (default: one)")
    add("--kind", choices=("jackknife", "bootstrap"), help="what the axis bin is")
    add("--n-configs", type=words.count,
        help="number of configurations in all; bootstrap samples draw from bins of --bin-size")
    add("--first-time", type=words.number, default=0.0, help="time of the first slice")
    add("--dt", type=words.number, default=1.0, help="step of the times")
    add("--times", type=words.times, help="times that are kept, as 3-16")
    add("--mass-window", type=words.intervals, metavar="T-T[,T-T]",
        help="times of the fit of each mass")
    add("--mass-source", metavar="SOURCE", help="source of this fit (default: the first)")
    add("--mass-states", type=words.count, default=1, help="exponentials in this fit")
    add("--extent", type=words.number, help="T, for hadrons that come back around the lattice")
    add("--masses", type=words.numbers, metavar="M[,M]", help="masses without errors, in its place")
    add("--wedge", type=words.count, metavar="L", help="the axis point is the wedge of L")
    add("--irrep", choices=("A1", "T1", "E"), default="A1", help="of the projection from x,y,z")
    add("--units", choices=UNITS, default="lattice", help="of t, r and masses")
    add("--inverse-spacing", type=words.number, metavar="MeV")
    add("--pion-mass", type=words.number, metavar="MeV")
    add("--citation")
    add("--group", default="correlators", help="name of the channel in the file")
    _add_force(command)


def _fit(command: Any) -> None:
    """Fit a potential to correlators, with each bin, and keep it as a model file.

    Prints the goodness of fit of each source and time, with the covariance of the bins.
    """
    add = command.add_argument
    _add_records(command)
    add("--channels", type=words.count, default=1, metavar="N",
        help="each N files, or groups of one, are the coupled channels of one volume, in the order "
        "of their thresholds: S waves on radial nodes, on a lattice the wave of the wedge")
    add("-o", "--output", required=True, metavar="MODEL", help="the model file")
    add("--estimator", choices=ESTIMATORS, default="gp",
        help="Gaussian process, network, sum of Gaussians, or separable interpolation")
    add("--set", action="append", default=[], type=words.keyed, metavar="NAME=VALUE",
        help="parameter of the estimator, as amplitude=1e-3")
    add("--sources", type=words.names, help="as wall,exp; default: all")
    add("--volumes", type=words.times, help="L, as 40,48; default: all")
    add("--times", type=words.times, help="as 12-15; default: all that the stencil allows")
    add("--stencil", type=words.stencil, default="auto", help="auto, designed, 3, 5 or 7")
    add("--energy-range", type=words.numbers, metavar="E,E", help="of the designed stencil")
    add("--r-max", type=words.radii, metavar="R", help="largest radius of the targets; also L=R,…")
    add("--r-prime-max", type=words.radii, metavar="R", help="of the sum over r'; also L=R,…")
    add("--errors", choices=("bins", "pooled"), default="bins", help="weights of the fit")
    add("--refit", choices=("full", "warm", "linear"), default="full", help="of each bin")
    add("--resample", choices=("jackknife", "bootstrap", "seeds", "mean"),
        help="default: what the bins are")
    add("--seed", type=words.seed, help="random_state of the estimator")
    _add_jobs(command)
    _add_force(command)


def _budget(command: Any) -> None:
    """Fit the variations of an analysis, and keep them as a model with a systematic error.

    CONFIG is a TOML file: files, group, lattice and channels name the correlators, as for halkit
    fit; the table estimator has the parameters of the central CorrelatorRegressor, and all other
    keys are the parameters of ErrorBudget; a table variations.NAME is one variation. Prints χ² of
    each variation and whether it is accepted. halkit phase-shift and halkit observables then give
    value(statistical)(systematic).
    """
    add = command.add_argument
    add("config", metavar="CONFIG", help="the TOML file, or - for stdin")
    add("-o", "--output", required=True, metavar="MODEL", help="the model file")
    _add_jobs(command)
    _add_force(command)


def _phase_shift(command: Any) -> None:
    """Print phase shifts of a model, at momenta, or at energies above the lowest threshold."""
    add = command.add_argument
    _add_model(command)
    at = command.add_mutually_exclusive_group(required=True)
    at.add_argument("--k", type=words.numbers, help="momenta: a,b,… or first:last:count")
    at.add_argument("--energy", type=words.numbers, help="energies, in the same way")
    add("--angle", choices=("deg", "rad"), help="default: deg, with --csv rad")
    _add_table(command)


def _observables(command: Any) -> None:
    """Print the scattering length, the effective range and the bound states of a model."""
    _add_model(command)
    command.add_argument("--shifts", action="store_true",
        help="of a budget: also what each variation changes")
    command.add_argument("--sign", choices=("nuclear", "lattice"), default="nuclear",
        help="nuclear: k cot δ = -1/a0 + …; lattice: +1/a0")
    _add_table(command)


def _plot(command: Any) -> None:
    """Draw a model, or the leading-order potential of correlators (.h5, .npz).

    The figure is in MeV and fm if 1/a is known. Of a budget the inner band is statistical, the
    outer one the total error; --what budget shows what moves a0, or with --k the phase shift there.
    """
    add = command.add_argument
    _add_model(command)
    add("--what", choices=("phase-shift", "k-cot-delta", "potential", "nonlocal-potential",
        "leading-order", "budget"), default="phase-shift", help="default: phase-shift")
    add("-o", "--output", required=True, metavar="FILE", help=".pdf, .png or .svg")
    at = command.add_mutually_exclusive_group()
    at.add_argument("--k", type=words.numbers, help="momenta: a,b,… or first:last:count")
    at.add_argument("--energy", type=words.numbers, help="energies, in the same way")
    add("--x", choices=("k", "k_squared", "energy", "total_energy", "lab_energy"),
        help="axis of phase shifts (default: energy above threshold if masses are known)")
    add("--name", help="name of the curve in the legend")
    add("--group", action="append", default=[], help="of correlators")
    add("--lattice", action="append", default=[], help="of the published correlators, as L64")
    add("--sources", type=words.names, help="of correlators, as wall,exp")
    add("--times", type=words.times, help="of correlators, as 12-15")
    add("--r-max", type=words.number, metavar="R", help="largest radius, of correlators")
    _add_force(command)


def _reproduce(command: Any) -> None:
    """Fit the separable toy model, synthetic correlators and, if given, real correlators; write
    index.html, pictures and metrics.json.
    """
    add = command.add_argument
    add("--out", default="report", metavar="DIR", help="default: report")
    add("--data", type=words.existing_file, default=_default_data(), metavar="FILE",
        help=f"real correlators; default: {CORRELATORS} in the folder that HALKIT_DATA names")
    add("--full", action="store_true",
        help="run every example of the documents instead (minutes)")
    add("--example", action="append", default=[], metavar="NAME",
        help="run this example of the documents instead, as omega_ccc, and print what it prints; "
        "may come again")
    add("--examples", metavar="DIR",
        help="with --full or --example: folder of the examples; default: docs/examples")
    add("--seed", type=words.seed, help="seed of the starts (default: 0)")


def _add_records(command: Any) -> None:
    add = command.add_argument
    add("files", nargs="+", metavar="FILE", help="correlator files")
    add("--group", action="append", default=[], help="of a file with several; may come again")
    add("--lattice", action="append", default=[],
        help="of the published file, as L64; may come again")


def _add_model(command: Any) -> None:
    add = command.add_argument
    add("model", metavar="MODEL", help="a model file, as of halkit fit")
    add("--units", choices=UNITS, help="of momenta, energies and lengths (MeV goes with fm); "
        "default: as in the fit")
    add("--inverse-spacing", type=words.number, metavar="MeV", help="if the model lacks it")
    add("--channel-radius", type=words.number, metavar="R",
        help="radius to which the potential is taken into account")
    add("--model-units", choices=UNITS, help="units of the fit, if the model does not know them")
    _add_trust(command)
    _add_jobs(command)


def _add_table(command: Any) -> None:
    command.add_argument("--csv", action="store_true", help="all digits, commas between them")
    command.add_argument("-o", "--output", default="-", metavar="FILE", help="default: stdout (-)")
    _add_force(command)


def _add_trust(command: Any) -> None:
    command.add_argument("--trust", action="append", default=[], metavar="NAME",
        help="class of your own that a model may name; may come again")


def _add_jobs(command: Any) -> None:
    command.add_argument("--jobs", type=words.count, metavar="N", help="processes (default: one)")


def _add_force(command: Any) -> None:
    command.add_argument("--force", action="store_true", help="replace a file that exists")


# fmt: on
def _default_data() -> Path | None:
    folder = os.environ.get("HALKIT_DATA")
    path = Path(folder or ".", CORRELATORS)
    return path if folder and path.is_file() else None


COMMANDS = {
    "info": ("info", "say what is in a file and what is missing", _info),
    "convert": ("convert", "make a correlator file from raw correlators", _convert),
    "fit": ("fit", "fit a potential to correlators", _fit),
    "budget": ("budget", "variations of a fit: statistical and systematic errors", _budget),
    "phase-shift": ("phase_shift", "phase shifts of a model", _phase_shift),
    "observables": (
        "observables",
        "scattering length, effective range, bound states",
        _observables,
    ),
    "plot": ("plot", "pictures of a model or of correlators", _plot),
    "reproduce": ("reproduce", "fit the examples and write a report", _reproduce),
}
