"""Lists of instances as AWS gives them: in pages, and, where a fault says so, wrong in a plausible way.

moto pages DescribeInstances by reservation (a group of a thousand is one) and DescribeAutoScalingInstances not at all.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ElementTree
from collections import OrderedDict
from collections.abc import Callable, Sequence

from rig.aws.answers import Answer, Refused
from rig.aws.faults import Fault, Kind
from rig.aws.operation import Operation

Element = ElementTree.Element
_REMEMBERED_CURSORS = 256


class Pager:
    """Cuts lists into pages. A token stands for the rest of the list as it was when the first page was read."""

    def __init__(self) -> None:
        self._rest: OrderedDict[str, list[Element]] = OrderedDict()

    def first(self, items: list[Element], size: int) -> tuple[list[Element], str | None]:
        """The first page and the token of the next, None if that was all. The caller holds the gate's lock."""
        if len(items) <= size:
            return items, None
        token = uuid.uuid4().hex
        self._rest[token] = items[size:]
        while len(self._rest) > _REMEMBERED_CURSORS:
            self._rest.popitem(last=False)
        return items[:size], token

    def after(self, token: str, size: int, code: str) -> tuple[list[Element], str | None]:
        """The page that a token stands for, as often as it is asked for; `code` is the error for an unknown token."""
        if token not in self._rest:
            raise Refused(code, "The token is invalid or has expired.", 400)
        return self.first(self._rest[token], size)


