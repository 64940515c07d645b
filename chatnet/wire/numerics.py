"""Every numeric reply the server can send, in one table.

A `form` is the %-format of what follows the client's nick: `RPL_TOPIC.form % (channel, topic)`.  Parameters
and their order are those of https://modern.ircdocs.horse/#numerics, and Solanum's where that is silent.  The
table holds nothing that is never sent: a numeric arrives together with the command that answers with it.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Numeric(NamedTuple):
    """One numeric: its three digits, its name, and the %-format of its parameters after the client's nick."""

    code: str
    name: str
    form: str


ALL: Final[dict[str, Numeric]] = {}
"""Every numeric by name."""


def _numeric(code: int, name: str, form: str) -> Numeric:
    numeric = Numeric(f"{code:03}", name, form)
    ALL[name] = numeric
    return numeric


# The welcome.
RPL_WELCOME = _numeric(1, "RPL_WELCOME", ":Welcome to the %s Network, %s")
RPL_YOURHOST = _numeric(2, "RPL_YOURHOST", ":Your host is %s, running version %s")
RPL_CREATED = _numeric(3, "RPL_CREATED", ":This server was created %s")
# Server name, version, user modes, channel modes, channel modes with a parameter.
RPL_MYINFO = _numeric(4, "RPL_MYINFO", "%s %s %s %s %s")
RPL_ISUPPORT = _numeric(5, "RPL_ISUPPORT", "%s :are supported by this server")
RPL_SNOMASK = _numeric(8, "RPL_SNOMASK", "%s :Server notice mask")
# The unique id, which is the nick now; it goes to the old nick.
RPL_SAVENICK = _numeric(43, "RPL_SAVENICK", "%s :Nick collision, forcing nick change to your unique ID")
RPL_HOSTHIDDEN = _numeric(396, "RPL_HOSTHIDDEN", "%s :is now your displayed host")

# The network and its servers.
RPL_MAP = _numeric(15, "RPL_MAP", ":%s")
RPL_MAPEND = _numeric(17, "RPL_MAPEND", ":End of /MAP")
# Server name, name of the server it hangs on, hops, description.
RPL_LINKS = _numeric(364, "RPL_LINKS", "%s %s :%d %s")
RPL_ENDOFLINKS = _numeric(365, "RPL_ENDOFLINKS", "%s :End of /LINKS list")
# Version, what was asked for, the next server on the way to it.
RPL_TRACELINK = _numeric(200, "RPL_TRACELINK", "Link %s %s %s")
# Server, servers behind it and itself, users there, seconds since it was heard.
RPL_TRACESERVER = _numeric(206, "RPL_TRACESERVER", "Serv server %dS %dC %s *!*@%s :%d")
# Connection class, nick[user@host], address, seconds since connecting.
RPL_TRACEUNKNOWN = _numeric(203, "RPL_TRACEUNKNOWN", "???? %s %s (%s) %d")
# Likewise, but with seconds since it was heard, and seconds idle.
RPL_TRACEOPERATOR = _numeric(204, "RPL_TRACEOPERATOR", "Oper %s %s (%s) %d %d")
RPL_TRACEUSER = _numeric(205, "RPL_TRACEUSER", "User %s %s (%s) %d %d")
RPL_TRACECLASS = _numeric(209, "RPL_TRACECLASS", "Class %s %d")
RPL_ENDOFTRACE = _numeric(262, "RPL_ENDOFTRACE", "%s :End of TRACE")

