"""From settings to live objects: the only place that names adapters.

`node` lists what a node has, and imports what a property makes when it is first asked for: a
command waits for nothing that it does not use. What takes more than a line to put together stands
beside it: the place on the disk (`place`), its keys (`holding`, `asking`), what it shares
(`giving`), what it follows and reads (`taking`), and what it answers (`answering`).
"""

from accord.wiring.node import Node, Settings

__all__ = ["Node", "Settings"]
