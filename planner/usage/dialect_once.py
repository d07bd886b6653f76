"""PostgreSQL computes an expression as often as it is written, however often that is; here it is written once.

What a SELECT over a table repeats is computed by a subquery below it, what that repeats by one below that. OFFSET 0
costs nothing and keeps PostgreSQL from putting the expression back in every place.
"""

from __future__ import annotations

from collections import Counter

from sqlglot import exp

DEAR = (exp.JSONBExtractScalar, exp.Substring, exp.Translate, exp.RegexpLike, exp.Extract, exp.Round)
"""What is worth a subquery, and everything computed from it."""
NEVER = (exp.Column, exp.Literal, exp.If, exp.Null, exp.Boolean, exp.Tuple, exp.DataType)
Node = exp.Expr


def each_computed_once(tree: Node) -> None:
    """Rewrite in place."""
    for subquery in tree.find_all(exp.Subquery):
        _keep_apart(subquery.this)
    for table in list(tree.find_all(exp.Table)):
        select = table.find_ancestor(exp.Select)
        if isinstance(select, exp.Select) and not select.args.get("joins"):
            _computed_below(select)


def _keep_apart(query: Node) -> None:
    if isinstance(query, exp.Select) and not query.args.get("group"):
        query.set("offset", exp.Offset(expression=exp.Literal.number(0)))


def _computed_below(select: exp.Select) -> None:
    names: dict[Node, str] = {}
    while shared := _innermost(_repeated(select)):
        added = {node: f"once_{len(names) + n}" for n, node in enumerate(shared, 1)}
        names |= added
        _put_below(select, added)


def _put_below(select: exp.Select, added: dict[Node, str]) -> None:
    for node in _worth_it(select):
        if node in added:
            node.replace(exp.column(added[node], quoted=True))
    source = select.args["from_"]
    used = {c.name: c for place in (select, *added) for c in place.find_all(exp.Column) if c.name not in added.values()}
    columns = [exp.Column(this=column.this.copy()) for _, column in sorted(used.items())]
    computed = [exp.alias_(node.copy(), name, quoted=True) for node, name in added.items()]
    below = exp.Select(expressions=[*columns, *computed], from_=source.copy())
    _keep_apart(below)
    alias = exp.TableAlias(this=exp.to_identifier(f"below_{next(iter(added.values()))}"))
    source.replace(exp.From(this=exp.Subquery(this=below, alias=alias)))


def _repeated(select: exp.Select) -> list[Node]:
    """What is written more than once, and not only as a part of the same larger thing."""
    found = _worth_it(select)
    times = Counter(found)
    whole: dict[Node, bool] = {}
    for node in found:
        parent = node.parent
        larger = isinstance(parent, Node) and times.get(parent, 0) == times[node]
        whole[node] = whole.get(node, False) or (times[node] > 1 and not larger)
    return [node for node, kept in whole.items() if kept]


def _innermost(nodes: list[Node]) -> list[Node]:
    """Those that hold no other of them."""
    known = set(nodes)
    return [node for node in nodes if not any(inner in known for inner in node.walk() if inner is not node)]


def _worth_it(select: exp.Select) -> list[Node]:
    """Expressions of the SELECT itself that are dear, or computed from something dear; the outermost first."""
    own = [*select.expressions, *(part for part in (select.args.get("where"),) if part)]
    dear: dict[int, Node] = {}
    for part in own:
        for node in part.find_all(*DEAR):
            above: Node | None = node
            while above is not None and above is not select:
                if isinstance(above, exp.Condition) and not isinstance(above, NEVER):
                    dear[id(above)] = above
                above = above.parent
    return [node for part in own for node in part.walk() if id(node) in dear]