# STATS.
# Server, bytes that wait, lines and KiB sent, lines and KiB received, seconds since connecting, its state.
RPL_STATSLINKINFO = _numeric(211, "RPL_STATSLINKINFO", "%s %d %d %d %d %d :%d %s")
# Command, uses, bytes, uses by other servers.
RPL_STATSCOMMANDS = _numeric(212, "RPL_STATSCOMMANDS", "%s %d %d :%d")
# Address mask, host mask, port (0: any), connection class.
RPL_STATSILINE = _numeric(215, "RPL_STATSILINE", "I %s * %s %d %s")
# Class, seconds between PINGs, connections per address, SendQ in bytes.
RPL_STATSKLINE = _numeric(216, "RPL_STATSKLINE", "%s %s * %s :%s")
RPL_STATSQLINE = _numeric(217, "RPL_STATSQLINE", "%s 0 %s :%s")
RPL_STATSYLINE = _numeric(218, "RPL_STATSYLINE", "Y %s %d %d %d")
RPL_ENDOFSTATS = _numeric(219, "RPL_ENDOFSTATS", "%s :End of /STATS report")
RPL_STATSDLINE = _numeric(225, "RPL_STATSDLINE", "%s %s :%s")
RPL_STATSXLINE = _numeric(247, "RPL_STATSXLINE", "%s 0 %s :%s")
RPL_STATSUPTIME = _numeric(242, "RPL_STATSUPTIME", ":Server Up %d days %d:%02d:%02d")
# Host mask, oper name, oper class.
RPL_STATSOLINE = _numeric(243, "RPL_STATSOLINE", "O %s * %s %s")
RPL_STATSDEBUG = _numeric(249, "RPL_STATSDEBUG", "%s :%s")
RPL_STATSCONN = _numeric(
    250, "RPL_STATSCONN", ":Highest connection count: %d (%d clients) (%d connections received)"
)

# LUSERS, ADMIN, INFO, VERSION, TIME, MOTD.
RPL_LUSERCLIENT = _numeric(251, "RPL_LUSERCLIENT", ":There are %d users and %d invisible on %d servers")
RPL_LUSEROP = _numeric(252, "RPL_LUSEROP", "%d :operator(s) online")
RPL_LUSERUNKNOWN = _numeric(253, "RPL_LUSERUNKNOWN", "%d :unknown connection(s)")
RPL_LUSERCHANNELS = _numeric(254, "RPL_LUSERCHANNELS", "%d :channels formed")
RPL_LUSERME = _numeric(255, "RPL_LUSERME", ":I have %d clients and %d servers")
RPL_LOCALUSERS = _numeric(265, "RPL_LOCALUSERS", "%d %d :Current local users %d, max %d")
RPL_GLOBALUSERS = _numeric(266, "RPL_GLOBALUSERS", "%d %d :Current global users %d, max %d")
RPL_ADMINME = _numeric(256, "RPL_ADMINME", "%s :Administrative info")
RPL_ADMINLOC1 = _numeric(257, "RPL_ADMINLOC1", ":%s")
RPL_ADMINLOC2 = _numeric(258, "RPL_ADMINLOC2", ":%s")
RPL_ADMINEMAIL = _numeric(259, "RPL_ADMINEMAIL", ":%s")
RPL_WHOISGATEWAY = _numeric(350, "RPL_WHOISGATEWAY", "%s %s %s :is connected through the gateway %s")
RPL_VERSION = _numeric(351, "RPL_VERSION", "%s %s :%s")
RPL_INFO = _numeric(371, "RPL_INFO", ":%s")
RPL_ENDOFINFO = _numeric(374, "RPL_ENDOFINFO", ":End of INFO list")
RPL_MOTDSTART = _numeric(375, "RPL_MOTDSTART", ":- %s Message of the day - ")
RPL_MOTD = _numeric(372, "RPL_MOTD", ":- %s")
RPL_ENDOFMOTD = _numeric(376, "RPL_ENDOFMOTD", ":End of /MOTD command.")
RPL_TIME = _numeric(391, "RPL_TIME", "%s :%s")
RPL_TRYAGAIN = _numeric(263, "RPL_TRYAGAIN", "%s :Please wait a while and try again.")

# A user about herself.
RPL_UMODEIS = _numeric(221, "RPL_UMODEIS", "%s")
RPL_UNAWAY = _numeric(305, "RPL_UNAWAY", ":You are no longer marked as being away")
RPL_NOWAWAY = _numeric(306, "RPL_NOWAWAY", ":You have been marked as being away")
RPL_ACCEPTLIST = _numeric(281, "RPL_ACCEPTLIST", "%s")
RPL_ENDOFACCEPT = _numeric(282, "RPL_ENDOFACCEPT", ":End of /ACCEPT list")
RPL_MONONLINE = _numeric(730, "RPL_MONONLINE", ":%s")
RPL_MONOFFLINE = _numeric(731, "RPL_MONOFFLINE", ":%s")
RPL_MONLIST = _numeric(732, "RPL_MONLIST", ":%s")
RPL_ENDOFMONLIST = _numeric(733, "RPL_ENDOFMONLIST", ":End of MONITOR list")
# The limit, and the nicks that found no place.
ERR_MONLISTFULL = _numeric(734, "ERR_MONLISTFULL", "%d %s :Monitor list is full.")

