"""All sections together, and whether what they say of each other is so."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, SecretStr, ValidationInfo, model_validator

from chatnet.settings.accounts import AccountsSettings
from chatnet.settings.api import ApiSettings, TokenSettings
from chatnet.settings.bans import BanSettings, BansSettings, ExemptSettings
from chatnet.settings.base import APART, Section
from chatnet.settings.blocklists import BlockListsSettings, DNSBLSettings
from chatnet.settings.bouncer import BouncerSettings
from chatnet.settings.channels import ChannelsSettings
from chatnet.settings.filters import FilterSettings, FiltersSettings
from chatnet.settings.history import PLACES, HistorySettings
from chatnet.settings.hooks import HooksSettings
from chatnet.settings.inlets import InletSettings
from chatnet.settings.invites import InvitesSettings
from chatnet.settings.links import LinkSettings, LinksSettings
from chatnet.settings.logs import LogSettings
from chatnet.settings.mail import MailSettings
from chatnet.settings.metadata import MetadataSettings
from chatnet.settings.people import (
    HIDDEN,
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
from chatnet.settings.processes import process_problems
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
from chatnet.settings.staff import AuditSettings, ForceSettings, ReportsSettings
from chatnet.settings.storage import StorageSettings
from chatnet.settings.web import WebSettings


def _default_listeners() -> tuple[ListenSettings, ...]:
    return (
        ListenSettings(endpoint="tcp:6667:interface=127.0.0.1"),
        ListenSettings(endpoint="tcp:6697:interface=127.0.0.1", tls=True),
    )


class Settings(Section):
    """A whole configuration."""

    server: ServerSettings = ServerSettings()
    listen: tuple[ListenSettings, ...] = Field(default_factory=_default_listeners)
    websocket: WebSocketSettings = WebSocketSettings()
    web: WebSettings = WebSettings()
    tls: TLSSettings = TLSSettings()
    sts: tuple[STSSettings, ...] = ()
    limits: LimitSettings = LimitSettings()
    history: HistorySettings = HistorySettings()
    bouncer: BouncerSettings = BouncerSettings()
    storage: StorageSettings = StorageSettings()
    flood: FloodSettings = FloodSettings()
    cloak: CloakSettings = CloakSettings()
    bans: BansSettings = BansSettings()
    ban: tuple[BanSettings, ...] = ()
    exempt: tuple[ExemptSettings, ...] = ()
    filters: FiltersSettings = FiltersSettings()
    filter: tuple[FilterSettings, ...] = ()
    audit: AuditSettings = AuditSettings()
    shield: tuple[ShieldSettings, ...] = ()
    force: ForceSettings = ForceSettings()
    reports: ReportsSettings = ReportsSettings()
    lookups: LookupSettings = LookupSettings()
    block_lists: BlockListsSettings = BlockListsSettings()
    dnsbl: tuple[DNSBLSettings, ...] = ()
    log: LogSettings = LogSettings()
    connection_class: tuple[ConnectionClassSettings, ...] = (ConnectionClassSettings(name="default"),)
    sasl: SASLSettings = SASLSettings()
    accounts: AccountsSettings = AccountsSettings()
    channels: ChannelsSettings = ChannelsSettings()
    invites: InvitesSettings = InvitesSettings()
    metadata: MetadataSettings = MetadataSettings()
    mail: MailSettings = MailSettings()
    hooks: HooksSettings = HooksSettings()
    inlet: tuple[InletSettings, ...] = ()
    plugin: tuple[PluginSettings, ...] = ()
    webirc: tuple[WebIRCSettings, ...] = ()
    oper_class: tuple[OperClassSettings, ...] = ()
    oper: tuple[OperSettings, ...] = ()
    api: ApiSettings = ApiSettings()
    token: tuple[TokenSettings, ...] = ()
    services: ServicesSettings = ServicesSettings()
    links: LinksSettings = LinksSettings()
    link: tuple[LinkSettings, ...] = ()

    @model_validator(mode="after")
    def _check_references(self, info: ValidationInfo) -> Settings:
        if info.context != APART and (problems := reference_problems(self.model_dump(by_alias=True))):
            raise ValueError("; ".join(f"{'.'.join(map(str, at))}: {reason}" for at, reason in problems))
        return self

    @property
    def keeps_accounts(self) -> bool:
        """Whether accounts are kept here, and no services of another make look at passwords."""
        if self.accounts.authority is not None:
            return self.accounts.authority == "here"
        return not self.links.services and all(block.role != "services" for block in self.link)

    @property
    def messages_url(self) -> SecretStr | None:
        """The database that messages are kept in; None: they are in a file, or nowhere."""
        store = self.history.store
        if not store.get_secret_value():
            return self.storage.url
        return None if store.get_secret_value() in PLACES else store

    @property
    def virtual_name(self) -> str:
        """The name of the virtual server on which NickServ and ChanServ are, here or at another server."""
        return services_name(self.services.name, self.server.network)

    @property
    def service_names(self) -> frozenset[str]:
        """The names of servers of services, in small letters: by name, or as their own link has it."""
        names = [*self.links.services, *(block.name for block in self.link if block.role == "services")]
        return frozenset(name.lower() for name in names)

    @property
    def registers_early(self) -> bool:
        """Whether accounts are registered while connecting: not where a password has to be known first."""
        passwords = (self.server.password, *(klass.password for klass in self.connection_class))
        return self.accounts.before_connect and all(password is None for password in passwords)

    def privileges(self, oper_class: str) -> frozenset[str]:
        """All privileges of the class of that name, inherited ones included; empty if there is none."""
        by_name = {c.name: c for c in self.oper_class}
        found: set[str] = set()
        current = by_name.get(oper_class)
        while current is not None:
            found.update(current.privileges)
            current = by_name.get(current.extends) if current.extends else None
        return frozenset(found)


def reference_problems(tree: Mapping[str, object]) -> list[tuple[tuple[str | int, ...], str]]:
    """Places in a configuration's plain form with a name used twice, or standing for nothing, and the reason.

    A tree with other mistakes will do, so that all can be told together: what is malformed is overlooked, and
    so is what may lead there.
    """
    problems: list[tuple[tuple[str | int, ...], str]] = []
    lists = ("listen", "sts", "connection_class", "webirc", "oper_class", "oper", "token", "link", "filter")
    sections = {key: _items(tree.get(key)) for key in lists}
    names: dict[str, list[object]] = {}
    for section, key in (
        ("connection_class", "name"),
        ("webirc", "name"),
        ("oper_class", "name"),
        ("oper", "name"),
        ("token", "name"),
        ("sts", "hostname"),
        ("link", "name"),
        ("filter", "pattern"),
    ):
        names[section] = [item.get(key) for item in sections[section]]
        if section == "link":  # the names of servers, in whatever case
            names[section] = [name.lower() if isinstance(name, str) else name for name in names[section]]
        for index, name in enumerate(names[section]):
            if isinstance(name, str) and name in names[section][:index]:
                problems.append(
                    (
                        (section, index, key),
                        f"the {'pattern' if key == 'pattern' else 'name'} {name!r} is used twice",
                    )
                )
    seen: set[object] = set()
    for index, item in enumerate(_items(tree.get("shield"))):
        level = item.get("level")
        if isinstance(level, int) and level in seen:
            problems.append((("shield", index, "level"), f"the level {level} is used twice"))
        seen.add(level if isinstance(level, int) else None)
    for key in ("name", "sid"):
        own = _within(tree, "server", key)
        for index, item in enumerate(sections["link"]):
            if isinstance(own, str) and str(item.get(key)).lower() == own.lower():
                text = f"is this server's own: one of the two needs another server.{key}"
                problems.append((("link", index, key), text))
    if (
        _within(tree, "accounts", "email") in ("optional", "required")
        and _within(tree, "mail", "relay") == ""
    ):
        problems.append((("accounts", "email"), "needs a relay to send mail by: mail.relay"))
    problems += _virtual_problems(tree, sections["link"])
    problems += process_problems(
        {key: _within(tree, "server", key) for key in ("processes", "name", "sid", "process_sids")},
        sections["link"],
        _virtual(tree),
    )
    endpoints = [item.get("endpoint") for item in sections["listen"]]
    for index, endpoint in enumerate(endpoints):
        if isinstance(endpoint, str) and endpoint in endpoints[:index]:
            problems.append((("listen", index, "endpoint"), f"{endpoint} is listed twice"))
    if not names["connection_class"] and isinstance(tree.get("connection_class"), (list, tuple)):
        problems.append((("connection_class",), "there must be at least one"))
    uplinks = _within(tree, "links", "uplinks")
    for index, name in enumerate(uplinks if isinstance(uplinks, (list, tuple)) else ()):
        block = next((item for item in sections["link"] if item.get("name") == name), None)
        if block is None:
            if all(isinstance(each, str) for each in names["link"]):
                problems.append((("links", "uplinks", index), f"there is no link {name!r}"))
        elif not block.get("addresses"):
            problems.append((("links", "uplinks", index), f"the link {name!r} has no addresses"))
    for section, key, target in (
        ("listen", "connection_class", "connection_class"),
        ("oper_class", "extends", "oper_class"),
        ("oper", "class", "oper_class"),
        ("token", "class", "oper_class"),
    ):
        if not all(isinstance(name, str) for name in names[target]):
            continue
        for index, item in enumerate(sections[section]):
            name = item.get(key)
            if isinstance(name, str) and name not in names[target]:
                problems.append(((section, index, key), f"there is no {target} {name!r}"))
    named = _within(tree, "api", "connection_class")
    if isinstance(named, str) and named not in names["connection_class"]:
        problems.append((("api", "connection_class"), f"there is no connection_class {named!r}"))
    suffix, longest = _within(tree, "cloak", "suffix"), _within(tree, "limits", "host")
    if isinstance(suffix, str) and isinstance(longest, int) and HIDDEN + len(suffix) > longest:
        problems.append(
            (("cloak", "suffix"), f"makes cloaks that are longer than limits.host, {longest} bytes")
        )
    above: dict[str, object] = {}
    for item in sections["oper_class"]:
        name = item.get("name")
        if isinstance(name, str):
            above.setdefault(name, item.get("extends"))
    for index, name in enumerate(names["oper_class"]):
        current = name
        for _ in above:
            current = above.get(current) if isinstance(current, str) else None
            if current == name and current is not None:
                problems.append((("oper_class", index, "extends"), "leads back to this class"))
                break
    return problems


def _virtual_problems(
    tree: Mapping[str, object], links: list[Mapping[str, object]]
) -> list[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the virtual server, whose name and SID are those of no other.

    Where services are linked they have such a name for their own, and there is no virtual one.
    """
    problems: list[tuple[tuple[str | int, ...], str]] = []
    links = [item for item in links if item.get("role") != "services"]
    for key, value in _virtual(tree).items():
        others = [_within(tree, "server", key), *(item.get(key) for item in links)]
        if isinstance(value, str) and value.lower() in [
            other.lower() for other in others if isinstance(other, str)
        ]:
            text = f"{value} is that of a server: the virtual one of NickServ needs another services.{key}"
            problems.append((("services", key), text))
    return problems


def _virtual(tree: Mapping[str, object]) -> dict[str, object]:
    """Name and SID of the virtual server."""
    own, network = _within(tree, "services", "name"), _within(tree, "server", "network")
    if isinstance(own, str) and isinstance(network, str):
        own = services_name(own, network)
    return {"name": own, "sid": _within(tree, "services", "sid")}


def _within(tree: Mapping[str, object], section: str, key: str) -> object:
    """A value of a configuration's plain form, or else the default."""
    inner = tree.get(section)
    if isinstance(inner, Mapping) and key in inner:
        return inner[key]
    default: object = getattr(Settings.model_fields[section].default, key)
    return default


def _items(value: object) -> list[Mapping[str, object]]:
    if value is None:
        return []
    items = value if isinstance(value, (list, tuple)) else (value,)
    return [item if isinstance(item, Mapping) else {} for item in items]
