"""A plugin that greets newcomers: who joins a channel reads a NOTICE, once a day at most.

[[plugin]]
module = "greeter"
settings = ["channel=#lobby", "text=Welcome! Say hello, and see /msg ChanServ HELP."]
"""

from chatnet.model.facts import Joined


class Plugin:
    needs = 1

    def start(self, house):
        self.house, self.greeted = house, {}
        house.observe(Joined, self.joined)
        house.every(86400, self.greeted.clear)

    def joined(self, fact):
        if fact.channel.name != self.house.settings["channel"]:
            return
        for user, _ in fact.members:
            if user.server is self.house.network.me and user.nick not in self.greeted:
                self.greeted[user.nick] = True
                self.house.node.say(user, self.house.settings["text"])