# Users about others: WHOIS, WHOWAS, WHO, USERHOST, ISON.
RPL_AWAY = _numeric(301, "RPL_AWAY", "%s :%s")
RPL_USERHOST = _numeric(302, "RPL_USERHOST", ":%s")
RPL_ISON = _numeric(303, "RPL_ISON", ":%s")
RPL_WHOISCERTFP = _numeric(276, "RPL_WHOISCERTFP", "%s :has client certificate fingerprint %s")
RPL_WHOISUSER = _numeric(311, "RPL_WHOISUSER", "%s %s %s * :%s")
RPL_WHOISSERVER = _numeric(312, "RPL_WHOISSERVER", "%s %s :%s")
RPL_WHOISOPERATOR = _numeric(313, "RPL_WHOISOPERATOR", "%s :%s")
RPL_WHOWASUSER = _numeric(314, "RPL_WHOWASUSER", "%s %s %s * :%s")
RPL_ENDOFWHO = _numeric(315, "RPL_ENDOFWHO", "%s :End of WHO list")
# Seconds idle, Unix time of signing on.
RPL_WHOISIDLE = _numeric(317, "RPL_WHOISIDLE", "%s %d %d :seconds idle, signon time")
RPL_ENDOFWHOIS = _numeric(318, "RPL_ENDOFWHOIS", "%s :End of /WHOIS list")
RPL_WHOISCHANNELS = _numeric(319, "RPL_WHOISCHANNELS", "%s :%s")
RPL_WHOISSPECIAL = _numeric(320, "RPL_WHOISSPECIAL", "%s :%s")
RPL_WHOISACCOUNT = _numeric(330, "RPL_WHOISACCOUNT", "%s %s :is logged in as")
RPL_WHOISBOT = _numeric(335, "RPL_WHOISBOT", "%s :is a bot")
RPL_WHOISACTUALLY = _numeric(338, "RPL_WHOISACTUALLY", "%s %s :actually using host")
# user@host, address.
RPL_WHOISHOST = _numeric(378, "RPL_WHOISHOST", "%s :is connecting from %s %s")
RPL_WHOISMODES = _numeric(379, "RPL_WHOISMODES", "%s :is using modes %s")
RPL_WHOISSECURE = _numeric(671, "RPL_WHOISSECURE", "%s :%s")
# Channel, user name, host, server, nick, flags, hops, real name.
RPL_WHOREPLY = _numeric(352, "RPL_WHOREPLY", "%s %s %s %s %s %s :%d %s")
RPL_WHOSPCRPL = _numeric(354, "RPL_WHOSPCRPL", "%s")
RPL_ENDOFWHOWAS = _numeric(369, "RPL_ENDOFWHOWAS", "%s :End of WHOWAS")

# Channels.
RPL_LISTSTART = _numeric(321, "RPL_LISTSTART", "Channel :Users  Name")
RPL_LIST = _numeric(322, "RPL_LIST", "%s %d :%s")
RPL_LISTEND = _numeric(323, "RPL_LISTEND", ":End of /LIST")
RPL_CHANNELMODEIS = _numeric(324, "RPL_CHANNELMODEIS", "%s %s")
RPL_CREATIONTIME = _numeric(329, "RPL_CREATIONTIME", "%s %d")
RPL_NOTOPIC = _numeric(331, "RPL_NOTOPIC", "%s :No topic is set")
RPL_TOPIC = _numeric(332, "RPL_TOPIC", "%s :%s")
RPL_TOPICWHOTIME = _numeric(333, "RPL_TOPICWHOTIME", "%s %s %d")
RPL_INVITELIST = _numeric(336, "RPL_INVITELIST", "%s")
RPL_ENDOFINVITELIST = _numeric(337, "RPL_ENDOFINVITELIST", ":End of /INVITE list")
RPL_INVITING = _numeric(341, "RPL_INVITING", "%s %s")
# Lists: channel, mask, who set it, Unix time.
RPL_INVEXLIST = _numeric(346, "RPL_INVEXLIST", "%s %s %s %d")
RPL_ENDOFINVEXLIST = _numeric(347, "RPL_ENDOFINVEXLIST", "%s :End of channel invite exception list")
RPL_EXCEPTLIST = _numeric(348, "RPL_EXCEPTLIST", "%s %s %s %d")
RPL_ENDOFEXCEPTLIST = _numeric(349, "RPL_ENDOFEXCEPTLIST", "%s :End of channel exception list")
RPL_BANLIST = _numeric(367, "RPL_BANLIST", "%s %s %s %d")
# The same of one that is over at a time.
RPL_TIMEDBAN = _numeric(367, "RPL_TIMEDBAN", "%s %s %s %d :until %s")
RPL_ENDOFBANLIST = _numeric(368, "RPL_ENDOFBANLIST", "%s :End of channel ban list")
# Symbol (= @ *), channel, names.
RPL_NAMREPLY = _numeric(353, "RPL_NAMREPLY", "%s %s :%s")
RPL_ENDOFNAMES = _numeric(366, "RPL_ENDOFNAMES", "%s :End of /NAMES list")
# To those who may invite: channel, nick!user@host.
RPL_KNOCK = _numeric(710, "RPL_KNOCK", "%s %s :has asked for an invite")
RPL_KNOCKDLVR = _numeric(711, "RPL_KNOCKDLVR", "%s :Your KNOCK has been delivered")

