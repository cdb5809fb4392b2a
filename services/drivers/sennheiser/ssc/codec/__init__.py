"""SSC v1 without a socket: datagrams, addresses, values, meters, and when to renew what was subscribed to. PURE.

`wire` turns bytes into messages and addresses into bytes, `words` has what codes mean, `values` reads what stands at an
address, `controls` checks and writes what is set, `state` keeps what a unit reported, `meters` sums up levels, `plan`
decides when a subscription is asked for, `replay` reads captures. Facts: docs/protocols/sennheiser-ssc.md.
"""
