"""A world that breaks, simulated: the daemon's own wiring on virtual time.

``python -m tests.simulation SEED`` tells the story of one seed. docs/simulation.md says more.
"""
