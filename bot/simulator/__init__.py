"""A local Azure and a local Teams, served over HTTP, for the demo and the tests.

The real SDK clients and the real botbuilder talk to it. It keeps its world in a file,
checks every token, writes down every request and can be told to fail.
"""
