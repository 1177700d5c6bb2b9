"""Reads the project's Rust, as far as is needed to tell which AWS actions a function's code can come to.

No compiler: it knows functions, impl blocks, and who calls whom by name, as the code of this project is written. What it
cannot follow shows in tests/test_policies.py as an action that is granted and not used, or the reverse.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SDK_CALL = re.compile(r"\b\w*client\s*\.\s*([a-z]\w+)\(\)")
NOT_CALLS = {"clone", "config"}
# Of a transaction IAM asks for the actions that it is made of.
TRANSACTIONS = {"transact_write_items", "transact_get_items"}


@dataclass
class Function:
    owner: str | None  # the type of the impl block
    port: str | None  # the trait of the impl block
    name: str
    parameters: dict = field(default_factory=dict)  # name: type, without self
    body: str = ""


def without_comments_and_tests(text):
    text = re.split(r"#\[cfg\(test\)\]\s*mod \w+ \{", text)[0]
    return re.sub(r"(?<!:)//.*", "", text)


def closing(text, start, pair="{}"):
    """The index after the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] == pair[0]:
            depth += 1
        elif text[index] == pair[1]:
            depth -= 1
            if depth == 0:
                return index + 1
    raise AssertionError(f"no bracket closes {text[start:start + 60]!r}")


def split_arguments(text):
    """`a, f(b, c), d` in its three parts."""
    parts, depth, last = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter in "([{<") - (letter in ")]}") - (letter == ">" and text[index - 1] not in "-=")
        if letter == "," and depth == 0:
            parts.append(text[last:index])
            last = index + 1
    return [part.strip() for part in [*parts, text[last:]] if part.strip()]


class Crate:
    """The functions, and the structs with the types of their fields, of one crate."""

    def __init__(self, *folders):
        self.functions, self.structs = [], {}
        for folder in folders:
            for path in sorted((ROOT / folder).rglob("*.rs")):
                if "tests" not in path.parts and path.name != "tests.rs":
                    self._read(without_comments_and_tests(path.read_text()))

    def _read(self, text):
        for found in re.finditer(r"^(?:pub(?:\([a-z]+\))? )?struct (\w+)(?:<[^>]*>)? \{", text, re.MULTILINE):
            inside = text[found.end() : closing(text, found.end() - 1) - 1]
            fields = re.findall(r"(\w+): ([^\n]+?),?\n", inside)
            self.structs[found.group(1)] = {name: kind.strip() for name, kind in fields}
        for name, inside in re.findall(r"^(?:pub )?struct (\w+)\((.*)\);", text, re.MULTILINE):
            self.structs[name] = {str(number): kind for number, kind in enumerate(split_arguments(inside))}
        impl = r"^impl(?:<[^>]*>)? (?:([\w:]+)(?:<[^>]*>)? for )?(\w+)(?:<[^>]*>)?[^{;]*\{"
        covered = []
        for found in re.finditer(impl, text, re.MULTILINE):
            end = closing(text, found.end() - 1)
            covered.append((found.start(), end))
            port = found.group(1) and found.group(1).split("::")[-1]
            self.functions += self._functions(text[found.end() : end], found.group(2), port)
        for start, end in reversed(covered):
            text = text[:start] + text[end:]
        self.functions += self._functions(text, None, None)

    def _functions(self, text, owner, port):
        for found in re.finditer(r"\bfn (\w+)(?:<[^(]*>)?\(", text):
            end = closing(text, found.end() - 1, "()")
            opening = re.search(r"[{;]", text[end:])
            if opening is None or opening.group() == ";":
                continue
            begin = end + opening.start()
            parameters = {}
            for parameter in split_arguments(text[found.end() : end - 1]):
                name, colon, kind = parameter.partition(":")
                if colon and name.strip() != "self":
                    parameters[name.strip().removeprefix("mut ")] = kind.strip()
            yield Function(owner, port, found.group(1), parameters, text[begin : closing(text, begin)])

    def of(self, owner, name=None, port=None):
        return [
            f
            for f in self.functions
            if f.owner == owner and (name is None or f.name == name) and (port is None or f.port == port)
        ]

    def free(self, name):
        return [f for f in self.functions if f.owner is None and f.name == name]


def arguments_of_call(body, call):
    """The arguments of the call whose opening bracket is where the match `call` ends."""
    return split_arguments(body[call.end() : closing(body, call.end() - 1, "()") - 1])


def port_in(kind):
    found = re.search(r"dyn (?:\w+::)*(\w+)", kind)
    return found and found.group(1)


def bare(kind):
    """`&'a IngestOrders` as `IngestOrders`."""
    return re.sub(r"&|'\w+|<.*>|\bmut\b|\s", "", kind)


