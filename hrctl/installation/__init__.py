"""What an installation is made of, and how it comes and goes. `hr service` and `make install` are its two doors."""
