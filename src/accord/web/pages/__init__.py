"""One module a page: its data as a documented value, and how it is put together."""
