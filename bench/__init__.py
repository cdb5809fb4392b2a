"""How fast, how small: whole processes under a load that is known, measured side by side.

**What runs.** Simulated ULX-D quads (the product's own simulator) in one process, a real mosquitto on a free port with
``set_tcp_nodelay true``, the thing under test in a process of its own, and this process, which subscribes, timestamps
and asks. Nothing is pinned to a core: the kernel shares two cores between all of them, as on a small server.

**Against what.** The same load, in the same run, for three programs:

- the *floor* (`bench.floor`): uvloop, `asyncio.Protocol`, read and split the lines, nothing else;
- *this bridge*: the program that ``mic2mqtt run --config FILE`` starts, telemetry once a second, SQLite, audit and
  metrics on, scraped while it is measured;
- a *naive bridge* (`bench.naive`): a stream reader line by line, one awaited publish a sample.

**How it is measured.** CPU is the process's CPU clock (user and system, all threads); a figure a line is that,
divided by the lines that really were taken in (the bridge's telemetry says how many samples it sums up, the floor
counts). The floor is measured before and after, and the row tells both. Memory is the resident set of
``/proc/PID/smaps_rollup``, above an interpreter that imported the same modules (`bench.bare`). Latency is the
monotonic clock: taken in the simulator before it writes a change to its socket, and by the subscriber when its socket
brought the message.

**What it is worth.** Ratios and percentiles of one run on one machine. The simulators, the broker and the subscriber
share the cores with what is measured: that makes latencies worse than they are and never better.

``python -m bench`` runs everything, ``python -m bench NAME ...`` some of it, ``--quick`` with tiny numbers, to see that
it works. The table goes to standard output, everything to a JSON file.
"""