class View:
    """The group as one caller is shown it under the faults that falsify lists."""

    def __init__(self, faults: Sequence[Fault], caller: str) -> None:
        self.faults, self._caller = faults, caller

    def has(self, kind: Kind) -> bool:
        return any(one.kind is kind for one in self.faults)

    def wronged(self, items: list[Element], name: Callable[[Element], str]) -> list[Element]:
        """The list as the faults show it."""
        for fault in self.faults:
            seen = self._seen(fault, [name(item) for item in items])
            items = [item for item in items if name(item) in seen]
        return items

    def refuse_unseen(self, operation: Operation) -> None:
        """EC2 does not know an instance that it hides, if it is asked for singly."""
        asked = [value for key, value in operation.parameters.items() if key.startswith("InstanceId.")]
        for fault in self.faults:
            unseen = set(asked) - self._seen(fault, asked) if fault.kind in (Kind.SHOWN, Kind.HIDDEN) else set()
            if unseen:
                ids = ", ".join(sorted(unseen))
                raise Refused("InvalidInstanceID.NotFound", f"The instance ID '{ids}' does not exist", 400)

    def _seen(self, fault: Fault, names: list[str]) -> set[str]:
        """Which of the instances one fault leaves over."""
        if fault.kind is Kind.WITHOUT_CALLER:
            return set(names) - {self._caller}
        if fault.kind is Kind.HALF:
            # The same half in every list: by order of ID, after the caller, who is always shown.
            others = sorted(name for name in names if name != self._caller)
            return {self._caller, *others[: max(len(names) // 2 - 1, 0)]}
        if fault.kind is Kind.SHOWN:
            return set(names) & set(fault.instances)
        if fault.kind is Kind.HIDDEN:
            return set(names) - set(fault.instances)
        return set()


def describe_instances(operation: Operation, view: View, pager: Pager,
                       perform: Callable[[bytes], Answer]) -> Answer:
    """DescribeInstances: pages of instances, not of reservations; terminated ones without addresses, as in EC2."""
    size = _page_size(operation)
    view.refuse_unseen(operation)
    token = operation.parameters.get("NextToken")
    if token:
        page, following = pager.after(token, size, "InvalidNextToken")
        root = _empty_instances()
    else:
        root, reservations = _all_reservations(operation, perform)
        if root is None:
            return reservations  # type: ignore[return-value] # an error answer of moto's
        instances = [_as_reservation(reservation, item) for reservation in reservations
                     for item in _children(reservation, "instancesSet")]
        instances = view.wronged(instances, lambda one: _text(_child(one, "instancesSet")[0], "instanceId"))
        page, following = pager.first(instances, size)
    _child(root, "reservationSet")[:] = page
    _set_text(root, "nextToken", following)
    return _answer(root)


def describe_auto_scaling_instances(operation: Operation, view: View, pager: Pager,
                                    perform: Callable[[bytes], Answer]) -> Answer:
    """DescribeAutoScalingInstances: at most MaxRecords (1 to 50, default 50) a page."""
    size = min(max(operation.integer("MaxRecords") or 50, 1), 50)
    answer = perform(operation.body(NextToken=None, MaxRecords=None))
    if answer.status != 200:
        return answer
    root = ElementTree.fromstring(answer.body)
    result = _child(root, "DescribeAutoScalingInstancesResult")
    members = _child(result, "AutoScalingInstances")
    token = operation.parameters.get("NextToken")
    if token:
        page, following = pager.after(token, size, "InvalidNextToken")
    else:
        page, following = pager.first(
            view.wronged(list(members), lambda one: _text(one, "InstanceId")), size)
    members[:] = page
    _set_text(result, "NextToken", following)
    return _answer(root)


def describe_auto_scaling_groups(operation: Operation, view: View, perform: Callable[[bytes], Answer]) -> Answer:
    """DescribeAutoScalingGroups: moto's answer, less the instances that a fault hides."""
    answer = perform(operation.body())
    if answer.status != 200 or not view.faults:
        return answer
    root = ElementTree.fromstring(answer.body)
    groups = _child(_child(root, "DescribeAutoScalingGroupsResult"), "AutoScalingGroups")
    if view.has(Kind.NO_GROUP):
        groups[:] = []
    for group in groups:
        instances = _child(group, "Instances")
        instances[:] = view.wronged(list(instances), lambda one: _text(one, "InstanceId"))
    return _answer(root)


def _page_size(operation: Operation) -> int:
    """MaxResults within the limits that EC2 sets; a thousand if it is not given.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    asked = operation.parameters.get("MaxResults")
    if asked is None:
        return 1000
    if "InstanceId.1" in operation.parameters:
        raise Refused("InvalidParameterCombination",
                      "The parameter instancesSet cannot be used with the parameter maxResults", 400)
    if not asked.isdigit() or not 5 <= int(asked) <= 1000:
        raise Refused("InvalidParameterValue", f"Value ( {asked} ) for parameter maxResults is invalid. "
                      "Expecting a value between 5 and 1000.", 400)
    return int(asked)


def _all_reservations(operation: Operation, perform: Callable[[bytes], Answer]) -> tuple:
    """Reads all of moto's pages: the first answer's root and every reservation, or (None, moto's error answer)."""
    first, found, token = None, [], None
    while True:
        answer = perform(operation.body(MaxResults=None, NextToken=token))
        if answer.status != 200:
            return None, answer
        root = ElementTree.fromstring(answer.body)
        first = root if first is None else first
        found += list(_child(root, "reservationSet"))
        token = _text(root, "nextToken") or None
        if token is None:
            return first, found


def _empty_instances() -> Element:
    namespace = "http://ec2.amazonaws.com/doc/2016-11-15"
    return ElementTree.fromstring(f'<DescribeInstancesResponse xmlns="{namespace}"><requestId>{uuid.uuid4()}</requestId>'
                                  "<reservationSet/></DescribeInstancesResponse>")


def _as_reservation(reservation: Element, instance: Element) -> Element:
    """One instance in a copy of its reservation."""
    if _text(_child(instance, "instanceState"), "name") == "terminated":
        for gone in ("privateIpAddress", "networkInterfaceSet", "subnetId", "vpcId"):
            for element in _all(instance, gone):
                instance.remove(element)
    copy = ElementTree.Element(reservation.tag)
    for child in reservation:
        if not child.tag.endswith("}instancesSet"):
            copy.append(child)
    ElementTree.SubElement(copy, _qualified(reservation, "instancesSet")).append(instance)
    return copy


def _qualified(element: Element, name: str) -> str:
    return f"{element.tag.partition('}')[0]}}}{name}"


def _all(element: Element, name: str) -> list[Element]:
    return element.findall(_qualified(element, name))


def _child(element: Element, name: str) -> Element:
    child = element.find(_qualified(element, name))
    if child is None:
        raise LookupError(f"moto's {element.tag} has no {name}")
    return child


def _children(element: Element, name: str) -> list[Element]:
    return list(_child(element, name))


def _text(element: Element, name: str) -> str:
    return element.findtext(_qualified(element, name)) or ""


def _set_text(element: Element, name: str, text: str | None) -> None:
    for old in _all(element, name):
        element.remove(old)
    if text is not None:
        ElementTree.SubElement(element, _qualified(element, name)).text = text


def _answer(root: Element) -> Answer:
    namespace = root.tag.partition("}")[0][1:]
    body = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True, default_namespace=namespace)
    return Answer(200, body)
