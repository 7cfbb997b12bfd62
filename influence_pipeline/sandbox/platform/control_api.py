"""The sandbox's own endpoints: switches, rules, faults, what a shopper would do, the ledger.

No vendor has these. They need the same key as the contract's, and meet no fault and no limit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from influence_pipeline.sandbox.platform import models, points, redemptions, referrals, views
from influence_pipeline.sandbox.platform.contract_api import CustomerId, answer, desk_of
from influence_pipeline.sandbox.platform.customers import read
from influence_pipeline.sandbox.platform.desk import merged
from influence_pipeline.sandbox.platform.faults import FaultRule
from influence_pipeline.sandbox.platform.fields import Email, Id, describe_errors
from influence_pipeline.sandbox.platform.refusal import Refused, not_found
from influence_pipeline.sandbox.platform.rules import MAX_POINTS, Rules
from influence_pipeline.sandbox.platform.switches import Switches

router = APIRouter(
    tags=["Sandbox controls"],
    responses={
        400: {"model": models.Error, "description": "A field is wrong; the message names it"},
        403: {"model": models.Error, "description": "The key is missing or wrong"},
    },
)


class _Control(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Redeem(_Control):
    rule_id: Id
    points: int | None = Field(None, gt=0, le=MAX_POINTS, description="For rules sold by steps.")


class Redeemed(models.Answer):
    reward: models.Reward
    customer: models.Customer


class MovePoints(_Control):
    points: int = Field(
        ge=-MAX_POINTS, le=MAX_POINTS, description="Signed: below 0 they are taken away."
    )
    action: str = Field("Changed by hand", min_length=1, max_length=200)


class ChangeTier(_Control):
    tier_id: Id


class StartReferral(_Control):
    customer_id: Id
    friend_email: Email


class Faults(_Control):
    faults: list[FaultRule]
    seed: int = 1


class FaultInForce(models.Answer):
    rule: FaultRule
    seen: int = Field(description="Calls that matched the rule.")
    fired: int = Field(description="Calls that went wrong by it.")


class FaultsInForce(models.Answer):
    faults: list[FaultInForce]
    seed: int


@router.get("/healthz", summary="Whether the sandbox answers; needs no key")
async def healthz(request: Request) -> dict[str, str]:
    desk_of(request).ledger.row("SELECT 1")
    return {"status": "ok"}


@router.get("/sandbox/switches", summary="The switches in force")
async def get_switches(request: Request) -> Switches:
    return desk_of(request).switches


@router.put("/sandbox/switches", summary="Change switches; those not named stay as they are")
async def put_switches(request: Request, changes: Annotated[dict[str, Any], Body()]) -> Switches:
    desk = desk_of(request)
    desk.set_switches(
        _valid(Switches, merged(desk.switches.model_dump(exclude_unset=True), changes))
    )
    return desk.switches


@router.get("/sandbox/rules", summary="The loyalty program: earning, rewards, tiers, referrals")
async def get_rules(request: Request) -> Rules:
    return desk_of(request).rules


@router.put("/sandbox/rules", summary="Change rules; a list named is replaced, the rest stays")
async def put_rules(request: Request, changes: Annotated[dict[str, Any], Body()]) -> Rules:
    desk = desk_of(request)
    stands = desk.rules.model_dump(by_alias=True, exclude_unset=True)
    desk.set_rules(_valid(Rules, merged(stands, changes)))
    return desk.rules


Model = TypeVar("Model", bound=BaseModel)


def _valid(model: type[Model], document: dict[str, Any]) -> Model:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise Refused(400, describe_errors(error.errors())) from None


@router.get("/sandbox/faults", summary="The faults in force, and how often each has fired")
async def get_faults(request: Request) -> FaultsInForce:
    plan = desk_of(request).faults
    return FaultsInForce(
        faults=[
            FaultInForce(rule=rule, seen=seen, fired=fired)
            for rule, seen, fired in zip(plan.rules, plan.seen, plan.fired, strict=True)
        ],
        seed=plan.seed,
    )


@router.put("/sandbox/faults", summary="Replace the whole list of faults; counts start anew")
async def put_faults(request: Request, sent: Faults) -> FaultsInForce:
    desk_of(request).set_faults(sent.faults, sent.seed)
    return await get_faults(request)


@router.post(
    "/sandbox/customers/{customerId}/redeem",
    summary="What a shopper does in the widget: spend points on a reward",
    response_model=Redeemed,
    responses={404: {"model": models.Error}, 409: {"model": models.Error}},
)
async def redeem(request: Request, customer_id: CustomerId, sent: Redeem) -> Response:
    """Spends the points, makes the coupon code, sends `points/redeemed`. 409: not enough points."""
    desk = desk_of(request)
    with desk.change(None) as change:
        reward = redemptions.redeem(change, customer_id, sent.rule_id, sent.points)
    customer = read(desk.ledger, customer_id)
    if customer is None:
        raise not_found("Customer")
    return answer(Redeemed(reward=reward, customer=customer))


@router.post(
    "/sandbox/customers/{customerId}/points",
    summary="What a merchant does in the dashboard: give points, or take them away",
    response_model=models.CustomerResult,
    responses={404: {"model": models.Error}},
)
async def move_points(request: Request, customer_id: CustomerId, sent: MovePoints) -> Response:
    """Sends `points/earned` for points given; for points taken away only `customers/updated`."""
    with desk_of(request).change(None) as change:
        points.move(change, customer_id, sent.points, "manual", action=sent.action)
    return _customer(request, customer_id)


@router.post(
    "/sandbox/customers/{customerId}/tier",
    summary="What a merchant does in the dashboard: put a customer into a tier",
    response_model=models.CustomerResult,
    responses={404: {"model": models.Error}},
)
async def change_tier(request: Request, customer_id: CustomerId, sent: ChangeTier) -> Response:
    """Sends `customers/updated` and `customers/tier_changed`, and the entry reward of the tier."""
    with desk_of(request).change(None) as change:
        points.set_tier(change, customer_id, sent.tier_id)
    return _customer(request, customer_id)


def _customer(request: Request, customer_id: str) -> Response:
    customer = read(desk_of(request).ledger, customer_id)
    if customer is None:
        raise not_found("Customer")
    return answer(models.CustomerResult(customer=customer))


@router.post(
    "/sandbox/referrals",
    summary="What a friend does: leave an e-mail address behind a referral link",
    responses={404: {"model": models.Error}, 409: {"model": models.Error}},
)
async def start_referral(request: Request, sent: StartReferral) -> dict[str, Any]:
    """Sends `referrals/started`. The friend's order completes it: by e-mail or by coupon code."""
    with desk_of(request).change(None) as change:
        row = referrals.start(change, sent.customer_id, sent.friend_email)
        return {"referral": referrals.as_answer(row)}


