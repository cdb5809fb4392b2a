"""The bridge translates between the services and the world: MQTT, HTTP, the command line. It decides nothing."""

__version__ = "0.1.0"
