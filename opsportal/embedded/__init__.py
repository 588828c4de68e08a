"""PostgreSQL and Redis for a machine that has neither: server programs from wheels, run as children of ours.

No Django here, and no settings: the servers must be up before either can load.
"""
