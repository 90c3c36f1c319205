"""The hosted blog: articles, the public pages, Atom and sitemap."""
