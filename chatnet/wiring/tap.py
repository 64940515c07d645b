"""``twistd chatnet``: options, and the service they make."""

from __future__ import annotations

import gc
import os

from twisted.application.service import IService
from twisted.python import usage

from chatnet.storage.interfaces import StoreError
from chatnet.wiring.clock import count_steadily
from chatnet.wiring.config import ConfigError, load
from chatnet.wiring.datafolder import DataFolder, DataFolderError, locate
from chatnet.wiring.logs import LoggedService
from chatnet.wiring.ownership import HandingOver
from chatnet.wiring.processes.member import Member, member_at


class Options(usage.Options):
    """Options of ``twistd chatnet``."""

    synopsis = "[--config chatnet.toml]"
    longdesc = (
        "Run a chat server. Without --config it listens on this machine only, 127.0.0.1 port 6667 and (TLS) "
        "6697, and keeps its data in the folder chatnet-data. `chatnet init` writes a configuration."
    )
    optParameters = (
        ("config", "c", None, "Configuration file (TOML)."),
        ("process", None, None, "A descriptor, for the processes that a server starts by itself."),
    )


def makeService(options: Options) -> IService:
    """The service that twistd runs. What is wrong with the configuration ends the start, in plain words."""
    from twisted.internet import reactor

    gc.disable()  # what a start makes is used as long as the server runs, which collects when it begins to
    count_steadily(reactor)
    member: Member | None = None
    try:
        if options["process"] is not None:
            member = member_at(options["process"])
            loaded = member.loaded
        else:
            loaded = load(options["config"], os.environ)
        number = None if member is None else member.number
        root = LoggedService(options.parent, loaded.settings.log, loaded.base, number)
        folder = DataFolder(locate(loaded)) if member is None else member.folder()
        service: IService
        if member is None and loaded.settings.server.processes > 1:
            from chatnet.wiring.processes.supervisor import Supervisor, command_of

            service = Supervisor(
                reactor, loaded, folder, root.log, command_of(options.parent, loaded, root.log)
            )
        else:
            # Not before: one that starts others needs none of it.
            from chatnet.wiring.service import ChatService

            service = ChatService(reactor, loaded, folder, root.log, member)
    except (ConfigError, DataFolderError, StoreError) as error:
        if member is not None:
            member.failed(str(error))
            raise SystemExit(1) from None
        raise SystemExit(str(error)) from None
    except (EOFError, ValueError, OSError):
        if options["process"] is None:
            raise
        raise SystemExit("--process is for processes that a server starts by itself.") from None
    for each in (service, HandingOver(options.parent, folder.path, root.log)):
        each.setServiceParent(root)  # type: ignore[no-untyped-call]  # Twisted's services are not typed
    result: IService = root
    return result
