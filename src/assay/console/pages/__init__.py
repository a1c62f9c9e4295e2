"""One module per page: it asks the domain and fills a template. No rule lives here."""
