"""Modules made byte by byte, for what an assembler would refuse or takes too long to make."""


def number(n):
    """LEB128, unsigned."""
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def text(name):
    data = name.encode() if isinstance(name, str) else name
    return number(len(data)) + data


def vector(items):
    return number(len(items)) + b"".join(items)


def section(id, items):
    """One that is a vector."""
    content = vector(items)
    return bytes([id]) + number(len(content)) + content


def body(code, locals=()):
    content = vector(list(locals)) + code + b"\x0b"
    return number(len(content)) + content


def names(*functions):
    """The name section: the names of the first functions."""
    map = vector([number(i) + text(name) for i, name in enumerate(functions)])
    content = text("name") + b"\1" + number(len(map)) + map
    return b"\0" + number(len(content)) + content


def function_type(params=b"", results=b""):
    return b"\x60" + text(params) + text(results)


def module(*sections):
    return b"\0asm\1\0\0\0" + b"".join(sections)


def functions(types, codes, *between):
    """A module of functions of type 0, and other sections (which come before the code)."""
    return module(section(1, types), section(3, [b"\0"] * len(codes)), *between,
                  section(10, [body(code) for code in codes]))
