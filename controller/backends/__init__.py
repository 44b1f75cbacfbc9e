"""What the wires may end in: hardware, a simulated unit in this process, or one that is a process of its own.

Law: the only room of the controller that knows drivers and simulator.
"""
