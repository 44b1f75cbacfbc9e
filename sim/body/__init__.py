"""Who sits there: water, skin and body as a load, and the person who moves it.

Law of this room: published figures and marked assumptions only; nothing here knows of electronics.
"""
