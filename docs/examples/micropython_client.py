"""A sensor that chats: for MicroPython on a small board, and for its Unix build.

It joins a channel, says now and then what it reads, and does what it is told there: ``thermo: read``,
``thermo: led on``.  Everybody in the channel may tell it so: a key or mode +i keeps others out.
"""

import asyncio
import ssl

HOST, PORT = "irc.example.org", 6697
NAME = None  # that of the certificate, if it is not HOST: where HOST is an address, say
CERTIFICATE = "server.der"  # the server's certificate, or its authority's, in DER; None: without TLS
# (openssl x509 -in chatnet-data/certificates/default.pem -outform der -out server.der)
NICK, CHANNEL, EVERY = "thermo", "#sensors", 60  # seconds


def sensor():
    return "21.5 C"  # on a board machine.ADC(4).read_u16(), or whatever is attached to it


def obey(command):
    if command in ("led on", "led off"):
        print(command)  # on a board machine.Pin("LED", machine.Pin.OUT).value(command == "led on")
        return "done"
    return sensor() if command == "read" else "I know: read, led on, led off"


def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    with open(CERTIFICATE, "rb") as file:
        context.load_verify_locations(cadata=file.read())
    return context


def parse(line):
    """Source, command and parameters."""
    source, line = line[1:].split(" ", 1) if line.startswith(":") else ("", line)
    line, colon, last = line.partition(" :")
    command, *params = line.split()
    if colon:
        params.append(last)
    return source, command, params


async def send(writer, line):
    writer.write(line.encode() + b"\r\n")
    await writer.drain()


async def publish(writer):
    while True:
        await send(writer, f"PRIVMSG {CHANNEL} :{sensor()}")
        await asyncio.sleep(EVERY)


async def chat():
    """Until the server closes the connection."""
    context = tls() if CERTIFICATE else None
    reader, writer = await asyncio.open_connection(HOST, PORT, ssl=context, server_hostname=NAME or HOST)
    await send(writer, f"NICK {NICK}\r\nUSER {NICK} 0 * :A sensor")
    publishing = None
    while line := await reader.readline():
        print(line)
        source, command, params = parse(line.decode().rstrip())
        if command == "PING":
            await send(writer, "PONG :" + params[-1])
        elif command == "001":  # welcome
            await send(writer, "JOIN " + CHANNEL)
        elif command == "366" and publishing is None:  # the end of NAMES: we are in
            publishing = asyncio.create_task(publish(writer))
        elif command == "PRIVMSG" and params[0] == CHANNEL and params[1].startswith(NICK + ": "):
            answer = obey(params[1][len(NICK) + 2 :])
            await send(writer, f"PRIVMSG {CHANNEL} :{source.split('!')[0]}: {answer}")
    if publishing:
        publishing.cancel()
    writer.close()
    await writer.wait_closed()


async def main():
    while True:
        try:
            await chat()
        except OSError as error:
            print(error)
        await asyncio.sleep(30)


if __name__ == "__main__":
    asyncio.run(main())
