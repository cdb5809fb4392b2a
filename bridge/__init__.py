"""The bridge translates between the services and MQTT, HTTP and the command line. It decides nothing.

`cli` is the program; `app` builds a running bridge and starts its tasks. Messages come in through `inbound` and go out
through `publishing`; `mqtt` keeps the connection; `contract` spells topics and payloads. `settings` reads the file,
`reload` applies it; `http` serves metrics and health, `terminal` draws the live table. `health` collects the figures of
the process, `restarts` starts a task again that failed, `logs` formats log lines.
"""

__version__ = "0.1.0"
