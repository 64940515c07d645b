"""Tell `twistd` that it can run chatnet."""

from twisted.application.service import ServiceMaker

chatnet = ServiceMaker("chatnet", "chatnet.wiring.tap", "A chat server that speaks IRC", "chatnet")
