"""`discover`, `probe`, `capture` and `simulate`: units on the network, without broker or database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.commands.program import (
    AsJson,
    Config,
    Interface,
    end,
    run_to_end,
    run_until_stopped,
    seconds_of,
    write,
)

commands = typer.Typer()


@commands.command(epilog="Example: mic2mqtt discover 10.20.0.0/24 rack1.example.org")
def discover(
    targets: Annotated[
        list[str] | None, typer.Argument(help="Networks, ranges, addresses, names; else those of the configuration.")
    ] = None,
    config: Config = None,
    concurrency: Annotated[int, typer.Option(min=1, max=4096, help="Addresses asked at the same time.")] = 1024,
    interface: Interface = "",
    as_json: AsJson = False,
) -> None:
    """Ask networks and hosts who answers. Needs neither broker nor database, and changes nothing."""
    from bridge.cli import devices as cli_devices

    places: Sequence[str] = targets or cli_devices.configured_targets(config)
    if not places:
        raise typer.BadParameter("name networks or hosts, for example 10.20.0.0/24", param_hint="TARGETS")
    run_to_end(cli_devices.discover(places, concurrency=concurrency, interface=interface, as_json=as_json, write=write))


Host = Annotated[str, typer.Argument(help="Address or name, HOST or HOST:PORT.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Where it is not the driver's own.")]
DriverName = Annotated[str | None, typer.Option("--driver", help="Ask with this driver only.")]
BehindGateway = Annotated[str, typer.Option("--unit", help="Which unit behind a gateway, as `discover` names it.")]
DriverOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option", help="NAME=VALUE of the driver's own options; repeatable. password_file=FILE keeps a secret."
    ),
]
MeterInterval = Annotated[str, typer.Option(help="Metering to ask for; 0 is none.")]


@commands.command(epilog="Example: mic2mqtt probe 10.20.0.11 --listen 10s")
def probe(
    host: Host,
    port: Port = None,
    driver: DriverName = None,
    unit: BehindGateway = "",
    option: DriverOption = None,
    interface: Interface = "",
    meter_interval: MeterInterval = "1s",
    listen: Annotated[str, typer.Option(help="How long to listen after everything was read.")] = "3s",
) -> None:
    """Talk to one unit and print every line sent and received, with a verdict."""
    from bridge.cli import devices as cli_devices

    asked = cli_devices.Asked(host, port, driver, unit, option or (), interface, seconds_of(meter_interval))
    end(run_to_end(cli_devices.probe(asked, listen_s=seconds_of(listen), write=write)))


@commands.command(epilog="Example: mic2mqtt capture 10.20.0.11 --for 30s")
def capture(  # noqa: PLR0917 - the command line's options, each by its name
    host: Host,
    listen: Annotated[str, typer.Option("--for", help="How long to listen after everything was read.")] = "30s",
    out: Annotated[Path | None, typer.Option(help="The file; else PRODUCT.capture in this folder.")] = None,
    port: Port = None,
    driver: DriverName = None,
    unit: BehindGateway = "",
    option: DriverOption = None,
    interface: Interface = "",
    meter_interval: MeterInterval = "1s",
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
) -> None:
    """Record what a unit says, without names, serial numbers and addresses: a file that is a test."""
    from bridge.cli import devices as cli_devices

    asked = cli_devices.Asked(host, port, driver, unit, option or (), interface, seconds_of(meter_interval))
    agree = (lambda _question: True) if yes else typer.confirm
    work = cli_devices.capture(asked, listen_s=seconds_of(listen), path=out, agree=agree, write=write)
    end(run_to_end(work))


@commands.command(epilog="Example: mic2mqtt simulate --product shure/ulxd4q --count 20 --listen 127.0.20.1")
def simulate(  # noqa: PLR0917 - the command line's options, each by its name
    product: Annotated[
        list[str] | None,
        typer.Option(help="DRIVER/PRODUCT, a product or a family; repeatable; `all` is one of every family."),
    ] = None,
    family: Annotated[str, typer.Option(help="Instead of a product: the usual one of this family.")] = "ulxd",
    count: Annotated[int, typer.Option(min=1, max=65536, help="How many units of each.")] = 1,
    listen: Annotated[
        str, typer.Option(help="Address of the first; the others take those that follow.")
    ] = "127.0.20.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Where it is not the real one; 0: free ports, one address.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other units.")] = 0,
    fault: Annotated[
        list[str] | None, typer.Option(help="Begin with a fault; repeatable. An unknown one is answered with the list.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE; repeatable. An unknown one is answered with the list.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show all products; with --product its faults.")] = False,
) -> None:
    """Run simulated units that speak the real protocol. Ctrl-C ends them."""
    from bridge.cli import simulating

    if list_:
        try:
            for each in product or ():
                simulating.show_faults(each, write)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--product") from error
        if not product:
            simulating.show_products(write)
        return
    try:
        options = dict(simulating.option(text) for text in option or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--option") from error
    work = simulating.simulate(
        product or [family],
        count=count,
        listen=listen,
        port=port,
        seed=seed,
        faults=fault or (),
        options=options,
        write=write,
    )
    try:
        run_until_stopped(work)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