# Opers, help, and user modes g and G.
RPL_YOUREOPER = _numeric(381, "RPL_YOUREOPER", ":You are now an IRC operator")
RPL_REHASHING = _numeric(382, "RPL_REHASHING", "%s :Rehashing")
RPL_HELPSTART = _numeric(704, "RPL_HELPSTART", "%s :%s")
RPL_HELPTXT = _numeric(705, "RPL_HELPTXT", "%s :%s")
RPL_ENDOFHELP = _numeric(706, "RPL_ENDOFHELP", "%s :%s")
RPL_TARGNOTIFY = _numeric(717, "RPL_TARGNOTIFY", "%s :has been informed that you messaged them.")
# Nick, user@host, mode (+g or +G).
RPL_UMODEGMSG = _numeric(
    718, "RPL_UMODEGMSG", "%s %s :is messaging you, and you have user mode %s. The message was discarded."
)

# Refusals.
ERR_UNKNOWNERROR = _numeric(400, "ERR_UNKNOWNERROR", "%s :%s")
ERR_NOSUCHNICK = _numeric(401, "ERR_NOSUCHNICK", "%s :No such nick/channel")
ERR_NOSUCHSERVER = _numeric(402, "ERR_NOSUCHSERVER", "%s :No such server")
ERR_NOSUCHCHANNEL = _numeric(403, "ERR_NOSUCHCHANNEL", "%s :No such channel")
ERR_CANNOTSENDTOCHAN = _numeric(404, "ERR_CANNOTSENDTOCHAN", "%s :Cannot send to channel")
ERR_MAYNOTSPEAK = _numeric(404, "ERR_MAYNOTSPEAK", "%s :Cannot send to channel (%s)")
ERR_FILTERED = _numeric(404, "ERR_FILTERED", "%s :Cannot send to channel (%s)")
# The channel, its slow mode in seconds, how many are left.
ERR_SLOWMODE = _numeric(
    404,
    "ERR_SLOWMODE",
    "%s :Cannot send to channel: slow mode (+W) is one message in %d seconds, say it in %d seconds",
)
# The channel, its repeat filter, how many seconds are left.
ERR_REPEATED = _numeric(
    404,
    "ERR_REPEATED",
    "%s :Cannot send to channel: the same (+E) may be said %d times in %d seconds,"
    " say something else or wait %d seconds",
)
ERR_TOOMANYCHANNELS = _numeric(405, "ERR_TOOMANYCHANNELS", "%s :You have joined too many channels")
ERR_WASNOSUCHNICK = _numeric(406, "ERR_WASNOSUCHNICK", "%s :There was no such nickname")
ERR_TOOMANYTARGETS = _numeric(407, "ERR_TOOMANYTARGETS", "%s :Too many recipients")
ERR_NOORIGIN = _numeric(409, "ERR_NOORIGIN", ":No origin specified")
ERR_INVALIDCAPCMD = _numeric(410, "ERR_INVALIDCAPCMD", "%s :Invalid CAP command")
ERR_NORECIPIENT = _numeric(411, "ERR_NORECIPIENT", ":No recipient given (%s)")
ERR_NOTEXTTOSEND = _numeric(412, "ERR_NOTEXTTOSEND", ":No text to send")
ERR_NOTOPLEVEL = _numeric(413, "ERR_NOTOPLEVEL", "%s :No top-level domain specified")
ERR_WILDTOPLEVEL = _numeric(414, "ERR_WILDTOPLEVEL", "%s :Wildcard in top-level domain")
ERR_MSGNEEDREGGEDNICK = _numeric(
    415, "ERR_MSGNEEDREGGEDNICK", "%s :Cannot send to channel (+R) - you need to be logged in to an account"
)
ERR_TOOMANYMATCHES = _numeric(416, "ERR_TOOMANYMATCHES", "%s :output too large, truncated")
ERR_INPUTTOOLONG = _numeric(417, "ERR_INPUTTOOLONG", ":Input line was too long")
ERR_UNKNOWNCOMMAND = _numeric(421, "ERR_UNKNOWNCOMMAND", "%s :Unknown command")
ERR_NOMOTD = _numeric(422, "ERR_NOMOTD", ":MOTD File is missing")
ERR_NOADMININFO = _numeric(423, "ERR_NOADMININFO", "%s :No administrative info available")
ERR_NONICKNAMEGIVEN = _numeric(431, "ERR_NONICKNAMEGIVEN", ":No nickname given")
ERR_ERRONEUSNICKNAME = _numeric(432, "ERR_ERRONEUSNICKNAME", "%s :Erroneous nickname: %s")
ERR_NICKNAMEINUSE = _numeric(433, "ERR_NICKNAMEINUSE", "%s :Nickname is already in use")
# The nick asked for, the channel.
ERR_BANNICKCHANGE = _numeric(
    435, "ERR_BANNICKCHANGE", "%s %s :Cannot change nickname while banned or muted on channel"
)
ERR_UNAVAILRESOURCE = _numeric(437, "ERR_UNAVAILRESOURCE", "%s :Nick/channel is temporarily unavailable")
# The present nick, the nick asked for, seconds to wait.
ERR_NICKTOOFAST = _numeric(438, "ERR_NICKTOOFAST", "%s %s :Nick change too fast. Please wait %d seconds.")
ERR_USERNOTINCHANNEL = _numeric(441, "ERR_USERNOTINCHANNEL", "%s %s :They aren't on that channel")
ERR_NOTONCHANNEL = _numeric(442, "ERR_NOTONCHANNEL", "%s :You're not on that channel")
ERR_USERONCHANNEL = _numeric(443, "ERR_USERONCHANNEL", "%s %s :is already on channel")
ERR_SUMMONDISABLED = _numeric(445, "ERR_SUMMONDISABLED", ":SUMMON has been disabled")
ERR_USERSDISABLED = _numeric(446, "ERR_USERSDISABLED", ":USERS has been disabled")
ERR_NONICKCHANGE = _numeric(
    447, "ERR_NONICKCHANGE", "%s :Cannot change nickname while on %s (+N): leave it first, or ask an operator"
)
ERR_NOTREGISTERED = _numeric(451, "ERR_NOTREGISTERED", ":You have not registered")
ERR_ACCEPTFULL = _numeric(456, "ERR_ACCEPTFULL", ":Accept list is full")
ERR_ACCEPTEXIST = _numeric(457, "ERR_ACCEPTEXIST", "%s :is already on your accept list")
ERR_ACCEPTNOT = _numeric(458, "ERR_ACCEPTNOT", "%s :is not on your accept list")
ERR_NEEDMOREPARAMS = _numeric(461, "ERR_NEEDMOREPARAMS", "%s :Not enough parameters")
ERR_ALREADYREGISTERED = _numeric(462, "ERR_ALREADYREGISTERED", ":You may not reregister")
ERR_YOUREBANNEDCREEP = _numeric(465, "ERR_YOUREBANNEDCREEP", ":You are banned from this server- %s")
ERR_PASSWDMISMATCH = _numeric(464, "ERR_PASSWDMISMATCH", ":Password incorrect")
# The channel asked for, the channel given.
ERR_LINKCHANNEL = _numeric(470, "ERR_LINKCHANNEL", "%s %s :%s")
ERR_CHANNELISFULL = _numeric(471, "ERR_CHANNELISFULL", "%s :Cannot join channel (+l) - it is full")
ERR_UNKNOWNMODE = _numeric(472, "ERR_UNKNOWNMODE", "%s :is unknown mode char to me")
ERR_INVITEONLYCHAN = _numeric(473, "ERR_INVITEONLYCHAN", "%s :Cannot join channel (+i) - you must be invited")
ERR_BANNEDFROMCHAN = _numeric(474, "ERR_BANNEDFROMCHAN", "%s :Cannot join channel (+b) - you are banned")
ERR_BADCHANNELKEY = _numeric(475, "ERR_BADCHANNELKEY", "%s :Cannot join channel (+k) - bad key")
ERR_BADCHANMASK = _numeric(476, "ERR_BADCHANMASK", "%s :Bad Channel Mask")
ERR_NEEDREGGEDNICK = _numeric(
    477, "ERR_NEEDREGGEDNICK", "%s :Cannot join channel (+r) - you need to be logged in to an account"
)
# Channel, the mask that found no place.
ERR_BANLISTFULL = _numeric(478, "ERR_BANLISTFULL", "%s %s :Channel list is full")
ERR_BADCHANNAME = _numeric(479, "ERR_BADCHANNAME", "%s :Illegal channel name: it is reserved")
ERR_THROTTLE = _numeric(
    480, "ERR_THROTTLE", "%s :Cannot join channel (+j) - throttle exceeded, try again later"
)
# Solanum answers +S with 480 too; 489, which others use here, is "voice needed" to TS6 networks.
ERR_SECUREONLYCHAN = _numeric(480, "ERR_SECUREONLYCHAN", "%s :Cannot join channel (+S) - TLS required")
ERR_NOPRIVILEGES = _numeric(481, "ERR_NOPRIVILEGES", ":Permission Denied- You're not an IRC operator")
ERR_CHANOPRIVSNEEDED = _numeric(482, "ERR_CHANOPRIVSNEEDED", "%s :You're not channel operator")
ERR_NOKICK = _numeric(
    482, "ERR_NOKICK", "%s :Nobody is kicked here (+Y): an operator may take that back first"
)
ERR_NOINVITE = _numeric(482, "ERR_NOINVITE", "%s :Only operators invite here (+V): ask one of them")
# What somebody needs of ChanServ who may well be an operator of the channel.
ERR_FLAGNEEDED = _numeric(482, "ERR_FLAGNEEDED", "%s :You need the flag %s of ChanServ for that")
ERR_CANTKILLSERVER = _numeric(483, "ERR_CANTKILLSERVER", ":You can't kill a server!")
ERR_ISREALSERVICE = _numeric(485, "ERR_ISREALSERVICE", "%s :Network services cannot be killed or invited")
ERR_NONONREG = _numeric(486, "ERR_NONONREG", "%s :You must be logged in to an account to message this user")
ERR_NOOPERHOST = _numeric(491, "ERR_NOOPERHOST", ":No oper block for your host")
# Nick, why.
ERR_CANNOTSENDTOUSER = _numeric(492, "ERR_CANNOTSENDTOUSER", ":Cannot send to user %s (%s)")
# Nick, the mode that keeps the answer away (+g, +R …).
ERR_OWNMODE = _numeric(
    494, "ERR_OWNMODE", "%s :could not answer you while you are %s, so your message was not sent"
)
ERR_UMODEUNKNOWNFLAG = _numeric(501, "ERR_UMODEUNKNOWNFLAG", ":Unknown MODE flag")
ERR_USERSDONTMATCH = _numeric(502, "ERR_USERSDONTMATCH", ":Can't change mode for other users")
ERR_DISABLED = _numeric(517, "ERR_DISABLED", "%s :This command has been disabled")
# Solanum's +O has this number without a name.
ERR_OPERONLY = _numeric(520, "ERR_OPERONLY", "%s :Cannot join channel (+O) - you are not an IRC operator")
ERR_HELPNOTFOUND = _numeric(524, "ERR_HELPNOTFOUND", "%s :No help available on this topic")
ERR_INVALIDKEY = _numeric(525, "ERR_INVALIDKEY", "%s :Key is not well-formed")
# Channel or nick, mode letter, parameter, why.
ERR_INVALIDMODEPARAM = _numeric(696, "ERR_INVALIDMODEPARAM", "%s %s %s :%s")
ERR_TARGCHANGE = _numeric(707, "ERR_TARGCHANGE", "%s :Targets changing too fast, message dropped")
ERR_TOOMANYKNOCK = _numeric(712, "ERR_TOOMANYKNOCK", "%s :Too many KNOCKs (%s)")
ERR_CHANOPEN = _numeric(713, "ERR_CHANOPEN", "%s :Channel is open")
ERR_KNOCKONCHAN = _numeric(714, "ERR_KNOCKONCHAN", "%s :You are already on that channel")
# Nick, the mode (+g or +G).
ERR_TARGUMODEG = _numeric(
    716, "ERR_TARGUMODEG", "%s :is in %s mode and takes messages only from users on their accept list"
)
ERR_NOPRIVS = _numeric(723, "ERR_NOPRIVS", "%s :Insufficient oper privileges")
# Bans of the network.  Letter of the kind, minutes that are left (0: for ever), mask, reason.
RPL_TESTLINE = _numeric(725, "RPL_TESTLINE", "%s %d %s :%s")
# What was asked for.
RPL_NOTESTLINE = _numeric(726, "RPL_NOTESTLINE", "%s :No matches")
# How many people here, how many elsewhere, nick, user, host, real name.
RPL_TESTMASKGECOS = _numeric(727, "RPL_TESTMASKGECOS", "%d %d %s!%s@%s %s :Local/remote clients match")
# Channel, mode letter, all letters that are locked.
ERR_MLOCKRESTRICTED = _numeric(
    742, "ERR_MLOCKRESTRICTED", "%s %s %s :Services keep this mode as it is (MLOCK)"
)
# Channel, mode letter, mask.
ERR_INVALIDBAN = _numeric(743, "ERR_INVALIDBAN", "%s %s %s :Invalid ban mask")

