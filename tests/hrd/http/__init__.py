"""The HTTP/1.1 cores, byte by byte, and the wires."""
