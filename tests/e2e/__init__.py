"""The real daemon as a process, real sockets, emulated providers: what was promised, shown from outside."""
