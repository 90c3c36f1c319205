"""How this installation is: for probes, for Prometheus, for people at a terminal."""
