"""`hr doctor`: one file for what can be looked at without the others. Nothing here changes anything or spends a request."""