@router.get("/sandbox/webhook-deliveries", summary="Webhooks sent and to be sent, newest first")
async def get_deliveries(
    request: Request,
    state: Annotated[
        Literal["pending", "delivered", "failed", "dropped", "cancelled"] | None, Query()
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 1000,
) -> dict[str, Any]:
    return {"deliveries": views.deliveries(desk_of(request).ledger, state, limit)}


@router.post(
    "/sandbox/webhook-deliveries/{deliveryId}/send-again",
    summary="Send one webhook once more, whatever became of it",
    responses={404: {"model": models.Error}},
)
async def send_again(
    request: Request, delivery_id: Annotated[int, Path(alias="deliveryId", ge=1, lt=2**63)]
) -> dict[str, Any]:
    with desk_of(request).change(None) as change:
        found = change.db.execute(
            "UPDATE deliveries SET state = 'pending', attempts = 0, due_at = 0 WHERE id = ?",
            (delivery_id,),
        )
        if found.rowcount == 0:
            raise not_found("Delivery")
        change.wakes_sender = True
    return {"id": delivery_id, "state": "pending"}


@router.get("/sandbox/calls", summary="The log of the contract's calls, newest first")
async def get_calls(
    request: Request,
    entity: Annotated[str | None, Query()] = None,
    key: Annotated[str | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 100,
) -> dict[str, Any]:
    return {"calls": views.calls(desk_of(request).ledger, entity, key, limit)}


@router.get("/sandbox/ledger", summary="Everything but calls and deliveries, as one document")
async def get_ledger(request: Request) -> dict[str, Any]:
    return views.whole(desk_of(request).ledger)


@router.get("/sandbox/summary", summary="Counts of everything")
async def get_summary(request: Request) -> dict[str, Any]:
    return views.summary(desk_of(request).ledger)


@router.post("/sandbox/reset", summary="Start anew: empty ledger, start settings, no subscriptions")
async def reset(request: Request) -> dict[str, str]:
    desk_of(request).reset()
    return {"status": "reset"}
