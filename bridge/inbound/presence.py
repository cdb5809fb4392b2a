"""The bridge's presence at the broker: its client and last words, who speaks for it, what it reads there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from bridge.contract import Topics
from bridge.inbound.echoes import OLD, Echoes
from bridge.inbound.subscriptions import Subscriptions
from bridge.mqtt import MqttClient, MqttConfig
from bridge.publishing import BridgeStatus, Confirmations, LastWords, Succession, epoch_above
from services.live import Inventory
from services.model import Campus, Facet
from services.store import Store


class Presence:
    """What of a bridge concerns its one broker."""

    def __init__(
        self,
        config: MqttConfig,
        topics: Topics,
        inventory: Inventory,
        store: Store,
        tenants: Callable[[], Sequence[Campus]],
    ) -> None:
        self.topics = topics
        self.succession = Succession(topics, inventory, partial(epoch_above, store))
        words = LastWords(topics, inventory.bridge_id, self.succession)
        self.client = MqttClient(config, will=words.will, farewell=words.farewell, stands_by=words.kept_back)
        self.echoes = Echoes(topics)
        self.subscriptions = Subscriptions(topics, tenants, self.echoes)
        self.confirmations = Confirmations(topics, self.subscriptions.reads)
        for facet in (Facet.AUDIT, Facet.AUDIT_HEAD):
            self.echoes.read_campuses(facet, self.confirmations.read, versions=OLD)

    def listen(self, status: BridgeStatus) -> None:
        """Have the bridge's own topics read by whoever publishes them."""
        self.echoes.read_process(Facet.STATE, status.check_own_state)
        self.echoes.read_process(Facet.HEALTH, status.hear_health)

    def trouble(self) -> str | None:
        """What the broker does not let us do, as a reason of the contract; ``None`` while it lets us do everything."""
        if self.subscriptions.refused:
            return "broker_refuses_subscriptions"
        return "broker_refuses_messages" if self._refused() else None

    def not_ready(self) -> list[str]:
        """Why the bridge cannot be heard or does not hear, in words; empty while it can and does."""
        reasons = []
        connection = self.client.connection
        if connection is None:
            reasons.append(f"broker: {self.client.trouble or 'not connected yet'}")
        if self.succession.stands_by:
            reasons.append("another process publishes as this bridge and began later: stop one, or change [bridge] id")
        if unread := self.subscriptions.refused:
            reasons.append(
                f"broker: it does not let us read {unread[0]}{_more(unread)}: allow this user to; commands there go "
                "nowhere"
            )
        if connection is not None and (untaken := self._refused()):
            first = connection.refusals.words(untaken[0])
            reasons.append(f"broker: it does not take messages to {first}{_more(untaken)}")
        return reasons

    def _refused(self) -> list[str]:
        """Our topics whose newest message the broker did not take; where a client wants a reply is its own affair."""
        connection = self.client.connection
        return [] if connection is None else [topic for topic in connection.refusals if self.topics.is_ours(topic)]


def _more(topics: Sequence[str]) -> str:
    return f" (and {len(topics) - 1} more topics)" if len(topics) > 1 else ""
