"""Mutants of Python code, by mutmut's operators and its trampolines.

mutmut writes all mutants of a module into one file, beside the original functions, and a trampoline
that calls the one that MUTANT_UNDER_TEST names. Its own runner is not used: it chooses tests by function and
starts every fixture of the session anew for each mutant, and it knows no SQL.

Not changed, because no user could tell or mutmut cannot: module constants, decorated functions
(properties, context managers), type annotations, what is written into the log, the wording of an
exception and other sentences, the type that `cast` is told. A string is changed in one way, not in
three.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import libcst as cst
import libcst.matchers as m
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.file_mutation import (
    Mutation,
    MutationVisitor,
    combine_mutations_to_source,
)
from mutmut.mutation.mutators import mutation_operators, operator_string
from mutmut.mutation.pragma_handling import IgnoredCode

from influence_pipeline_tests.strength.mutant import Mutant, difference, keyed

_COMPOUND = (
    cst.If,
    cst.While,
    cst.For,
    cst.With,
    cst.Try,
    cst.Match,
    cst.ExceptHandler,
    cst.MatchCase,
)
_LOGGER = m.Name("_log") | m.Name("log") | m.Name("logger") | m.Name("_logger")


def _one_string(node: cst.BaseString) -> Iterable[cst.BaseString]:
    """mutmut's first change only: in other letters a column or a header is often still the same.
    Sentences are for people: three words and more."""
    if not (isinstance(node, cst.SimpleString) and node.value.count(" ") > 1):
        yield from list(operator_string(node))[:1]


_OPERATORS = [
    (kind, _one_string if operator is operator_string else operator)
    for kind, operator in mutation_operators
]


def mutate(file: str, source: str) -> tuple[str, list[Mutant]]:
    """Give the code with all mutants of a module in it, and what they are.

    `file`: its path from the root, `influence_pipeline/sync/orders.py`.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = MutationVisitor(_OPERATORS, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    places = wrapper.resolve(PositionProvider)
    parents = wrapper.resolve(ParentNodeProvider)
    kept = [
        mutation
        for mutation in visitor.mutations
        if isinstance(mutation.contained_by_top_level_function, cst.FunctionDef)
        and not any(
            _unseen(node, inner, mutation.original_node)
            for inner, node in _upwards(mutation.original_node, parents)
        )
    ]
    mutated = combine_mutations_to_source(wrapper.module, kept)
    written = mutated.code.splitlines()
    spans = mutated.line_span_by_function_name
    module = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    mutants = []
    # mutmut numbers the mutations function by function, in the order of the file.
    for name, mutation in zip(mutated.mutant_names, _in_order(wrapper.module, kept), strict=True):
        mangled = name.rpartition("__mutmut_")[0]
        before, after = (
            "\n".join(written[spans[function].start - 1 : spans[function].end])
            .replace(f"def {function}(", f"def {mangled}(")
            .strip("\n")
            for function in (f"{mangled}__mutmut_orig", name)
        )
        title = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        lines = tuple(_lines(mutation.original_node, parents, places))
        diff = difference(before, after)
        mutants.append(Mutant("", f"{module}.{name}", file, title, diff, {file: lines}))
    return mutated.code, keyed(mutants)


def _in_order(module: cst.Module, mutations: list[Mutation]) -> Iterator[Mutation]:
    grouped = defaultdict(list)
    for mutation in mutations:
        grouped[mutation.contained_by_top_level_function].append(mutation)
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef):
            yield from grouped.get(statement, ())
        elif isinstance(statement, cst.ClassDef):
            for method in statement.body.body:
                if isinstance(method, cst.FunctionDef):
                    yield from grouped.get(method, ())


def _upwards(
    node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]
) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    """A node and its parents, each with the one below it, up to the function."""
    inner = node
    while not isinstance(node, cst.FunctionDef):
        yield inner, node
        inner, node = node, parents[node]


def _unseen(node: cst.CSTNode, inner: cst.CSTNode, changed: cst.CSTNode) -> bool:
    """Is what is `changed` inside `node` words of a log or an exception, or for mypy only?

    `inner` is the child of `node` that it is in.
    """
    if isinstance(node, cst.Raise):
        return isinstance(changed, cst.BaseString) or (
            isinstance(node.exc, cst.Call)
            and all(isinstance(arg.value, cst.BaseString) for arg in node.exc.args)
        )
    if isinstance(node, cst.ConcatenatedString):  # a sentence too long for one line
        return True
    if m.matches(node, m.Call(func=m.Attribute(value=_LOGGER))):
        return True
    if isinstance(node, cst.Call) and m.matches(node.func, m.Name("cast")):
        return inner is node.args[0]
    return False


def _lines(
    node: cst.CSTNode,
    parents: Mapping[cst.CSTNode, cst.CSTNode],
    places: Mapping[cst.CSTNode, CodeRange],
) -> range:
    """The lines of the statement around a node; of a compound one its head; of a parameter the body."""
    while not isinstance(node, (cst.SimpleStatementLine, cst.FunctionDef, *_COMPOUND)):
        node = parents[node]
    place = places[node]
    begin, end = place.start.line, place.end.line
    if isinstance(node, cst.FunctionDef):
        return range(places[node.body].start.line, end + 1)
    if isinstance(node, _COMPOUND) and hasattr(node, "body"):
        return range(begin, max(begin + 1, places[node.body].start.line))
    return range(begin, end + 1)
