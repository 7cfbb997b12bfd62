"""Where docs and code are read: on the web where the settings say so, else by their paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

import influence_pipeline
from influence_pipeline.settings import DagsterFace


@dataclass(frozen=True)
class Links:
    """`base`: what stands before a page's name; None: there is no address."""

    base: str | None = None

    def where(self, page: str, anchor: str = "") -> str:
        """Give the address of a page, or its path in the project."""
        part = f"#{anchor}" if anchor else ""
        return f"{self.base or 'docs'}/{page}{part}"

    def page(self, page: str, anchor: str = "") -> dg.MetadataValue:
        """Give it as metadata: something to click on where there is an address."""
        where = self.where(page, anchor)
        return dg.MetadataValue.text(where) if self.base is None else dg.MetadataValue.url(where)

    def words(self, page: str, anchor: str = "") -> str:
        """Give it in Markdown, for a description."""
        where = self.where(page, anchor)
        return f"`{where}`" if self.base is None else f"[{page}]({where})"


def links_of(face: DagsterFace) -> Links:
    """Give the links as the settings have them."""
    if face.docs_url is not None:
        return Links(face.docs_url)
    if face.repository_url is not None:
        return Links(f"{face.repository_url}/blob/{face.repository_branch}/docs")
    return Links()


Asset = dg.AssetsDefinition | dg.AssetSpec


def with_references(assets: Sequence[Asset], face: DagsterFace) -> Sequence[Asset]:
    """Let each asset say where its code stands: in the repository, else in the file at hand."""
    referenced = dg.with_source_code_references(assets)
    if face.repository_url is None:
        return referenced  # type: ignore[return-value]  # what goes in comes out
    package = Path(influence_pipeline.__file__)
    return dg.link_code_references_to_git(  # type: ignore[return-value]
        referenced,
        git_url=face.repository_url,
        git_branch=face.repository_branch,
        platform="gitlab" if "gitlab" in face.repository_url else "github",
        file_path_mapping=dg.AnchorBasedFilePathMapping(
            local_file_anchor=package,
            file_anchor_path_in_repository=f"{package.parent.name}/{package.name}",
        ),
    )
