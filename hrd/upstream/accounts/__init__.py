"""ChatGPT accounts as they live: signing in, and renewing logins without ever losing one."""
