"""What a refused request means: how the body is taken apart, the rules of each provider, and when to come back."""
