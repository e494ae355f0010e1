"""The live configuration: files and environment as one value that everything else is built from, and kept when it goes bad."""
