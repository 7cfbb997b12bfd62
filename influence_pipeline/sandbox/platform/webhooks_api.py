"""The contract's endpoints for webhook subscriptions (all of them inferred)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from influence_pipeline.sandbox.platform import models, subscriptions
from influence_pipeline.sandbox.platform.contract_api import answer, call_of, desk_of
from influence_pipeline.sandbox.platform.fields import PathId

router = APIRouter(tags=["Webhooks"])

WebhookId = Annotated[PathId, Path(alias="webhookId")]
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": models.Error},
    403: {"model": models.Error},
    404: {"model": models.Error},
    429: {"model": models.Error},
}


@router.get(
    "/v1/webhooks",
    operation_id="listWebhooks",
    summary="List subscriptions",
    response_model=models.WebhookList,
    responses={403: _ERRORS[403]},
)
async def list_webhooks(request: Request) -> Response:
    return answer(models.WebhookList(webhooks=subscriptions.read_all(desk_of(request).ledger)))


@router.post(
    "/v1/webhooks",
    operation_id="createWebhook",
    summary="Create a subscription",
    response_model=models.WebhookResult,
    responses=_ERRORS,
)
async def create_webhook(request: Request, sent: models.WebhookInput) -> Response:
    """A second subscription of the same topic and url is one more, and is served too."""
    desk = desk_of(request)
    with desk.change(call_of(request)) as change:
        webhook_id = subscriptions.add(change, sent)
    return answer(models.WebhookResult(webhook=subscriptions.read(desk.ledger, webhook_id)))


@router.get(
    "/v1/webhooks/{webhookId}",
    operation_id="getWebhook",
    summary="Read a subscription",
    response_model=models.WebhookResult,
    responses=_ERRORS,
)
async def get_webhook(request: Request, webhook_id: WebhookId) -> Response:
    found = subscriptions.read(desk_of(request).ledger, webhook_id)
    return answer(models.WebhookResult(webhook=found))


@router.put(
    "/v1/webhooks/{webhookId}",
    operation_id="updateWebhook",
    summary="Change a subscription",
    response_model=models.WebhookResult,
    responses=_ERRORS,
)
async def put_webhook(
    request: Request, webhook_id: WebhookId, sent: models.WebhookInput
) -> Response:
    desk = desk_of(request)
    with desk.change(call_of(request)) as change:
        subscriptions.put(change, webhook_id, sent)
    return answer(models.WebhookResult(webhook=subscriptions.read(desk.ledger, webhook_id)))


@router.delete(
    "/v1/webhooks/{webhookId}",
    operation_id="deleteWebhook",
    summary="Remove a subscription; what waits for it is cancelled",
    response_model=models.Nothing,
    responses=_ERRORS,
)
async def delete_webhook(request: Request, webhook_id: WebhookId) -> Response:
    with desk_of(request).change(call_of(request)) as change:
        subscriptions.remove(change, webhook_id)
    return answer(models.Nothing())
