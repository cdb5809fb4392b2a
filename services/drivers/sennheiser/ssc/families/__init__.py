"""Units that speak SSC v1: one file a family, each a table of addresses with what they mean. PURE.

`family` has the forms of these tables, `catalogue` lists the families and finds the one of a product. How a family is
added stands in the paragraph of `services.drivers.sennheiser.ssc`.
"""
