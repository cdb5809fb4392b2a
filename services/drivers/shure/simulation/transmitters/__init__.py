"""Simulated transmitters of in-ear monitors (PSM1000): what one holds and answers, its socket, a fleet of them."""
