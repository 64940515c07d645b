"""What operators see and do: this server, links, people, bans and accounts.

Who asks has to be an operator, too.  What changes anything is a command of IRC, with its privileges, and
noted as such.
"""

from chatnet.api.routes.operating import accounts, bans, links, people, server
from chatnet.api.table import Routes

ROUTES = Routes(server.ROUTES, links.ROUTES, people.ROUTES, bans.ROUTES, accounts.ROUTES)
"""In the order of the documents."""
