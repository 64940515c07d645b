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


class Options(usage.Options):
    """Options of ``twistd chatnet``."""

    synopsis = "[--config chatnet.toml]"
    longdesc = (
        "Run a chat server. Without --config it listens on this machine only, 127.0.0.1 port 6667 and (TLS) "
        "6697, and keeps its data in the folder chatnet-data. `chatnet init` writes a configuration."
    )
    optParameters = (("config", "c", None, "Configuration file (TOML)."),)


def makeService(options: Options) -> IService:
    """The service that twistd runs. What is wrong with the configuration ends the start, in plain words."""
    from twisted.internet import reactor

    gc.disable()  # what a start makes is used as long as the server runs, which collects when it begins to
    count_steadily(reactor)
    from chatnet.wiring.service import ChatService

    try:
        loaded = load(options["config"], os.environ)
        root = LoggedService(options.parent, loaded.settings.log, loaded.base)
        folder = DataFolder(locate(loaded))
        service = ChatService(reactor, loaded, folder, root.log)
    except (ConfigError, DataFolderError, StoreError) as error:
        raise SystemExit(str(error)) from None
    for each in (service, HandingOver(options.parent, folder.path, root.log)):
        each.setServiceParent(root)  # type: ignore[no-untyped-call]  # Twisted's services are not typed
    result: IService = root
    return result
