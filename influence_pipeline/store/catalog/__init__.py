"""What a store's catalog says: tables and views, columns, keys and links. Reads no row."""

from influence_pipeline.store.catalog.reading import read_catalog
from influence_pipeline.store.catalog.tables import Catalog, Column, Link, Shape, Table

__all__ = ["Catalog", "Column", "Link", "Shape", "Table", "read_catalog"]
