"""Runs simulated System API servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.shure.simulation.addresses import hosts_from
from services.drivers.shure.simulation.system_api.api import Api
from services.drivers.shure.simulation.system_api.devices import MODELS, make_device
from services.drivers.shure.simulation.system_api.server import FAULTS, Server
from services.drivers.simulating import validated

PORT = 10_000
KEY = "simulated-shared-secret"

PRODUCTS: Mapping[str, str] = {"adtq": "ADTQ", "adtd": "ADTD"}
"""Product -> model."""
TRAITS = frozenset({"stream", "pushes", "names", "blank_name"})


class Options(BaseModel):
    """What can be chosen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: the activity is told of and stays the same.")
    fault: str = Field("none", description="A fault from the start.")
    key: str = Field(KEY, description="The shared secret; empty: everybody may ask, as no real server lets them.")
    behind: str = Field("", description=f"Further devices behind each server, for example ADTQ,ANX4; of {[*MODELS]}.")
    device_id: str = Field("", description="Id of the first device; made up without it.")
    page_size: int = Field(0, ge=0, description="Devices on a page of the list; 0: all on one.")
    shape: Literal["edges", "items", "array"] = Field("edges", description="How the list is written.")


@asynccontextmanager
async def simulate_servers(
    product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
) -> AsyncIterator[Sequence[Server]]:
    """Run ``count`` servers, each with one unit of the product and what ``behind`` names.

    Raises `ValueError` for what does not exist, `OSError` for an address that cannot be listened on.
    """
    chosen = validated(Options, options)
    models = [PRODUCTS[product], *(name.strip().upper() for name in chosen.behind.split(",") if name.strip())]
    if strange := [name for name in models if name not in MODELS]:
        raise ValueError(f"no device {strange[0]!r}: there are {', '.join(MODELS)}")
    async with AsyncExitStack() as stack:
        servers = []
        for number, host in enumerate(hosts_from(listen, count, shared=port == 0)):
            random = Random(f"{product} {number} {seed}")
            devices = [
                make_device(
                    model,
                    place,
                    address=f"192.168.10.{100 + place}",
                    random=random,
                    device_id=chosen.device_id if place == 1 else "",
                )
                for place, model in enumerate(models, 1)
            ]
            api = Api(chosen.key, devices, page_size=chosen.page_size, shape=chosen.shape)
            server = Server(api, host, PORT if port is None else port, random, still=chosen.still)
            await _start(server)
            stack.push_async_callback(server.stop)
            await server.fault(chosen.fault)
            servers.append(server)
        yield servers


async def _start(server: Server) -> None:
    try:
        await server.start()
    except OSError as error:
        remedy = "choose an address of this machine (127.0.20.1 always is one) and a port that is free"
        problem = f"cannot listen on {server.host} port {server.port}: {error.strerror or error}; {remedy}"
        raise OSError(error.errno, problem) from error


class SystemApiSimulator:
    """Simulated servers with their units; `services.drivers.port.Simulator`."""

    name = "shure"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = dict.fromkeys(PRODUCTS, TRAITS)
    run = staticmethod(simulate_servers)
