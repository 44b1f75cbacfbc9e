"""The appliance's command and its other processes: what `ionto device` starts beside the loop.

Law: nothing in here runs in the loop's process but the near ends of pipes, which never block.
"""
