"""Has Home Assistant find units, parts and the bridge by itself, over MQTT discovery.

The room `entities` has the tables and makes the messages; `things` fills them from the newest snapshots, `discovery`
publishes what is new and answers births, `keeping` finds what does not stand there any more, `overview` has the
figures of a campus, and `turns` keeps all of it from holding up others.
"""

from __future__ import annotations

from bridge.home_assistant.discovery import Discovery

__all__ = ["Discovery"]
