"""Everything an operator can set: frozen, typed, each with its unit.

One :class:`Settings` is one whole, valid configuration.  It is replaced by assignment at a reload and
never changed in place, so code reads ``node.settings`` at the moment of use.  Where the values come from
(TOML, environment) is the business of ``wiring/config.py``.
"""

from __future__ import annotations

from chatnet.settings.accounts import AccountsSettings
from chatnet.settings.api import ApiSettings, TokenSettings
from chatnet.settings.bans import BanSettings, BansSettings, ExemptSettings
from chatnet.settings.base import Section, at_hand, host_and_port
from chatnet.settings.blocklists import BlockListsSettings, DNSBLSettings
from chatnet.settings.bouncer import BouncerSettings
from chatnet.settings.channels import ChannelsSettings
from chatnet.settings.filters import FilterSettings, FiltersSettings
from chatnet.settings.history import HistorySettings
from chatnet.settings.hooks import HooksSettings
from chatnet.settings.inlets import InletSettings
from chatnet.settings.invites import InvitesSettings
from chatnet.settings.links import LinkSettings, LinksSettings
from chatnet.settings.logs import LogSettings
from chatnet.settings.mail import MailSettings
from chatnet.settings.metadata import MetadataSettings
from chatnet.settings.people import (
    HIDDEN,
    PRIVILEGES,
    CloakSettings,
    ConnectionClassSettings,
    FloodSettings,
    LimitSettings,
    OperClassSettings,
    OperSettings,
    SASLSettings,
    WebIRCSettings,
)
from chatnet.settings.plugins import PluginSettings
from chatnet.settings.server import (
    ListenSettings,
    LookupSettings,
    ServerSettings,
    STSSettings,
    TLSSettings,
    WebSocketSettings,
)
from chatnet.settings.services import ServicesSettings, services_name
from chatnet.settings.shields import ShieldSettings
from chatnet.settings.storage import StorageSettings
from chatnet.settings.web import WebSettings
from chatnet.settings.whole import Settings, reference_problems

__all__ = [
    "HIDDEN",
    "PRIVILEGES",
    "AccountsSettings",
    "ApiSettings",
    "BanSettings",
    "BansSettings",
    "BlockListsSettings",
    "BouncerSettings",
    "ChannelsSettings",
    "CloakSettings",
    "ConnectionClassSettings",
    "DNSBLSettings",
    "ExemptSettings",
    "FilterSettings",
    "FiltersSettings",
    "FloodSettings",
    "HistorySettings",
    "HooksSettings",
    "InletSettings",
    "InvitesSettings",
    "LimitSettings",
    "LinkSettings",
    "LinksSettings",
    "ListenSettings",
    "LogSettings",
    "LookupSettings",
    "MailSettings",
    "MetadataSettings",
    "OperClassSettings",
    "OperSettings",
    "PluginSettings",
    "SASLSettings",
    "STSSettings",
    "Section",
    "ServerSettings",
    "ServicesSettings",
    "Settings",
    "ShieldSettings",
    "StorageSettings",
    "TLSSettings",
    "TokenSettings",
    "WebIRCSettings",
    "WebSettings",
    "WebSocketSettings",
    "at_hand",
    "host_and_port",
    "reference_problems",
    "services_name",
]
