"""Changes the rules of a promotion as a batch says, and names in it what is refused."""

import re
from collections.abc import Sequence

from souk.commerce.v1 import promotion_service_pb2 as pb

from services.commerce.promotions.messages import word
from services.kernel.call import names
from services.kernel.call.errors import InvalidArgument, NotFound, invalid

_OF_RULE = re.compile(r"\w+\[(\d+)\](\.\w+)")


def change_rules(
    promotion: pb.Promotion,
    request: pb.BatchChangePromotionRulesRequest,
    answer: pb.BatchChangePromotionRulesResponse,
) -> list[str]:
    """Changes the rules of one kind, and tells in the answer what became of them.

    Returns where in the request each of the rules that are then there comes from; empty for one
    that was there before.

    Raises:
        InvalidArgument: FIELD_INVALID, of no kind.
        NotFound: RULE_NOT_FOUND.
    """
    if request.kind == request.KIND_UNSPECIFIED:
        raise invalid("FIELD_INVALID", {"kind": "must be rules, target_rules or buy_rules"})
    field = word(request, "kind")
    by_id = {rule.id: _copy(rule) for rule in getattr(promotion, field)}
    places = dict.fromkeys(by_id, "")
    for id_ in (*(rule.id for rule in request.updates), *request.deletes):
        if id_ not in by_id:
            raise NotFound("RULE_NOT_FOUND", f"The promotion has no such rule: {id_[:100]}")
    for place, change in enumerate(request.updates):
        rule = by_id[change.id]
        if change.values:
            rule.ClearField("values")
        rule.MergeFrom(change)
        places[change.id] = f"updates[{place}]"
        answer.updated.append(rule)
    for place, new in enumerate(request.creates):
        added = _copy(new)
        added.id = names.new_id("prorul")
        by_id[added.id], places[added.id] = added, f"creates[{place}]"
        answer.created.append(added)
    answer.deleted.extend(request.deletes)
    remaining = [rule for id_, rule in by_id.items() if id_ not in request.deletes]
    promotion.ClearField(field)  # type: ignore[arg-type]  # one of its three
    getattr(promotion, field).extend(remaining)
    return [places[rule.id] for rule in remaining]


def in_request(
    refusal: InvalidArgument,
    request: pb.BatchChangePromotionRulesRequest,
    places: Sequence[str],
) -> InvalidArgument:
    """Names in the request what is wrong with the promotion that would be."""
    whole = "creates" if request.creates else "updates" if request.updates else "deletes"
    violations = {}
    for path, text in refusal.violations.items():
        of_rule = _OF_RULE.fullmatch(path)
        place = places[int(of_rule[1])] if of_rule else ""
        violations[f"{place}{of_rule[2]}" if of_rule and place else whole] = text
    return invalid(refusal.reason, violations)


def _copy(rule: pb.PromotionRule) -> pb.PromotionRule:
    result = pb.PromotionRule()
    result.CopyFrom(rule)
    return result
