"""The pages. Law: a page reads, words and asks; what is allowed is decided in `app.household`."""
