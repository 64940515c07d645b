"""What the compiled build adds to setup.cfg, which says all else: nothing, unless CHATNET_COMPILE is 1.

``CHATNET_COMPILE=1 pip install .`` has mypyc make C of the modules below, and so needs a C compiler; pip
brings mypy.  What is installed then is for one Python on one kind of machine: docs/decisions/0039.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import SetupError

# What messages pass.  Interpreted stay handlers (HELP shows their docstrings, which would be lost), what
# knows Twisted, Pydantic or SQLAlchemy, and what is done once in a while.
MODULES: Final = """
    dispatch node
    wire.ban_targets wire.capabilities wire.casemap wire.isupport wire.likeness wire.lines wire.masks
    wire.message wire.modestring wire.multiline wire.names wire.networks wire.numerics wire.sasl
    wire.server_time wire.text
    model.counts model.entities model.events model.facts model.ids model.modes model.network model.server
    rules.channels rules.messages rules.refusal rules.visibility
    history.recorder history.ring
    session.answers session.batches session.labels session.multiline session.outlet session.rates
    session.render session.session
    commands.request commands.saying
    delivery.audience delivery.index delivery.local delivery.messages
"""

# What mypy takes for unreachable is an error when it is reached, and it may be mistaken: it thinks that no
# call changes an attribute which was looked at.  So there is to be nothing of the kind.
CONFIGURATION: Final = """
[mypy]
follow_imports = silent
always_true = COMPILING
warn_unreachable = True
"""
# Libraries that these modules know by others: mypy need not have them.
LIBRARIES: Final = (
    "argon2",
    "bcrypt",
    "pydantic",
    "pydantic_core",
    "scramp",
    "sqlalchemy",
    "twisted",
    "zope",
)
LIBRARY: Final = """
[mypy-{name}.*]
ignore_missing_imports = True
follow_imports = skip
"""
# To look at how the one large file is indented takes gcc two thirds of the time that all else takes. (What a
# compiler does not know of this form, it ignores.)
QUICKER: Final = "-Wno-misleading-indentation"


class Compile(build_ext):
    """Makes C of the modules when it is built, and no sooner: pip asks for much else before."""

    def run(self) -> None:
        """Have mypyc make it, then the compiler what it makes of that."""
        if self.inplace:
            raise SetupError(
                "CHATNET_COMPILE is not for an editable installation: what is compiled stays as it is."
            )
        try:
            from mypyc.build import mypycify
        except ImportError:
            raise SetupError("mypy, which compiles chatnet, is missing: pip install mypy") from None
        target = Path(self.build_temp)
        target.mkdir(parents=True, exist_ok=True)
        configuration = target / "mypy.ini"
        configuration.write_text(CONFIGURATION + "".join(LIBRARY.format(name=name) for name in LIBRARIES))
        files = [f"chatnet/{name.replace('.', '/')}.py" for name in MODULES.split()]
        self.distribution.ext_modules = mypycify(
            ["--config-file", str(configuration), "--cache-dir", str(target / "mypy"), *files],
            opt_level="1",  # as it was measured; more would take the compiler longer
            debug_level="0",
            group_name="chatnet",
            target_dir=str(target),
        )
        for extension in self.distribution.ext_modules:
            extension.extra_compile_args.append(QUICKER)
        self.distribution.reinitialize_command(self)  # it has looked at the extensions already
        self.ensure_finalized()
        super().run()


if os.environ.get("CHATNET_COMPILE", "") in ("", "0"):
    setup()
else:
    setup(
        ext_modules=[Extension("chatnet__mypyc", [])],  # so that it is known to be for this machine alone
        cmdclass={"build_ext": Compile},
        setup_requires=["mypy >= 1.18"],
    )
