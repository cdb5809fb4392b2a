"""Topics and addresses are each other's inverse, and nobody can make the bridge write where it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.contract import CommandTarget, Topics, check_base, check_id, check_organization
from bridge.contract.topics import template
from services.model import RESOURCE_KINDS, Address, Campus, Facet, Kind

TOPICS = Topics("mic2mqtt", "main")
CHANNEL = Address("default", "default", Kind.CHANNEL, "rack1-1")
IDS = st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,62}\Z")
ORGANIZATIONS = IDS.filter(lambda value: value != "bridge")
ADDRESSES = st.builds(Address, ORGANIZATIONS, IDS, st.sampled_from(Kind), IDS)


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        (TOPICS.process(Facet.STATE), "mic2mqtt/v1/bridge/main/state"),
        (TOPICS.of(CHANNEL, Facet.STATE), "mic2mqtt/v1/default/default/channel/rack1-1/state"),
        (TOPICS.of(CHANNEL, Facet.TELEMETRY), "mic2mqtt/v1/default/default/channel/rack1-1/telemetry"),
        (
            TOPICS.of(Address("acme", "north", Kind.BRIDGE, "main"), Facet.INVENTORY, "3"),
            "mic2mqtt/v1/acme/north/bridge/main/inventory/3",
        ),
        (TOPICS.value(CHANNEL, "gain_db"), "mic2mqtt/v1/default/default/channel/rack1-1/value/gain_db"),
        (TOPICS.reply(CommandTarget(None), "discover"), "mic2mqtt/v1/bridge/main/reply/discover"),
        (TOPICS.reply(CommandTarget(CHANNEL), "refresh"), "mic2mqtt/v1/default/default/channel/rack1-1/reply/refresh"),
        (TOPICS.command(CommandTarget(None), "reload"), "mic2mqtt/v1/bridge/main/cmd/reload"),
        (template(Kind.CHANNEL, "state"), "{base}/v1/{organization}/{campus}/channel/{id}/state"),
        (template(None, "cmd", "verb"), "{base}/v1/bridge/{bridge}/cmd/{verb}"),
    ],
)
def test_topics_are_those_of_the_contract(topic: str, expected: str) -> None:
    assert topic == expected


@given(ADDRESSES, st.sampled_from(Facet), st.sampled_from(["", "0", "17"]))
def test_a_topic_leads_back_to_its_address(address: Address, facet: Facet, part: str) -> None:
    topic = TOPICS.of(address, facet, part)
    meaning = TOPICS.parse(topic)
    assert meaning is not None
    assert (meaning.address, meaning.facet, meaning.part) == (address, facet, part)
    assert topic.count("/") < 8, "at most 8 levels"


@given(ADDRESSES, IDS)
def test_a_command_topic_leads_back_to_its_target(address: Address, bridge: str) -> None:
    topics = Topics("base", address.id if address.kind is Kind.BRIDGE else bridge)
    for target in (CommandTarget(address), CommandTarget(None)):
        command = topics.parse_command(topics.command(target, "refresh"))
        assert command is not None
        assert (command.target, command.verb) == (target, "refresh")


@given(st.text(max_size=80))
def test_any_topic_can_be_asked_about(tail: str) -> None:
    for topic in (tail, f"mic2mqtt/v1/{tail}", f"mic2mqtt/v1/bridge/main/{tail}"):
        TOPICS.parse(topic)
        TOPICS.parse_command(topic)
        TOPICS.may_reply_to(CommandTarget(None), topic)
        TOPICS.may_reply_to(CommandTarget(CHANNEL), topic, ["x/"])


@pytest.mark.parametrize(
    "topic",
    [
        "other/v1/bridge/main/cmd/refresh",
        "mic2mqtt/v2/bridge/main/cmd/refresh",
        "mic2mqtt/v1/bridge/other/cmd/refresh",
        "mic2mqtt/v1/default/default/bridge/other/cmd/refresh",
        "mic2mqtt/v1/default/default/mixer/c1/cmd/refresh",
        "mic2mqtt/v1/default/default/channel/Rack/cmd/refresh",
        "mic2mqtt/v1/default/default/channel/rack1-1/reply/refresh",
        "mic2mqtt/v1/default/default/channel/rack1-1/state",
    ],
)
def test_what_is_no_command_of_this_bridge_is_none(topic: str) -> None:
    assert TOPICS.parse_command(topic) is None


@pytest.mark.parametrize("words", ["a/b", "refresh/", "", "a/b/c/d"])
@pytest.mark.parametrize("target", [CommandTarget(None), CommandTarget(CHANNEL)])
def test_a_command_topic_with_a_level_too_many_is_one_that_can_be_answered(target: CommandTarget, words: str) -> None:
    command = TOPICS.parse_command(TOPICS.command(target, words))
    assert command is not None
    assert (command.target, command.verb) == (target, words)
    assert TOPICS.reply(target, words).endswith("/reply/unknown")


@pytest.mark.parametrize("value", ["", "-a", "_a", "Rack", "a/b", "a+", "#", "a b", "ä", "x" * 64, "a\n"])
def test_an_id_that_cannot_stand_in_a_topic_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a topic"):
        check_id(value)


def test_no_organization_is_called_bridge() -> None:
    with pytest.raises(ValueError, match="choose another name"):
        check_organization("bridge")
    assert check_organization("bridge2") == "bridge2"
    assert TOPICS.parse("mic2mqtt/v1/bridge/default/channel/rack1-1/state") is None


@pytest.mark.parametrize("value", ["", "a/b", "$SYS", "a+", "#"])
def test_a_base_is_one_level(value: str) -> None:
    with pytest.raises(ValueError, match="one level"):
        check_base(value)


def test_the_bridge_listens_to_commands_of_what_it_serves() -> None:
    assert TOPICS.subscriptions([Campus("acme", "north"), Campus("acme", "north")]) == [
        "mic2mqtt/v1/bridge/main/cmd/#",
        "mic2mqtt/v1/acme/north/bridge/main/cmd/#",
        *(f"mic2mqtt/v1/acme/north/{kind}/+/cmd/#" for kind in RESOURCE_KINDS),
    ]


@pytest.mark.parametrize(
    ("target", "topic", "allowed"),
    [
        (CHANNEL, "mic2mqtt/v1/default/default/channel/rack1-1/reply/mine", True),
        (CHANNEL, "mic2mqtt/v1/default/default/bridge/main/reply/flow/7", True),
        (CHANNEL, "mic2mqtt/v1/default/default/channel/rack1-1/reply", False),
        (CHANNEL, "mic2mqtt/v1/default/default/channel/rack1-1/reply/", False),
        (CHANNEL, "mic2mqtt/v1/default/default/channel/rack1-1/state", False),
        (CHANNEL, "mic2mqtt/v1/default/default/channel/rack1-1/cmd/set", False),
        (CHANNEL, "mic2mqtt/v1/default/default/channel/+/reply/x", False),
        (CHANNEL, "mic2mqtt/v1/default/default/channel/rack1-1/reply/#", False),
        (CHANNEL, "mic2mqtt/v1/default/default/mixer/x/reply/x", False),
        (CHANNEL, "mic2mqtt/v1/default/other/channel/rack1-1/reply/x", False),
        (CHANNEL, "mic2mqtt/v1/bridge/main/reply/x", False),
        (CHANNEL, "", False),
        (CHANNEL, "x" * 70_000, False),
        (CHANNEL, "flows/reply/7", True),
        (CHANNEL, "flows/reply", False),
        (CHANNEL, "flows/reply/", False),
        (CHANNEL, "flows/replyx/7", False),
        (CHANNEL, "flows/reply/+", False),
        (CHANNEL, "flows/reply/" + "x/" * 61 + "x", True),
        (CHANNEL, "flows/reply/" + "x/" * 62 + "x", False),
        (CHANNEL, "flows/reply/" + "x" * 1012, True),
        (CHANNEL, "flows/reply/" + "x" * 1013, False),
        (CHANNEL, "flows/reply/\ufffe", False),
        (CHANNEL, "flows/reply/\x01", False),
        (None, "mic2mqtt/v1/bridge/main/reply/x", True),
        (None, "mic2mqtt/v1/bridge/other/reply/x", False),
        (None, "mic2mqtt/v1/bridge/main/state", False),
        (None, "mic2mqtt/v1/default/default/channel/rack1-1/reply/x", False),
        (None, "flows/reply/7", True),
    ],
)
def test_a_response_topic_stays_within_the_senders_tenant(target: Address | None, topic: str, allowed: bool) -> None:
    assert TOPICS.may_reply_to(CommandTarget(target), topic, ["flows/reply/"]) is allowed


def test_an_empty_prefix_allows_nothing() -> None:
    assert not TOPICS.may_reply_to(CommandTarget(None), "/anything", ["", "/"])
    assert not TOPICS.may_reply_to(CommandTarget(None), "anything", ["", "/"])


def test_a_reply_to_a_verb_that_is_no_word_goes_to_a_plain_topic() -> None:
    assert TOPICS.reply(CommandTarget(None), "Größe +") == "mic2mqtt/v1/bridge/main/reply/unknown"


def test_watchers_subscribe_to_every_tenant() -> None:
    assert TOPICS.everywhere(Kind.CHANNEL, Facet.STATE) == "mic2mqtt/v1/+/+/channel/+/state"
    assert TOPICS.every_process(Facet.STATE) == "mic2mqtt/v1/bridge/+/state"


def test_the_process_publishes_no_facet_of_a_tenant() -> None:
    with pytest.raises(ValueError, match="no audit"):
        TOPICS.process(Facet.AUDIT)


def test_a_resource_that_is_gone_is_forgotten() -> None:
    topics = Topics()
    topics.of(CHANNEL, Facet.STATE)
    topics.forget(CHANNEL)
    assert topics._known == {}
