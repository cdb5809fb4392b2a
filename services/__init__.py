"""The services: what receivers say, what follows from it and what is remembered, whoever is listening."""
