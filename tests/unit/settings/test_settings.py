from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, SecretStr

from bridge.settings import (
    ConfigurationError,
    Settings,
    changes,
    configured_units,
    credentials_of,
    digest,
    find_file,
    load,
    parse_duration,
    redacted,
    secrets,
)
from bridge.settings.durations import format_duration
from bridge.settings.environment import variables
from services.drivers import Credentials, Driver
from services.model import Kind

Load = Callable[..., Settings]

CONTRACT = """
[bridge]
id = "main"
organization = "default"           # default tenant of receivers and ranges
campus = "default"
[mqtt]
url = "mqtt://localhost:1883"      # mqtts://, ws://, wss://; user and password here or in their own keys
base_topic = "mic2mqtt"
protocol = "auto"                  # 5, then 3.1.1; or "5", "3.1.1"
value_topics = false               # also one plain retained value a topic: channel/<c>/value/<key>
reply_prefixes = []
[database]
url = "sqlite:///mic2mqtt.db"      # or postgresql+psycopg://...
[polling]
refresh_interval = "5m"            # complete re-read, to heal a lost report
keepalive = "10s"                  # ask a receiver that was quiet so long; lost after twice that, at once on FIN or RST
meter_interval = "1s"              # asked of the device, 0.1 to 60 s, 0 = off; also per receiver
telemetry_interval = "1s"          # published
[status]
lost_hold = "30m"
[audit]
keep = "90d"
[http]
listen = "127.0.0.1:8099"          # /metrics /healthz /readyz
[discovery]
hosts = ["rack1.example.org"]
interface = ""                     # or an address: control and audio networks differ
concurrency = 256
[[discovery.ranges]]
network = "10.20.0.0/24"
campus = "main-stage"
adopt = true
schedule = "manual"                # or "1h"; a changed range is scanned once, debounced
[[receivers]]
host = "10.20.0.11"
id = "rack1"                       # optional; survives a swap of the unit
name = "Rack 1"
driver = "auto"
tags = ["vocals"]
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    def read(text: str = "", **env: str) -> Settings:
        file = tmp_path / "mic2mqtt.toml"
        file.write_text(text, encoding="utf-8")
        return load(file, env)

    return read


@pytest.fixture
def problems(loaded: Load, tmp_path: Path) -> Callable[..., list[str]]:
    def of(text: str = "", **env: str) -> list[str]:
        with pytest.raises(ConfigurationError) as raised:
            loaded(text, **env)
        return [problem.replace(f"{tmp_path}/", "") for problem in raised.value.problems]

    return of


# -- reading -------------------------------------------------------------------------------------------------


def test_the_contracts_example_is_read_and_is_the_defaults(loaded: Load) -> None:
    settings = loaded(CONTRACT)
    defaults = Settings()
    for section in ("bridge", "mqtt", "database", "polling", "status", "audit", "http", "log"):
        assert getattr(settings, section) == getattr(defaults, section)
    assert settings.discovery.hosts == ("rack1.example.org",)
    (place,) = settings.discovery.ranges
    assert (place.network, place.campus, place.adopt, place.schedule) == ("10.20.0.0/24", "main-stage", True, None)
    (rack,) = settings.receivers
    assert (rack.host, rack.id, rack.name, rack.driver, rack.tags) == (
        "10.20.0.11", "rack1", "Rack 1", "auto", ("vocals",),
    )  # fmt: skip
    assert settings.organization_of(place) == "default"
    assert (settings.campus_of(place), settings.campus_of(rack)) == ("main-stage", "default")


def test_nothing_at_all_is_a_configuration() -> None:
    assert load(None, {"MIC2MQTT_CONFIG": "/dev/null"}) == Settings()


def test_the_file_is_the_one_named_then_the_variables_then_the_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named, variable = tmp_path / "a.toml", {"MIC2MQTT_CONFIG": "b.toml"}
    assert find_file(named, variable) == named
    assert find_file(None, variable) == Path("b.toml")
    (tmp_path / "mic2mqtt.toml").touch()
    assert find_file(None, {}) == Path("mic2mqtt.toml")


def test_labels_are_a_table_and_every_label_is_there(loaded: Load) -> None:
    settings = loaded('[[receivers]]\nhost = "a"\ntags = ["x"]\n[receivers.labels]\nroom = "Studio 1"\n')
    assert settings.receivers[0].label_record() == {
        "location": None, "building": None, "room": "Studio 1", "rack": None, "position": None, "tags": ["x"],
    }  # fmt: skip


def test_a_receiver_that_is_not_on_the_network_needs_no_host(loaded: Load) -> None:
    (receiver,) = loaded('[[receivers]]\nid = "old"\ndriver = "manual"\nmanufacturer = "acme"\n').receivers
    assert (receiver.host, receiver.manufacturer) == (None, "acme")


def test_postgresql_is_reached_with_the_driver_that_is_installed(loaded: Load) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        database = loaded(f'[database]\nurl = "{scheme}://anna:p%40ss@db:5433/mics?sslmode=require"\n').database
        assert database.url == "postgresql+psycopg://db:5433/mics?sslmode=require"
        assert database.connection_url() == "postgresql+psycopg://anna:p%40ss@db:5433/mics?sslmode=require"


def test_an_absolute_sqlite_file_stays_absolute(loaded: Load) -> None:
    url = "sqlite:////var/lib/mic2mqtt/state.db"
    assert loaded(f'[database]\nurl = "{url}"\n').database.connection_url() == url


def test_a_bare_version_number_is_meant_as_text(loaded: Load) -> None:
    assert loaded("[mqtt]\nprotocol = 5\n").mqtt.protocol == "5"


# -- the environment -----------------------------------------------------------------------------------------


def test_the_environment_counts_more_than_the_file(loaded: Load) -> None:
    settings = loaded('[mqtt]\nbase_topic = "file"\n', MIC2MQTT_MQTT__BASE_TOPIC="environment")
    assert settings.mqtt.base_topic == "environment"


def test_text_of_the_environment_becomes_what_the_key_is(loaded: Load) -> None:
    settings = loaded(
        MIC2MQTT_DISCOVERY__CONCURRENCY="64",
        MIC2MQTT_MQTT__VALUE_TOPICS="true",
        MIC2MQTT_POLLING__KEEPALIVE="5s",
        MIC2MQTT_DISCOVERY__HOSTS='["a.example.org"]',
        MIC2MQTT_RECEIVERS='[{"host": "10.0.0.1", "id": "rack1"}]',
        MIC2MQTT_DISCOVERY__RANGES='[{"network": "10.0.0.0/24", "adopt": false}]',
    )
    assert settings.discovery.concurrency == 64
    assert settings.mqtt.value_topics is True
    assert settings.polling.keepalive == 5.0
    assert settings.discovery.hosts == ("a.example.org",)
    assert settings.receivers[0].id == "rack1"
    assert settings.discovery.ranges[0].adopt is False


def test_an_empty_variable_is_none(loaded: Load) -> None:
    assert loaded(MIC2MQTT_MQTT__BASE_TOPIC="", MIC2MQTT_MQTT__PASSWORD="") == Settings()


def test_variables_that_a_container_engine_makes_are_not_ours(loaded: Load) -> None:
    links = {"MIC2MQTT_PORT": "tcp://10.0.0.1:8099", "MIC2MQTT_SERVICE_HOST": "10.0.0.1"}
    assert loaded(**links) == Settings()


def test_one_underscore_where_two_belong_is_told(problems: Callable[..., list[str]]) -> None:
    (problem,) = problems(MIC2MQTT_MQTT_URL="mqtt://broker")
    assert problem.startswith("MIC2MQTT_MQTT_URL: ")
    assert problem.endswith("MIC2MQTT_MQTT__URL")


def test_an_unknown_variable_is_told_with_what_was_meant(problems: Callable[..., list[str]]) -> None:
    assert problems(MIC2MQTT_MQTT__URRL="x") == [
        "MIC2MQTT_MQTT__URRL: mqtt.urrl: there is no such key; did you mean url?"
    ]


def test_a_list_that_is_no_json_is_told(problems: Callable[..., list[str]]) -> None:
    for text in ("a, b", '{"a": 1}'):
        (problem,) = problems(MIC2MQTT_DISCOVERY__HOSTS=text)
        assert problem.startswith("MIC2MQTT_DISCOVERY__HOSTS: discovery.hosts: it must be a list in JSON")


def test_an_unknown_section_is_told_by_the_variable_that_names_it(problems: Callable[..., list[str]]) -> None:
    (line,) = problems(MIC2MQTT_NOPE__KEY="1")
    assert line.startswith("MIC2MQTT_NOPE__KEY: nope: there is no such section")


def test_every_key_has_its_variable() -> None:
    names = set(variables(Settings))
    assert {"MIC2MQTT_MQTT__URL", "MIC2MQTT_RECEIVERS", "MIC2MQTT_DISCOVERY__RANGES"} <= names
    assert {"MIC2MQTT_MQTT__PASSWORD_FILE", "MIC2MQTT_DATABASE__URL_FILE"} <= names


# -- secrets -------------------------------------------------------------------------------------------------


def test_user_and_password_may_stand_in_the_url_and_leave_it(loaded: Load) -> None:
    mqtt = loaded('[mqtt]\nurl = "mqtts://anna:p%40ss@broker:8883"\n').mqtt
    assert (mqtt.url, mqtt.user) == ("mqtts://broker:8883", "anna")
    assert mqtt.password is not None
    assert mqtt.password.get_secret_value() == "p@ss"


def test_keys_of_their_own_count_more_than_the_url(loaded: Load) -> None:
    mqtt = loaded('[mqtt]\nurl = "mqtt://anna:old@broker"\npassword = "new"\n').mqtt
    assert mqtt.password is not None
    assert (mqtt.user, mqtt.password.get_secret_value()) == ("anna", "new")


def test_a_secret_may_stand_in_a_file_beside_the_configuration(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter22\n", encoding="utf-8")
    assert secrets(loaded('[mqtt]\npassword_file = "password"\n')) == ("hunter22",)
    assert secrets(loaded(MIC2MQTT_DATABASE__PASSWORD_FILE=str(tmp_path / "password"))) == ("hunter22",)


def test_the_environments_password_counts_more_than_the_files_password_file(loaded: Load) -> None:
    assert secrets(loaded('[mqtt]\npassword_file = "gone"\n', MIC2MQTT_MQTT__PASSWORD="hunter22")) == ("hunter22",)


def test_a_secret_given_twice_or_in_a_missing_file_is_told(problems: Callable[..., list[str]]) -> None:
    text = '[mqtt]\npassword = "a"\npassword_file = "b"\n[database]\npassword_file = "gone"\n'
    assert problems(text) == [
        "mic2mqtt.toml:3: mqtt.password_file: give password or password_file, not both",
        "mic2mqtt.toml:5: database.password_file: 'gone' cannot be read: No such file or directory",
    ]


SECRETS = '[mqtt]\nurl = "mqtt://anna:hunter22@broker"\n[database]\nurl = "postgresql://u:hunter23@db/x"\n'


@pytest.mark.parametrize(
    "text", [SECRETS, SECRETS.replace("u:hunter23@db/x", "db/x?user=u&password=hunter23&sslpassword=hunter24")]
)
def test_no_text_of_ours_holds_a_secret(loaded: Load, text: str) -> None:
    settings = loaded(text)
    shown = f"{settings!r} {settings} {redacted(settings)} {settings.model_dump_json()}"
    assert "hunter22" not in shown
    assert "hunter23" not in shown
    assert "hunter24" not in str(redacted(settings))
    assert {"hunter22", "hunter23"} <= {*secrets(settings)}
    assert "u:hunter23@db" in settings.database.connection_url()
    assert redacted(settings)["mqtt"]["password"] == "***"


@pytest.mark.parametrize(
    "text",
    [
        '[mqtt]\nurl = "http://anna:hunter22@broker"\n',
        '[mqtt]\nurl = "mqtt://anna:hunter22@broker:x"\n',
        '[mqtt]\nurl = "mqtt://anna:hunter22@broker/path"\n',
        '[mqtt]\nurl = "mqtt://anna:1883#hunter22@broker"\n',
        '[mqtt]\nurl = "mqtt://anna:1883/hunter22@broker"\n',
        '[mqtt]\nurl = "mqtt://anna:1883?hunter22@broker"\n',
        '[mqtt]\nurl = "mqtt://anna:hunter22@[::1"\n',
        '[mqtt]\nurl = "mqtt://anna:hunter22@ho\u2100st"\n',
        '[mqtt]\nurl = "mqtt://anna:hun[ter22hunter22@host"\n',
        '[mqtt]\nurl = "mqtt://host?token=hunter22"\n',
        '[mqtt]\nurl = "mqtt://anna:hunter22@a b"\n',
        '[database]\nurl = "postgresql://anna:hunter22@ho\u2100st/x"\n',
        '[database]\nurl = "postgresql://db:x/x?password=hunter22"\n',
        '[mqtt]\npassword = ["hunter22"]\n',
        '[database]\nurl = "mysql://anna:hunter22@db/x"\n',
        '[database]\nurl = "postgresql://anna:hunter22@db"\n',
        '[database]\nurl = ["hunter22"]\n',
    ],
)
def test_no_problem_repeats_a_secret(problems: Callable[..., list[str]], text: str) -> None:
    assert "hunter22" not in "\n".join(problems(text))


def test_the_digest_follows_the_configuration_and_not_its_secrets(loaded: Load) -> None:
    one = digest(loaded(SECRETS))
    assert one == digest(loaded(SECRETS.replace("hunter22", "another")))
    assert one != digest(loaded(SECRETS.replace("broker", "other")))
    assert len(one) == 12


def test_changes_name_the_sections_that_differ(loaded: Load) -> None:
    old = loaded(SECRETS)
    assert changes(old, loaded(SECRETS)) == ()
    assert changes(old, loaded(SECRETS.replace("hunter22", "another") + "[log]\nlevel = 'debug'\n")) == ("mqtt", "log")


# -- problems ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[mqttt]\n", "1: mqttt: there is no such section; did you mean mqtt?"),
        ("x = 1\n", "1: x: there is no such section; there are: bridge,"),
        ("[home_kit]\nenabled = true\n", "1: home_kit: there is no such section"),
        (
            '[[control.rules]]\nverbs = ["set"]\nlimits = { gain_db = [9, 1] }\n',
            "1: control.rules[1]: limits of gain_db",
        ),
        ("[[control.rules]]\n", "1: control.rules[1].verbs"),
        ("[alerts]\n", "1: alerts: there is no such section"),
        ("[polling]\nkeepalive = 0\n", '2: polling.keepalive: 0 is outside of what is allowed: "1s" to "10m"'),
        ('[polling]\nmeter_interval = "50ms"\n', "2: polling.meter_interval: '50ms' is outside"),
        ('[polling]\nmeter_interval = "61s"\n', "2: polling.meter_interval: '61s' is outside"),
        ("[polling]\nmeter_interval = true\n", "2: polling.meter_interval: True is no length of time"),
        ('[polling]\nrefresh_interval = "soon"\n', "2: polling.refresh_interval: 'soon' is no length of time"),
        ("[status]\ncritical_bars = 4\n", "1: status: critical_bars (4) must not be above replace_bars (2)"),
        ("[status]\nreplace_percent = 101\n", "2: status.replace_percent: 101 is not allowed; allowed: 0 to 100"),
        ('[http]\nlisten = "localhost"\n', "2: http.listen: 'localhost' must be ADDRESS:PORT"),
        ('[log]\nlevel = "loud"\n', '2: log.level: \'loud\' is not allowed; allowed: "debug", "info"'),
        ('[bridge]\norganization = "bridge"\n', "2: bridge.organization: organization 'bridge' is taken"),
        ('[bridge]\ncampus = "Main Stage"\n', "2: bridge.campus: id 'Main Stage' cannot stand in a topic"),
        ('[mqtt]\nbase_topic = "a/b"\n', "2: mqtt.base_topic: base topic 'a/b' must be one level"),
        ('[mqtt]\nca_file = "/no/such/ca.pem"\n', "2: mqtt.ca_file: there is no file"),
        (f'[mqtt]\nca_file = "/{"x" * 300}"\n', f"2: mqtt.ca_file: '/{'x' * 199}': File name too long"),
        ('[mqtt]\nuser = "a\\u0000b"\n', "2: mqtt.user: no server takes a sign that cannot be shown; it holds U+0000"),
        (
            '[mqtt]\nclient_id = "a\\u001bb"\n',
            "2: mqtt.client_id: no server takes a sign that cannot be shown; it holds U+001B",
        ),
        ('[mqtt]\npassword = "a\\u0000b"\n', "2: mqtt.password: it holds a NUL character"),
        (f'[mqtt]\nuser = "{"x" * 65_536}"\n', "2: mqtt.user: it has more than 65535 bytes"),
        (f'[mqtt]\npassword = "{"x" * 65_536}"\n', "2: mqtt.password: it has more than 65535 bytes"),
        (
            '[database]\nuser = "a\\u0000b"\n',
            "2: database.user: no server takes a sign that cannot be shown; it holds U+0000",
        ),
        ('[database]\nurl = "sqlite:///a\\u0000.db"\n', "2: database.url: it holds a sign that cannot be shown"),
        ('[database]\nurl = "sqlite:///a.db?mode=ro"\n', "2: database.url: there is no ? in the URL of a SQLite"),
        ('[mqtt]\nca_file = "/dev/../etc/hosts"\n', "1: mqtt: ca_file needs TLS"),
        ('[mqtt]\nreply_prefixes = ["a/#"]\n', "2: mqtt.reply_prefixes[1]: 'a/#' must be the beginning of a topic"),
        ('[mqtt]\nreply_prefixes = "a"\n', "2: mqtt.reply_prefixes: it must be a list"),
        ('mqtt = "mqtt://x"\n', "1: mqtt: it must be a table, [mqtt] with keys below it"),
        ('[receivers]\nhost = "a"\n', "1: receivers: write [[receivers]]"),
        ('[discovery]\nhosts = ["10.0.0.0/24"]\n', "2: discovery.hosts[1]: '10.0.0.0/24' is more than one address"),
        ('[discovery]\ninterface = "eth0"\n', "2: discovery.interface: 'eth0' is no address"),
        ("[[discovery.ranges]]\nadopt = true\n", "1: discovery.ranges[1].network: it is missing"),
        ('[[discovery.ranges]]\nnetwork = "10.0.0.0/8"\n', "2: discovery.ranges[1].network: '10.0.0.0/8' has 16777216"),
        ('[[discovery.ranges]]\nnetwork = "10.0.0.0/33"\n', "2: discovery.ranges[1].network: '10.0.0.0/33' is no net"),
        ('[[discovery.ranges]]\nnetwork = "rack1"\n', "2: discovery.ranges[1].network: 'rack1' is a name"),
        ('[[receivers]]\nhost = "a"\nprot = 1\n', "3: receivers[1].prot: there is no such key; did you mean port?"),
        ('[[receivers]]\nhost = "a"\nport = 0\n', "3: receivers[1].port: 0 is not allowed; allowed: 1 to 65535"),
        ('[[receivers]]\nhost = "a:2202"\n', "2: receivers[1].host: 'a:2202': write the port in its own key"),
        ('[[receivers]]\nhost = "tcp://a"\n', "2: receivers[1].host: 'tcp://a' is no host"),
        ("[[receivers]]\nid = 'a'\n", "1: receivers[1]: host is missing"),
        ("[[receivers]]\ndriver = 'manual'\n", "1: receivers[1]: id is missing"),
        ("[[units]]\nid = 'a'\ndriver = 'manual'\n", "1: units[1]: kind is missing"),
        ("[[units]]\nhost = 'a'\nkind = 'mixer'\n", "3: units[1].kind: 'mixer' is not allowed"),
        ("[[receivers]]\nhost = 'a'\nkind = 'iem'\n", "3: receivers[1].kind: there is no such key"),
        (f"[[receivers]]\nhost = 'a'\nid = '{'x' * 59}'\n", f"3: receivers[1].id: '{'x' * 59}' has 59 characters"),
        ('[[receivers]]\nhost="a"\nid="x"\n[[receivers]]\nhost="b"\nid="x"\n', "6: receivers[2].id: 'x' stands in"),
        ('[[receivers]]\nhost="a"\n[[receivers]]\nhost="A"\n', "4: receivers[2].host: 'A' stands in receivers[1]"),
    ],
)
def test_a_mistake_is_one_line_with_file_line_key_and_what_is_allowed(
    problems: Callable[..., list[str]], text: str, expected: str
) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"mic2mqtt.toml:{expected}")


def test_the_same_id_may_stand_in_two_campuses(loaded: Load) -> None:
    settings = loaded('[[receivers]]\nhost="a"\nid="x"\n[[receivers]]\nhost="b"\nid="x"\ncampus="other"\n')
    assert len(settings.receivers) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("R1.example.org", "r1.example.org."),
        ("010.0.0.1", "10.0.0.1"),
        ("FE80::1", "fe80:0::1"),
    ],
)
def test_one_host_is_one_host_however_it_is_written(
    problems: Callable[..., list[str]], first: str, second: str
) -> None:
    (problem,) = problems(f'[[receivers]]\nhost = "{first}"\n[[units]]\nhost = "{second}"\n')
    assert problem == (
        f"mic2mqtt.toml:4: units[1].host: {second!r} stands in receivers[1] already; each may stand once"
    )


def test_an_id_stands_once_in_a_campus_whether_or_not_the_campus_is_named(problems: Callable[..., list[str]]) -> None:
    text = '[bridge]\ncampus = "hall"\n[[receivers]]\nhost = "a"\nid = "x"\n'
    (problem,) = problems(text + '[[units]]\nhost = "b"\nid = "x"\ncampus = "hall"\n')
    assert "units[1].id: 'x' stands in receivers[1] already" in problem


def test_hosts_and_texts_are_kept_in_one_form(loaded: Load) -> None:
    settings = loaded(
        '[[units]]\nhost = "Rack1.Example.org."\nname = "Vox\\u001b[0m 1"\n[[units]]\nhost = "010.020.0.7"\n'
    )
    assert [unit.host for unit in settings.units] == ["rack1.example.org", "10.20.0.7"]
    assert settings.units[0].name is not None
    assert settings.units[0].name.isprintable()


def test_units_of_every_kind_and_the_receivers_of_older_files_become_the_same_units(loaded: Load) -> None:
    settings = loaded(
        '[[receivers]]\nhost = "a"\n[[units]]\nhost = "b"\n[[units]]\nhost = "c"\nkind = "charger"\nid = "dock"\n'
    )
    kinds = {unit.host: unit.kind for unit in configured_units(settings, {})}
    assert kinds == {"a": Kind.RECEIVER, "b": None, "c": Kind.CHARGER}


def test_units_behind_one_gateway_share_its_address_and_each_may_stand_once(
    loaded: Load, problems: Callable[..., list[str]]
) -> None:
    text = '[[units]]\nhost = "a"\nunit = "{}"\n'
    settings = loaded(text.format("A") + text.format("B"))
    assert [unit.behind for unit in configured_units(settings, {})] == ["A", "B"]
    (problem,) = problems(text.format("A") * 2)
    assert "stands in units[1] already" in problem


def test_two_receivers_may_share_an_address_on_different_ports(loaded: Load) -> None:
    assert len(loaded('[[receivers]]\nhost="a"\nport=1\n[[receivers]]\nhost="a"\nport=2\n').receivers) == 2


def test_all_mistakes_are_told_at_once_in_the_files_order(problems: Callable[..., list[str]]) -> None:
    text = '[mqtt]\nprotocol = "4"\n[polling]\nkeepalive = "x"\n[[receivers]]\nhost="a"\n[[receivers]]\nhost="a"\nx=1\n'
    found = problems(text, MIC2MQTT_LOG__LEVEL="loud")
    assert [line.split(": ")[1] for line in found] == [
        "mqtt.protocol", "polling.keepalive", "receivers[2].host", "receivers[2].x", "log.level",
    ]  # fmt: skip


def test_what_is_no_toml_is_told_with_its_line(problems: Callable[..., list[str]]) -> None:
    (problem,) = problems("[mqtt]\nurl = mqtt://x\n")
    assert problem.startswith("mic2mqtt.toml:2: this is no TOML: ")
    assert "line 2" in problem


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.toml: it cannot be read: No such file"):
        load(tmp_path / "gone.toml", {})
    (tmp_path / "latin.toml").write_bytes(b"[bridge]\n# caf\xe9\n")
    with pytest.raises(ConfigurationError, match=r"latin\.toml: line 2: byte 0xe9 is not UTF-8"):
        load(tmp_path / "latin.toml", {})


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(variables(Settings))), _VALUES)
def test_whatever_stands_there_is_read_or_told(name: str, value: object) -> None:
    with suppress(ConfigurationError):
        load(None, {"MIC2MQTT_CONFIG": "/dev/null", name: str(value)})


@given(st.text(alphabet="[].=\"'{}a1 #\n", max_size=60))
def test_any_text_as_a_file_is_read_or_told(text: str) -> None:
    with NamedTemporaryFile("w", encoding="utf-8", suffix=".toml") as file:
        file.write(text)
        file.flush()
        with suppress(ConfigurationError):
            load(Path(file.name), {})


# -- durations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300), ("10s", 10), ("1h", 3600), ("90d", 7_776_000), ("500ms", 0.5), ("1h30m", 5400), ("1.5s", 1.5),
        ("0s", 0), (0, 0), (2, 2), (0.5, 0.5), (" 1 h ", 3600), ("1H", 3600),
    ],
)  # fmt: skip
def test_lengths_of_time_are_read(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5 minutes", "-5s", "1m 2x", "5m5", True, None, [], float("nan")])
def test_what_is_no_length_of_time_is_refused_with_examples(text: object) -> None:
    with pytest.raises(ValueError, match=r'"10s", "5m"'):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**11))
def test_a_written_length_of_time_reads_back(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


class PanelOptions(BaseModel):
    """What a driver may ask for."""

    model_config = ConfigDict(extra="forbid")

    user: str = "admin"
    password: SecretStr


PANELS = {
    "panel": cast("Driver", SimpleNamespace(options=PanelOptions)),
    "plain": cast("Driver", SimpleNamespace(options=None)),
}
PANEL = '[[units]]\nhost = "a"\ndriver = "panel"\n'


def test_options_of_a_unit_have_the_form_of_its_driver_and_are_never_shown(loaded: Load) -> None:
    settings = loaded(PANEL + 'options = { password = "hunter22" }\n')
    (unit,) = configured_units(settings, PANELS)
    assert isinstance(unit.options, PanelOptions)
    assert unit.options.password.get_secret_value() == "hunter22"
    assert "hunter22" not in f"{redacted(settings)} {unit}"
    assert "hunter22" in secrets(settings)
    assert digest(settings) == digest(loaded(PANEL + 'options = { password = "other" }\n'))


def test_a_secret_option_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter22\n")
    file = tmp_path / "mic2mqtt.toml"
    file.write_text(PANEL + 'options = { password_file = "secret" }\n')
    (unit,) = configured_units(load(file, {}), PANELS)
    assert isinstance(unit.options, PanelOptions)
    assert unit.options.password.get_secret_value() == "hunter22"
    file.write_text(PANEL + '[units.options]\npassword_file = "gone"\n')
    with pytest.raises(ConfigurationError, match=r"toml:5: units\[1\].options.password_file: 'gone' cannot be"):
        load(file, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PANEL, "toml:1: units[1].options.password: it is missing"),
        (
            PANEL + 'options = { password = "x", colour = "red" }\n',
            "toml:4: units[1].options.colour: there is no such key; there are: user, password",
        ),
        (
            PANEL + '[units.options]\npassword = "x"\npasword = "x"\n',
            "toml:6: units[1].options.pasword: there is no such key; did you mean password?",
        ),
        (
            PANEL + 'options = { password = ["x"] }\n',
            "toml:4: units[1].options.password: this value is not allowed; allowed: text",
        ),
        (
            '[[units]]\nhost = "a"\ndriver = "plain"\noptions = { x = 1 }\n',
            "toml:4: units[1].options: driver plain has no options",
        ),
    ],
)
def test_options_that_a_driver_does_not_have_are_named(loaded: Load, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configured_units(loaded(text), PANELS)
    assert words in str(refused.value)
    assert "'x'" not in str(refused.value)


def test_options_without_a_driver_are_nobodys(problems: Callable[..., list[str]]) -> None:
    (problem,) = problems('[[units]]\nhost = "a"\noptions = { password = "hunter22" }\n')
    assert "options are those of one driver: name it" in problem
    assert "hunter22" not in problem


SHARED = '[[credentials]]\ndriver = "panel"\noptions = { password = "hunter22" }\n'


def test_a_unit_has_its_own_options_before_those_of_its_network_before_those_of_its_driver(loaded: Load) -> None:
    settings = loaded(
        '[[credentials]]\ndriver = "panel"\noptions = { user = "all", password = "of-all" }\n'
        '[[credentials]]\ndriver = "panel"\nnetworks = ["10.20.0.0/24"]\noptions = { password = "of-the-hall" }\n'
        '[[credentials]]\ndriver = "panel"\nnetworks = ["10.20.0.7"]\noptions = { password = "of-one" }\n'
    )
    credentials = Credentials(PANELS)
    credentials.use(credentials_of(settings, PANELS))

    def given(host: str, own: PanelOptions | None = None) -> tuple[str, str]:
        options = credentials.options("panel", host, own)
        assert isinstance(options, PanelOptions)
        return options.user, options.password.get_secret_value()

    assert given("10.30.0.1") == ("all", "of-all")
    assert given("10.20.0.1") == ("all", "of-the-hall")
    assert given("10.20.0.7") == ("all", "of-one")
    assert given("10.20.0.7", PanelOptions(password=SecretStr("its-own"))) == ("all", "its-own")
    assert credentials.options("plain", "10.20.0.7") is None


def test_a_shared_secret_can_stand_in_a_file_or_in_the_environment_and_is_never_shown(
    tmp_path: Path, loaded: Load
) -> None:
    (tmp_path / "secret").write_text("hunter22\n")
    file = tmp_path / "mic2mqtt.toml"
    file.write_text('[[credentials]]\ndriver = "panel"\noptions = { password_file = "secret" }\n')
    for settings in (
        load(file, {}),
        loaded(MIC2MQTT_CREDENTIALS='[{"driver": "panel", "options": {"password": "hunter22"}}]'),
    ):
        (entry,) = credentials_of(settings, PANELS)
        assert entry.options["password"] == "hunter22"
        assert "hunter22" not in str(redacted(settings))
        assert "hunter22" in secrets(settings)


def test_what_a_unit_lacks_may_come_from_its_driver(loaded: Load) -> None:
    (unit,) = configured_units(loaded(SHARED + PANEL), PANELS)
    assert unit.options is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SHARED.replace("password", "pasword"), "credentials[1].options.pasword: there is no such key; did you mean"),
        (SHARED.replace("panel", "plain"), "toml:2: credentials[1].driver: driver plain has no options"),
    ],
)
def test_credentials_that_a_driver_does_not_take_are_named(loaded: Load, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        credentials_of(loaded(text), PANELS)
    assert words in str(refused.value)


def test_networks_of_credentials_are_networks(problems: Callable[..., list[str]]) -> None:
    (problem,) = problems(SHARED + 'networks = ["10.20.0.0/4"]\n')
    assert "credentials[1]" in problem
