"""One folder a maker. The core finds them by entry point alone, and they do not know one another."""