# https://ircv3.net/specs/extensions/metadata#numerics
# Nick, key, value.
RPL_WHOISKEYVALUE = _numeric(760, "RPL_WHOISKEYVALUE", "%s %s * :%s")
# Target, key, value.
RPL_KEYVALUE = _numeric(761, "RPL_KEYVALUE", "%s %s * :%s")
RPL_KEYNOTSET = _numeric(766, "RPL_KEYNOTSET", "%s %s :Key not set")
# Keys.
RPL_METADATASUBOK = _numeric(770, "RPL_METADATASUBOK", "%s")
RPL_METADATAUNSUBOK = _numeric(771, "RPL_METADATAUNSUBOK", "%s")
RPL_METADATASUBS = _numeric(772, "RPL_METADATASUBS", "%s")
# Target, seconds.
ERR_METADATASYNCLATER = _numeric(774, "ERR_METADATASYNCLATER", "%s %d :Ask again later (SYNC)")
# Seconds, target, subcommand and its parameters.
ERR_METADATARATELIMIT = _numeric(775, "ERR_METADATARATELIMIT", "%d %s %s")

# Accounts.  https://ircv3.net/specs/extensions/sasl-3.1#numerics-used-by-this-extension
# nick!user@host, account, account.
RPL_LOGGEDIN = _numeric(900, "RPL_LOGGEDIN", "%s %s :You are now logged in as %s")
RPL_LOGGEDOUT = _numeric(901, "RPL_LOGGEDOUT", "%s :You are now logged out")
ERR_NICKLOCKED = _numeric(902, "ERR_NICKLOCKED", ":%s")
RPL_SASLSUCCESS = _numeric(903, "RPL_SASLSUCCESS", ":SASL authentication successful")
ERR_SASLFAIL = _numeric(904, "ERR_SASLFAIL", ":SASL authentication failed")
ERR_SASLTOOLONG = _numeric(905, "ERR_SASLTOOLONG", ":SASL message too long")
ERR_SASLABORTED = _numeric(906, "ERR_SASLABORTED", ":SASL authentication aborted")
ERR_SASLALREADY = _numeric(907, "ERR_SASLALREADY", ":You have already authenticated using SASL")
# Mechanisms, with commas.
RPL_SASLMECHS = _numeric(908, "RPL_SASLMECHS", "%s :are available SASL mechanisms")