class UseCases:
    """Which methods of which ports a use case may come to."""

    def __init__(self):
        self.crate = Crate("shared/app/src")

    def ports_of(self, use_case):
        """{(port, method)}, of all its own functions and of whatever they call."""
        found, seen = set(), set()
        waiting = list(self.crate.of(use_case))
        assert waiting, f"there is no use case {use_case} in shared/app"
        while waiting:
            function = waiting.pop()
            if id(function) in seen:
                continue
            seen.add(id(function))
            found |= self._asked_by(function)
            waiting += self._called_by(function)
        return found

    def _asked_by(self, function):
        asked = {(port_in(kind), method) for kind, method in self._calls(function) if port_in(kind)}
        return {(port, method) for port, method in asked if method not in ("as_ref", "clone")}

    def _calls(self, function):
        """The type on which each method is called, as far as a chain of fields tells: `self.on.imports.import(`."""
        chain = r"(?<![\w.])(\w+)((?:\s*\.\s*\w+)+)\("
        for first, rest in re.findall(chain, function.body):
            *fields, method = re.findall(r"\w+", rest)
            kind = function.owner if first == "self" else function.parameters.get(first, "")
            for name in fields:
                kind = self.crate.structs.get(bare(kind), {}).get(name, "")
            yield kind or "", method

    def _holds_ports(self, name):
        """Whether a struct has ports, or a reference to one that has them."""
        kinds = self.crate.structs.get(name, {}).values()
        return any(port_in(kind) or (kind.startswith("&") and self._holds_ports(bare(kind))) for kind in kinds)

    def _called_by(self, function):
        called = []
        for name in re.findall(r"\b(?:self\s*\.\s*|Self::)(\w+)\(", function.body):
            called += self.crate.of(function.owner, name)
        for name in re.findall(r"(?<![.\w])(?:\w+::)*([a-z]\w*)\(", function.body):
            called += self.crate.free(name)
        for name in re.findall(r"\b([A-Z]\w+)(?: \{|::new\()", function.body):
            # Another one that holds ports, made here to be used here.
            if name != function.owner and self._holds_ports(name):
                called += self.crate.of(name)
        for kind, method in self._calls(function):
            called += self.crate.of(bare(kind), method)
        return called


class Adapters:
    """Which AWS actions the methods of an adapter take, and on what."""

    def __init__(self, indexes):
        self.crate = Crate("shared/adapters/src")
        self.indexes = set(indexes)

    def asks(self, adapter, port, method):
        """{(action, expression, index)}: the expression names a field of the adapter, such as `self.table`."""
        functions = self.crate.of(adapter, method, port)
        assert functions, f"{adapter} has no {method} of {port}"
        return set().union(*(self._asks(function, frozenset()) for function in functions))

    def _asks(self, function, above):
        if id(function) in above:
            return set()
        above |= {id(function)}
        body = self._with_aliases(function.body)
        found, literal = set(), set(re.findall(r'"([a-z-]+)"', body)) & self.indexes
        for call in SDK_CALL.finditer(body):
            name = call.group(1)
            if name not in NOT_CALLS | TRANSACTIONS:
                rest = body[call.end() : self._end_of_statement(body, call.end())]
                found.add((camel(name), *self._place(rest)))
                literal -= {place for _, _, place in found}
        for part, action in (("Put", "PutItem"), ("Update", "UpdateItem"), ("Delete", "DeleteItem"), ("ConditionCheck", "ConditionCheckItem")):
            for call in re.finditer(rf"(?<!\w){part}::builder\(\)", body):
                rest = body[call.end() : self._end_of_statement(body, call.end())]
                found.add((action, *self._place(rest)))
        found |= {("Query", "self.table", index) for index in literal}
        return found | self._asks_below(function, body, above)

    def folders(self, adapter, port, method):
        """The folders of a bucket in which a method's objects are, as the keys say that it makes: `format!("imports/{}…`."""
        waiting, seen, found = self.crate.of(adapter, method, port), [], set()
        while waiting:
            function = waiting.pop()
            if function not in seen:
                seen.append(function)
                found |= set(re.findall(r'format!\(\s*"([\w-]+)/\{', function.body))
                waiting += [callee for below, _ in self._below(function, function.body) for callee in below]
        return found

    def _below(self, function, body):
        """The functions that may be meant by each call in the body, and its arguments."""
        for call in re.finditer(r"(?<![\w.])(self\s*\.\s*(?:(\w+)\s*\.\s*)?|Self::|(?:\w+::)*)([a-z]\w*)\(", body):
            on, part, name = call.groups()
            owner = self.crate.structs.get(function.owner, {}).get(part) if part else function.owner
            below = self.crate.of(owner, name) if on.startswith(("self", "Self")) else self.crate.free(name)
            yield below, arguments_of_call(body, call)

    def _asks_below(self, function, body, above):
        found = set()
        for below, arguments in self._below(function, body):
            for callee in below:
                given = dict(zip(callee.parameters, arguments))
                for action, place, index in self._asks(callee, above):
                    found.add((action, plain(given.get(place, place)), index))
        for made in re.findall(r"\b([A-Z]\w+)::new\(", body):
            # A port of its own that the method hands out, such as a file that is being written.
            if made != function.owner and "client" in self.crate.structs.get(made, {}):
                found |= {(one[0], "self", None) for f in self.crate.of(made) for one in self._asks(f, above)}
        return found

    def _place(self, statement):
        table = re.search(r"\.\s*table_name\(", statement) or re.search(r"\.\s*request_items\(", statement)
        index = re.search(r'\.\s*index_name\(\s*"([^"]+)"', statement)
        place = plain(arguments_of_call(statement, table)[0]) if table else "self"
        return place, index and index.group(1)

    def _with_aliases(self, body):
        """With `let table = &self.tables.routes;` written out where it is used."""
        for name, meant in re.findall(r"let (\w+) = &(self(?:\s*\.\s*\w+)+);", body):
            body = re.sub(rf"(?<![\w.]){name}\b(?!\s*[:=(])", meant, body)
        return body

    def _end_of_statement(self, body, start):
        end = body.find(";", start)
        return len(body) if end < 0 else end


def plain(expression):
    """`&self.keys_table()?` as `self.keys_table`."""
    return re.sub(r"\s|&|\?|\(\)|\.clone", "", expression)


def camel(name):
    return "".join(word.capitalize() for word in name.split("_"))
