"""Every client dialect over every provider dialect, by the official SDKs through the real daemon, over strict emulators."""
