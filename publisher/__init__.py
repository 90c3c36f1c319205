"""The editorial calendar and multi-channel publisher.

Importing it loads nothing: the supervisor, which lives as long as the installation, wants no more than its
settings. `publisher.application` puts the app together.
"""

__version__ = "0.1.0"
