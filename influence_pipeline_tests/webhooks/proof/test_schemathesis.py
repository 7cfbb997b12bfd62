"""T12: schemathesis against the receiver's OpenAPI document: no answer is 500, and none is another
than the document says. It lives in an environment of its own, because it is a pytest plugin too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from influence_pipeline.postgres import Postgres
from influence_pipeline_tests.webhooks.builders import TOKEN
from influence_pipeline_tests.webhooks.receiving import receiver

pytestmark = [pytest.mark.slow, pytest.mark.proves("T12")]

DOCUMENT = Path(__file__).parents[1] / "receiver_openapi.json"
PACKAGE = "schemathesis==4.32.5"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"


@pytest.fixture(scope="module")
def schemathesis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemathesis")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    installed = subprocess.run(
        [folder / "bin" / "pip", "install", "-q", PACKAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"{PACKAGE} cannot be installed: {installed.stderr[-200:]}")
    return folder / "bin" / "schemathesis"


def test_schemathesis_finds_no_answer_that_the_document_does_not_name(
    tmp_path: Path, state: Postgres, state_url: str, schemathesis: Path
) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(DOCUMENT.read_text().replace('"TOKEN"', f'"{TOKEN}"'))
    with receiver(tmp_path, state_url) as one:
        options = f"--mode all --max-examples 500 --checks {CHECKS} --phases coverage,fuzzing"
        done = subprocess.run(
            [schemathesis, "run", document, "--url", one.url, *options.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in one.log
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
